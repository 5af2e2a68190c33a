/** Where the customer writes. The field takes the keyboard and autocomplete of what is asked for. */

import type { InputKind } from "../types";
import type { Words } from "../words/types";
import { button, h, icon, ICONS } from "./h";

/** Keyboard and autofill by what is expected (WHATWG HTML: inputmode, autocomplete). */
const FIELD: Partial<Record<InputKind, [inputmode: string, autocomplete?: string]>> = {
  number: ["decimal"],
  email: ["email", "email"],
  tel: ["tel", "tel"],
  postcode: ["numeric", "postal-code"],
  code: ["numeric", "one-time-code"],
};

export class Composer {
  readonly pane: HTMLFormElement;
  private readonly field = h("textarea", { name: "message", rows: 1, dir: "auto", enterkeyhint: "send" });
  private readonly picker = h("input", { type: "file", multiple: true, hidden: true });
  private readonly clip = button("round", () => this.picker.click(), icon(ICONS.clip), { hidden: true });
  private readonly submit = h("button.send", { type: "submit" }, icon(ICONS.send));

  constructor(
    private readonly on: { send(text: string): void; draft(text: string): void; file(file: File): void },
    draft: string,
  ) {
    this.field.value = draft;
    this.pane = h("form.composer", { novalidate: true }, this.clip, this.field, this.submit, this.picker);
    this.picker.addEventListener("change", () => {
      for (const file of this.picker.files ?? []) this.on.file(file);
      this.picker.value = "";
      this.focus();
    });
    this.pane.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.field.value.trim();
      if (!text) return;
      this.write("");
      this.on.send(text);
    });
    this.field.addEventListener("input", () => this.write(this.field.value));
    this.field.addEventListener("keydown", (event) => {
      // Enter that ends the composition of a character is not the end of the message.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.pane.requestSubmit();
    });
  }

  private write(text: string): void {
    if (this.field.value !== text) this.field.value = text;
    this.grow();
    this.on.draft(text);
  }

  /** As tall as its text; nothing to measure while it is not on the page. */
  grow(): void {
    const { field } = this;
    if (!field.offsetParent) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 132)}px`;
  }

  words(words: Words): void {
    this.field.setAttribute("aria-label", words.write);
    this.field.placeholder = words.write;
    this.clip.setAttribute("aria-label", words.attach);
    this.submit.setAttribute("aria-label", words.send);
  }

  /** Files go to people only. */
  files(welcome: boolean): void {
    this.clip.hidden = !welcome;
  }

  expect(kind: InputKind): void {
    const [mode, fill = "off"] = FIELD[kind] ?? ["text"];
    this.field.inputMode = mode;
    this.field.setAttribute("autocomplete", fill);
  }

  clear(): void {
    this.write("");
  }

  /** Put words back for another try; what stands there already is not lost. */
  edit(text: string): void {
    this.write([text, this.field.value].filter(Boolean).join("\n"));
    this.focus();
  }

  focus(): void {
    this.field.focus();
  }
}
