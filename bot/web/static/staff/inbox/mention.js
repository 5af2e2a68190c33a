/** @names in internal notes: a small list to pick from while typing. */

import { byId, fill, h } from "../lib/dom.js";

/** `people()` gives `[{username, first_name}]`; `active()` whether a note is being written. */
export class Mention {
  constructor({ people, active }) {
    this.people = people;
    this.active = active;
    this.box = byId("composer-text");
    this.list = byId("mention-list");
    this.at = -1;
    this.box.addEventListener("input", () => this.update());
    this.box.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    // Before the reply box's own keys: while the list is open, they are the list's.
    this.box.addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  word() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    return /(?:^|[^\p{L}\p{N}_@.])@([\p{L}\p{M}\p{N}_.-]*)$/u.exec(before)?.[1];
  }

  update() {
    const word = this.active() ? this.word() : undefined;
    const found = word === undefined ? [] : this.people().filter((person) =>
      person.username.startsWith(word.toLowerCase()) || person.first_name.toLowerCase().startsWith(word.toLowerCase())).slice(0, 6);
    if (!found.length) {
      this.hide();
      return;
    }
    this.found = found;
    this.at = 0;
    this.draw();
  }

  draw() {
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    fill(this.list, this.found.map((person, index) => h("li", {
      role: "option", id: `mention-${index}`, "aria-selected": String(index === this.at),
      on: { mousedown: (event) => { event.preventDefault(); this.pick(person); } },
    }, person.first_name, h("span", { class: "quiet small" }, `@${person.username}`))));
    this.box.setAttribute("aria-activedescendant", `mention-${this.at}`);
  }

  hide() {
    this.list.hidden = true;
    this.box.removeAttribute("aria-expanded");
    this.box.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (this.list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.at = (this.at + step + this.found.length) % this.found.length;
    else if (event.key === "Enter" || event.key === "Tab") this.pick(this.found[this.at]);
    else if (event.key === "Escape") this.hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (step) this.draw();
  }

  pick(person) {
    const end = this.box.selectionStart;
    const start = end - (this.word()?.length ?? 0);
    this.box.setRangeText(`${person.username} `, start, end, "end");
    this.box.dispatchEvent(new Event("input", { bubbles: true }));
    this.hide();
    this.box.focus();
  }
}
