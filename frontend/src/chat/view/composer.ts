/** Where the customer writes. The field takes the keyboard and autocomplete of what is asked for. */

import type { InputKind } from "../types";
import type { Words } from "../words/types";
import { h, icon, ICONS } from "./h";

const MAX = 4000;

/** Attributes by what is expected (WHATWG HTML: inputmode, autocomplete). */
const FIELD: Record<InputKind, Record<string, string>> = {
  text: { enterkeyhint: "send" },
  number: { inputmode: "decimal", autocomplete: "off" },
  date: { autocomplete: "off" },
  email: { type: "email", inputmode: "email", autocomplete: "email" },
  tel: { type: "tel", inputmode: "tel", autocomplete: "tel" },
  postcode: { inputmode: "numeric", autocomplete: "postal-code" },
  code: { inputmode: "numeric", autocomplete: "one-time-code" },
  iban: { autocomplete: "off", autocapitalize: "characters", spellcheck: "false" },
};

type Field = HTMLTextAreaElement | HTMLInputElement;

export class Composer {
  readonly element: HTMLFormElement;
  private field: Field;
  private kind: InputKind = "text";
  private readonly button: HTMLButtonElement;
  private label = "";

  constructor(
    private readonly on: { send(text: string): void; draft(text: string): void },
    draft: string,
  ) {
    this.field = this.make("text");
    this.field.value = draft;
    this.button = h("button", { type: "submit", class: "send" }, icon(ICONS.send));
    this.element = h("form", { class: "composer", novalidate: true, autocomplete: "off" }, this.field, this.button);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.grow();
  }

  private make(kind: InputKind): Field {
    const props = { name: "message", maxlength: MAX, dir: "auto", ...FIELD[kind] };
    // One line of digits or an address is filled in by browsers only in an <input>.
    const plain = kind === "text" || kind === "date" || kind === "number";
    const field: Field = plain ? h("textarea", { rows: 1, ...props }) : h("input", { type: "text", ...props });
    field.addEventListener("input", () => {
      this.grow();
      this.on.draft(field.value);
    });
    field.addEventListener("keydown", (event: Event) => {
      const key = event as KeyboardEvent;
      // Enter that ends the composition of a character is not the end of the message.
      if (key.key !== "Enter" || key.shiftKey || key.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    return field;
  }

  private submit(): void {
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = "";
    this.grow();
    this.on.draft("");
    this.on.send(text);
    this.focus();
  }

  /** As tall as its text; nothing to measure while it is not on the page. */
  grow(): void {
    if (!(this.field instanceof HTMLTextAreaElement) || !this.field.offsetParent) return;
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 132)}px`;
  }

  words(words: Words): void {
    this.label = words.write;
    this.name();
    this.button.setAttribute("aria-label", words.send);
  }

  private name(): void {
    this.field.setAttribute("aria-label", this.label);
    this.field.placeholder = this.label;
  }

  expect(kind: InputKind): void {
    if (kind === this.kind || !(kind in FIELD)) return;
    const focused = document.activeElement === this.field;
    const old = this.field;
    this.kind = kind;
    this.field = this.make(kind);
    this.field.value = old.value;
    this.name();
    old.replaceWith(this.field);
    this.grow();
    if (focused) this.focus();
  }

  /** Put words back for another try; what stands there already is not lost. */
  edit(text: string): void {
    this.field.value = [text, this.field.value].filter(Boolean).join("\n").slice(0, MAX);
    this.grow();
    this.on.draft(this.field.value);
    this.focus();
  }

  focus(): void {
    this.field.focus();
  }
}
