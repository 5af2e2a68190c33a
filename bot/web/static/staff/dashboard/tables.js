/** Flows with what each step costs customers, and articles with how often they are read. */

import { h } from "../lib/dom.js";
import { formatNumber, has, label, t } from "../lib/texts.js";

const ENDS = ["done", "handover", "cancelled", "failed"];
const number = (value) => h("td", { class: "number" }, value === null ? "–" : formatNumber(value));
export const heads = (names) => h("thead", null, h("tr", null, h("td"), names.map((name) => h("th", { scope: "col", class: "number" }, name))));

/** A table that folds away, with what stands before and after it. */
export function folded(id, name, open, head, body, before, after) {
  return h("details", { class: "card compared", id, open },
    h("summary", null, h("h3", null, name)),
    before,
    h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": name }, h("table", null, head, body)),
    after);
}

/** A step as its reader knows it: its own name, or that of what it asks for. */
const stepName = (step, flow) => (has(`slot.${step}`) ? t(`slot.${step}`) : label("slot", step.startsWith(`${flow}_`) ? step.slice(flow.length + 1) : step));

/** How flows end, and under each the steps where an answer takes most messages. */
export function flowTable(flows) {
  if (!flows.length) return null;
  const row = ({ flow, ends, steps }) => [
    h("tr", null, h("th", { scope: "row" }, label("flow", flow)), ENDS.map((end) => number(ends[end])), h("td"), h("td")),
    steps.slice(0, 8).map((step) => h("tr", { class: "quiet" }, h("th", { scope: "row", class: "indented" }, stepName(step.step, flow)),
      ENDS.map(() => h("td")), number(step.messages), number(step.each)))];
  return folded("by-flow", t("dash.by_flow"), true,
    heads([...ENDS.map((end) => t(`flow_end.${end}`)), t("dash.messages"), t("dash.each")]), h("tbody", null, flows.map(row)), h("p", null, t("dash.by_flow_help")));
}

/** Articles by how often they were seen. */
export function articleTable(articles) {
  if (!articles.length) return null;
  return folded("by-article", t("dash.by_article"), true,
    heads([t("dash.shown"), t("dash.refused"), t("dash.visited")]),
    h("tbody", null, articles.slice(0, 25).map(({ title, shown, refused, visited }) =>
      h("tr", null, h("th", { scope: "row" }, title), number(shown), number(refused), number(visited)))), h("p", null, t("dash.by_article_help")));
}
