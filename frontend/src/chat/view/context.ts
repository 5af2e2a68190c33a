/** What views may ask of the application; they hold no state of the conversation themselves. */

import type { More } from "../more/kit";
import type { Attachment, Choice } from "../types";
import type { Words } from "../words/types";

export interface Ui {
  words: Words;
  locale: string;
  /** Name shown for the assistant. */
  title: string;
  choose(choice: Choice): void;
  helped(seq: number, yes: boolean): void;
  /** The answer given under message `seq`, if any. */
  answer(seq: number): string | undefined;
  survey(seq: number, effort: boolean, score: number, comment: string): void;
  /** Save a file of the conversation. */
  fetch(file: Attachment): void;
  /** The part loaded on demand; undefined until `need` has it, which draws again then. */
  more: More | undefined;
  need(): Promise<More | undefined>;
  edit(key: string, text: string): void;
  /** Cards the customer has unfolded; kept over a redraw. */
  unfolded: Set<string>;
}
