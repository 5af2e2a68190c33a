/** Several requests at once: a bar that appears once one is ticked. */

import { post } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { byId, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, failed, said } from "../lib/notify.js";
import { t } from "../lib/texts.js";
import { pickTime } from "./snooze.js";
import { pickTarget } from "./transfer.js";

/** `done()` is told when tickets changed; `cleared()` when nothing is ticked any more; `people()` gives colleagues, `me` among them. */
export class Bulk {
  constructor({ me, people, done, cleared }) {
    this.me = me;
    this.people = people;
    this.done = done;
    this.cleared = cleared;
    this.chosen = new Set();
    this.bar = byId("bulk");
  }

  toggle(reference, on = !this.chosen.has(reference)) {
    if (on) this.chosen.add(reference);
    else this.chosen.delete(reference);
    this.draw();
  }

  /** Forget what the queue no longer shows. */
  keep(references) {
    const shown = new Set(references);
    const before = this.chosen.size;
    for (const one of this.chosen) if (!shown.has(one)) this.chosen.delete(one);
    if (this.chosen.size !== before) this.draw();
  }

  clear() {
    this.chosen.clear();
    this.draw();
    this.cleared();
  }

  draw() {
    const n = this.chosen.size;
    this.bar.hidden = n === 0;
    if (!n) return;
    const button = (key, name, action) => h("button", { type: "button", class: "button small", dataset: { key }, on: { click: (event) => void action.call(this, event.currentTarget) } }, icon(name), t(`bulk.${key}`));
    keep(this.bar, h("strong", { role: "status" }, t("bulk.count", { n })),
      button("take", "person", (node) => this.run(node, { action: "take" })),
      button("transfer", "swap", this.transfer),
      button("snooze", "clock", this.snooze),
      button("hold", "pause", (node) => this.run(node, { action: "hold" })),
      button("resolve", "check", this.resolve),
      h("button", { type: "button", class: "quiet-button small", on: { click: () => this.clear() } }, t("bulk.clear")));
  }

  async transfer(node) {
    const people = await this.people().catch(() => []);
    const chosen = await pickTarget({ people, me: this.me });
    if (chosen) await this.run(node, { action: "transfer", ...chosen });
  }

  async snooze(node) {
    const until = await pickTime();
    if (until) await this.run(node, { action: "snooze", until });
  }

  async resolve(node) {
    const sure = await dialog(t("bulk.resolve_title", { n: this.chosen.size }), (close) => h("div", { class: "stack" },
      h("p", null, t("resolve.text")),
      h("div", { class: "row row-end" }, h("button", { type: "button", class: "button button-primary", on: { click: () => close(true) } }, t("action.resolve")))));
    if (sure) await this.run(node, { action: "resolve" });
  }

  async run(node, body) {
    await attempt(node, async () => {
      const { results } = await post("tickets/bulk", { references: [...this.chosen], ...body });
      const wrong = results.filter((one) => !one.ok);
      const right = results.length - wrong.length;
      if (right) said(t("bulk.done", { n: right }));
      if (wrong.length) failed({ detail: `${t("bulk.failed", { n: wrong.length })} ${wrong.slice(0, 3).map((one) => `${one.reference} : ${one.detail}`).join(" ")}` });
      this.clear();
      this.done();
    });
  }
}
