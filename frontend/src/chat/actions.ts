/** What the customer can do beside talking: ask for a person, save a file, open the menu. */

import * as api from "./api";
import type { Uplink } from "./uplink";
import type { More } from "./more/kit";
import type { Words } from "./words/types";
import { h } from "./view/h";

/** What the actions need of the application. */
export interface Desk {
  words: Words;
  locale: string;
  readonly uplink: Uplink;
  /** The part loaded on demand, once it is there. */
  more: More | undefined;
  need(): Promise<More | undefined>;
  /** Ask for a person by a message. */
  human(): void;
  /** Tell of a problem in place; `passing`: for a few seconds. */
  trouble(text: string, passing?: boolean): void;
  /** A ticket was opened. */
  handed(reference: string): void;
  /** Leave the conversation and begin another; `wipe` also takes the draft. */
  anew(wipe: boolean): Promise<void>;
}

/** What to tell of a request that failed. */
export const why = (error: unknown, words: Words): string =>
  (error instanceof api.Problem && !error.temporary && error.detail) || words.failed;

/** Ask for a person: by the form, or by a message where the form is not there and cannot be loaded now. */
export async function person(desk: Desk): Promise<void> {
  const more = desk.more ?? (desk.uplink.down ? undefined : await desk.need());
  const ask = async (channel: string, contact: string, slot: string): Promise<string | undefined> => {
    try {
      desk.handed(await api.handover(await desk.uplink.thread.ensure(), channel, contact, slot));
      return undefined;
    } catch (error) {
      return why(error, desk.words);
    }
  };
  if (more) more.handover(ask, () => api.slots(desk.locale).catch(() => []));
  else desk.human();
}

/** Save a file of the conversation under a name. */
export async function save(desk: Desk, path: string, name: string): Promise<void> {
  const { current } = desk.uplink.thread;
  if (!current) return;
  try {
    const url = URL.createObjectURL(await api.file(current, path));
    const link = h("a", { href: url });
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch {
    desk.trouble(desk.words.offline);
  }
}

export async function menu(desk: Desk): Promise<void> {
  const more = await desk.need();
  if (more) more.menu(desk);
  else desk.trouble(desk.words.failed, true);
}
