/** What the customer can do beside talking: ask for a person, and everything in the menu. */

import * as api from "./api";
import { keep } from "./keep";
import type { Uplink } from "./uplink";
import type { More } from "./more/kit";
import type { Words } from "./words/types";
import { h } from "./view/h";

/** What the actions need of the application. */
export interface Desk {
  words: Words;
  locale: string;
  readonly uplink: Uplink;
  need(): Promise<More | undefined>;
  /** Tell of a problem in place; `passing`: for a few seconds. */
  trouble(text: string, passing?: boolean): void;
  /** A ticket was opened. */
  handed(reference: string): void;
  /** Leave the conversation and begin another; `wipe` also takes the draft. */
  anew(wipe: boolean): Promise<void>;
}

/** What to tell of a request that failed. */
const why = (error: unknown, words: Words): string =>
  (error instanceof api.Problem && !error.temporary && error.detail) || words.failed;

/** Ask for a person: by the form, or at once where the form could not be loaded. */
export async function person(desk: Desk): Promise<void> {
  const more = await desk.need();
  const ask = async (channel: string, contact: string, slot: string): Promise<string | undefined> => {
    try {
      desk.handed(await api.handover(await desk.uplink.thread.ensure(), channel, contact, slot));
      return undefined;
    } catch (error) {
      return why(error, desk.words);
    }
  };
  if (more) more.handover(ask, () => api.slots(desk.locale).catch(() => []));
  else {
    const problem = await ask("chat", "", "");
    if (problem) desk.trouble(problem);
  }
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
  if (!more) return;
  const { words } = more;
  more.menu(desk.words.menu, [
    { label: words.download, run: () => void save(desk, "transcript", `${desk.words.conversation}.html`) },
    { label: words.mail, run: () => mail(desk, more) },
    ...("PushManager" in window ? [{ label: words.notify, run: () => notify(desk) }] : []),
    { label: keep.get("sound") ? words.soundOff : words.soundOn, run: () => sound(more) },
    { label: words.restart, run: () => void restart(desk, more) },
    { label: words.erase, run: () => void erase(desk, more), grave: true },
  ]);
}

function mail(desk: Desk, more: More): void {
  more.mail(async (email) => {
    try {
      await api.mail(await desk.uplink.thread.ensure(), email);
      return undefined;
    } catch (error) {
      return why(error, desk.words);
    }
  });
}

/** Off until asked for. */
function sound(more: More): void {
  const on = !keep.get("sound");
  keep.set("sound", on ? "1" : null);
  if (on) more.beep();
}

/** A window of this origin's own asks the browser: a frame may not. What it needs stands behind the #. */
function notify({ uplink, locale }: Desk): void {
  const { current } = uplink.thread;
  if (current) open(`/widget/notify?lang=${locale}#${current.id} ${current.token}`, "", "width=420,height=480");
}

async function restart(desk: Desk, more: More): Promise<void> {
  if (await more.restart()) await desk.anew(false);
}

async function erase(desk: Desk, more: More): Promise<void> {
  const { current } = desk.uplink.thread;
  if (!(await more.erase())) return;
  try {
    if (current) await api.erase(current);
  } catch (error) {
    if (!(error instanceof api.Problem && error.status === 404)) return desk.trouble(desk.words.failed);
  }
  await desk.anew(true);
  desk.trouble(more.words.erased, true);
}
