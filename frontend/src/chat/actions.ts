/** What the customer can do beside talking: ask for a person, save a file, open the menu. All of it loads on demand. */

import type { Uplink } from "./uplink";
import type { More } from "./more/kit";
import type { Words } from "./words/types";

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

/** Do what loads on demand; where it is not there and cannot be loaded now, say so, or do something else. */
export async function ask(
  desk: Desk,
  what: (more: More) => void,
  otherwise = (): void => desk.trouble(desk.words.failed, true),
): Promise<void> {
  const more = desk.more ?? (desk.uplink.down ? undefined : await desk.need());
  if (more) what(more);
  else otherwise();
}

/** Ask for a person: by the form, else by a message. */
export const person = (desk: Desk): Promise<void> => ask(desk, (more) => more.handover(desk), () => desk.human());
