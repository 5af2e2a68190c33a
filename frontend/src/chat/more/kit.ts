/** What the on-demand part is handed by the chat, so that no code is downloaded twice. */

import type { Desk } from "../actions";
import type { call, post } from "../api";
import type { keep } from "../keep";
import type { Item } from "../timeline";
import type { Picture } from "../types";
import type { Ui } from "../view/context";
import type { button, h, icon, s } from "../view/h";
import type { MoreWords } from "./words/types";

export interface Kit {
  h: typeof h;
  s: typeof s;
  button: typeof button;
  icon: typeof icon;
  call: typeof call;
  post: typeof post;
  keep: typeof keep;
}

/** The on-demand part, once loaded. */
export interface More {
  words: MoreWords;
  picture(data: Picture, locale: string): HTMLElement;
  survey(item: Item, ui: Ui): HTMLElement;
  menu(desk: Desk): void;
  /** Ask how a person may answer. */
  handover(desk: Desk): void;
  /** Save a file of the conversation (`transcript`, or `attachments/…`) under a name. */
  save(desk: Desk, path: string, name: string): void;
  beep(): void;
}

export type MakeMore = (kit: Kit, words: MoreWords) => More;
