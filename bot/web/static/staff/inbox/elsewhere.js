/** Where else a request lives: its twins in other systems, and the hand-off of an issue to Jira. */

import { post } from "../lib/api.js";
import { confirm } from "../lib/dialog.js";
import { h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, said } from "../lib/notify.js";
import { label, t } from "../lib/texts.js";

/** Only web addresses become links, whatever the other system calls its address. */
const address = (url) => (/^https?:\/\//i.test(url ?? "") ? url : null);

function twin({ connector, id, url, status, error }) {
  const link = address(url);
  const name = [label("system", connector), link ? link.split("/").pop() : id].filter(Boolean).join(" ");
  return h("li", { class: "row", dataset: { key: connector } },
    link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, name) : h("span", null, name),
    status && h("span", { class: "tag" }, status),
    !id && !error && h("span", { class: "small quiet" }, t("elsewhere.under_way")),
    error && h("p", { class: "small problems" }, t("elsewhere.trouble")));
}

/** The part of the panel about other systems; hidden where there is nothing to say or do. */
export class Elsewhere {
  /** `changed()` after an issue was asked for. */
  constructor(part, list, changed) {
    this.part = part;
    this.list = list;
    this.changed = changed;
    this.offered = part.dataset.issues === "jira";
  }

  draw(ticket) {
    const twins = ticket.external ?? [];
    const may = this.offered && ticket.status !== "closed" && !twins.some((one) => one.connector === "jira");
    this.part.hidden = !twins.length && !may;
    keep(this.list, twins.length > 0 && h("ul", { class: "help-list" }, twins.map(twin)),
      may && h("button", { type: "button", class: "button", id: "report-issue", on: { click: (event) => void this.report(ticket, event.currentTarget) } }, icon("alert"), t("elsewhere.report")));
  }

  async report(ticket, button) {
    if (!(await confirm(t("elsewhere.report"), t("elsewhere.report_text"), t("elsewhere.report_yes")))) return;
    await attempt(button, async () => {
      await post(`tickets/${encodeURIComponent(ticket.reference)}/issue`);
      said(t("elsewhere.reported"));
      this.changed();
    });
  }
}
