/** What the on-demand part is handed by the chat, so that no code is downloaded twice. */

import type { Desk, save, why } from "../actions";
import type { erase, mail } from "../api";
import type { keep } from "../keep";
import type { Item } from "../timeline";
import type { Picture, Slot } from "../types";
import type { Ui } from "../view/context";
import type { button, h, icon, s } from "../view/h";
import type { MoreWords } from "./words/types";

export interface Kit {
  h: typeof h;
  s: typeof s;
  button: typeof button;
  icon: typeof icon;
  save: typeof save;
  why: typeof why;
  mail: typeof mail;
  erase: typeof erase;
  keep: typeof keep;
}

/** The on-demand part, once loaded. */
export interface More {
  words: MoreWords;
  picture(data: Picture, locale: string): HTMLElement;
  survey(item: Item, ui: Ui): HTMLElement;
  menu(desk: Desk): void;
  /**
   * Ask how a person may answer. `ask` resolves with a sentence where that did not go through; `slots`
   * with the moments a call may be asked for.
   */
  handover(
    ask: (channel: string, contact: string, slot: string) => Promise<string | undefined>,
    slots: () => Promise<Slot[]>,
  ): void;
  beep(): void;
}

export type MakeMore = (kit: Kit, words: MoreWords) => More;
