/** Calls promised to customers: in the list, on the opened request, and the agenda of all that are to be made. */

import { get, post } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { byId, counter, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, said } from "../lib/notify.js";
import { formatFull, formatWhen, t } from "../lib/texts.js";
import { LIVE, headline } from "./rows.js";

const EVERY = 60_000;
const SOON = 3_600_000;
/** A call is due from that long before its time on, in ms. */
const DUE = 600_000;

const path = (reference) => `callbacks/${encodeURIComponent(reference)}/done`;
const kind = (slot, left = Date.parse(slot) - Date.now()) => (left <= 0 ? "tag-urgent" : left <= SOON ? "tag-wait" : "");
const number = (contact) => contact && h("a", { href: `tel:${contact.replace(/[^\d+]/g, "")}` }, contact);

/** When the customer of a request is to be called, as a tag; null where no call is to be made. */
export function callTag({ callback, status }) {
  if (!callback || callback.done_at || !LIVE.includes(status)) return null;
  return h("span", { class: `tag ${kind(callback.slot)}`, title: formatFull(callback.slot) }, icon("phone"), t("calls.tag", { time: formatWhen(callback.slot) }));
}

/** The call promised on the opened request; `called()` after it was made. */
export function callCard({ reference, callback, status }, called) {
  if (!callback || (!callback.done_at && !LIVE.includes(status))) return null;
  if (callback.done_at) return h("p", { class: "small quiet", dataset: { key: "call" } }, icon("check"), " ", t("calls.made_at", { time: formatFull(callback.done_at) }));
  const made = (event) => void attempt(event.currentTarget, async () => {
    await post(path(reference));
    said(t("calls.noted"));
    await called();
  });
  return h("section", { class: "card call-card", dataset: { key: "call" } }, icon("phone"),
    h("p", { class: "grow" }, h("strong", null, t("calls.promised", { time: formatFull(callback.slot) })), " ", number(callback.contact)),
    h("button", { type: "button", class: "button", id: "call-made", on: { click: made } }, icon("check"), t("calls.made")));
}

/** The agenda behind the telephone at the top, which counts the calls that are due. */
export class Calls {
  /** `open(reference)` opens a request; `name(username)` is a first name; `called(reference)` after a call was made. */
  constructor({ open, name, called }) {
    Object.assign(this, { open, name, called });
    this.calls = [];
    this.button = byId("calls");
    this.button.addEventListener("click", () => void this.show());
    setInterval(() => document.hidden || void this.refresh().catch(() => {}), EVERY);
  }

  async refresh() {
    this.calls = (await get("callbacks")).callbacks;
    const due = this.calls.filter((call) => Date.parse(call.slot) - Date.now() <= DUE).length;
    counter("calls-count", due);
    this.button.setAttribute("aria-label", t("calls.button", { n: this.calls.length, due }));
  }

  async show() {
    if (!(await attempt(null, () => this.refresh()))) return;
    const picked = await dialog(t("calls.title"), (close) => {
      const box = h("div", { class: "stack" });
      const draw = () => keep(box, this.calls.length
        ? h("ul", { class: "chat-list" }, this.calls.map((call) => this.row(call, close, draw)))
        : h("p", { class: "quiet" }, t("calls.none")));
      draw();
      return box;
    }, { wide: true });
    if (picked) this.open(picked);
  }

  row(call, close, draw) {
    const { reference, slot, contact, assignee } = call;
    const made = (event) => void attempt(event.currentTarget, async () => {
      await post(path(reference));
      await this.refresh();
      draw();
      this.called(reference);
    });
    return h("li", { class: "call-row", dataset: { key: reference } },
      h("p", { class: "row" }, h("span", { class: `tag ${kind(slot)}`, title: formatFull(slot) }, icon("clock"), formatWhen(slot)), number(contact),
        assignee && h("span", { class: "tag" }, icon("person"), this.name(assignee))),
      h("p", { class: "chat-words" }, headline(call)),
      h("p", { class: "row row-end" },
        h("button", { type: "button", class: "button small", on: { click: () => close(reference) } }, t("calls.open", { reference })),
        h("button", { type: "button", class: "button small", on: { click: made } }, icon("check"), t("calls.made"))));
  }
}
