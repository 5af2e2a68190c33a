/** What the opened request hangs together with: other requests, duplicates, the known outage behind it. */

import { del, get, post } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, failed } from "../lib/notify.js";
import { label, t } from "../lib/texts.js";
import { LIVE, headline } from "./rows.js";

const path = (reference) => `tickets/${encodeURIComponent(reference)}/links`;
const away = (reference) => `#${encodeURIComponent(reference)}`;

/** The part of the panel with the links of a request; hidden where there are none. */
export class Links {
  /** `changed()` after a link was removed. */
  constructor(part, list, changed) {
    Object.assign(this, { part, list, changed });
  }

  draw(ticket) {
    const links = ticket.links ?? [];
    this.part.hidden = !links.length;
    keep(this.list, links.length > 0 && h("ul", { class: "help-list" }, links.map((link) => this.row(ticket, link))));
  }

  row(ticket, { kind, to }) {
    const outage = kind === "outage";
    const remove = (event) => void attempt(event.currentTarget, async () => {
      if (outage) await post(path(ticket.reference), { outage: null });
      else await del(`${path(ticket.reference)}/${encodeURIComponent(to)}`);
      this.changed();
    });
    return h("li", { dataset: { key: `${kind}:${to}` } },
      outage
        ? h("button", { type: "button", class: "link-button", on: { click: () => void this.showOutage(to) } }, icon("alert"), t("links.outage", { id: to }))
        : h("a", { href: away(to) }, to),
      !outage && h("span", { class: "tag" }, label("links", kind)),
      LIVE.includes(ticket.status) && (outage || kind === "related")
        && h("button", { type: "button", class: "quiet-button", "aria-label": t("links.remove", { to }), title: t("links.remove", { to }), on: { click: remove } }, icon("close")));
  }

  /** The requests in progress that wait for the same outage. */
  async showOutage(id) {
    let tickets;
    try {
      ({ tickets } = await get(`outages/${encodeURIComponent(id)}/tickets`));
    } catch (error) {
      failed(error);
      return;
    }
    await dialog(t("links.of_outage", { id }), (close) => (tickets.length
      ? h("ul", { class: "option-list" }, tickets.map((one) => h("li", null,
        h("a", { class: "button", href: away(one.reference), on: { click: () => close() } }, h("span", { class: "ticket-ref" }, one.reference), h("span", { class: "grow" }, headline(one))))))
      : h("p", { class: "quiet" }, t("links.of_outage_none"))));
  }
}
