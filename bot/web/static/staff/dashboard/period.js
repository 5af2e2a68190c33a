/** The period and filters, kept in the address so that a view can be shared and reloaded. */

import { staffUrl } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { dayOf, lang, t } from "../lib/texts.js";

const DAY_MS = 86_400_000;
const PRESETS = [7, 30, 90];
const DEFAULT_DAYS = 30;
const FIRST = "2000-01-01"; // the days the server takes: YEARS in bot/analytics/metrics.py
const LAST = "2100-12-31";

/** The last `days` days, today included, as calendar days of the desk's time zone. */
export function lastDays(days, now = Date.now()) {
  return { from: dayOf(now - (days - 1) * DAY_MS), to: dayOf(now) };
}

/** The most days that charts by day show. */
export const MOST_DAYS = 400;

/** Days of a period, both ends included; of a long one the last `MOST_DAYS`. */
export function daysOf({ from, to }) {
  const out = [];
  const last = Date.parse(`${to}T12:00:00Z`);
  for (let at = Math.max(Date.parse(`${from}T12:00:00Z`), last - (MOST_DAYS - 1) * DAY_MS); at <= last; at += DAY_MS) {
    out.push(new Date(at).toISOString().slice(0, 10));
  }
  return out;
}

/** What the address says: `{view, id, from, to, …filters}`. */
export function readAddress() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [view = "", id = ""] = path.split("/").map(decodeURIComponent);
  const params = Object.fromEntries(new URLSearchParams(query));
  const valid = /^\d{4}-\d{2}-\d{2}$/;
  const period = valid.test(params.from) && valid.test(params.to) && FIRST <= params.from && params.from <= params.to && params.to <= LAST
    ? { from: params.from, to: params.to } : lastDays(DEFAULT_DAYS);
  return { view, id, ...params, ...period };
}

/** The address of a view with its parameters. */
export function address(view, params) {
  const kept = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const query = new URLSearchParams(kept).toString();
  return `#${view}${query ? `?${query}` : ""}`;
}

/** The picker: presets, two dates, CSV. `changed({from, to})` when another period is chosen. */
export function picker(now, changed) {
  const from = h("input", { class: "input", type: "date", id: "from", value: now.from, min: FIRST, max: dayOf(Date.now()), required: true });
  const to = h("input", { class: "input", type: "date", id: "to", value: now.to, min: FIRST, max: dayOf(Date.now()), required: true });
  const preset = (days) => {
    const range = lastDays(days);
    return h("button", { type: "button", "aria-pressed": String(range.from === now.from && range.to === now.to), on: { click: () => changed(range) } }, t("period.days", { n: days }));
  };
  return h("form", { class: "period", "aria-label": t("period.label"), on: { submit: (event) => {
    event.preventDefault();
    changed(from.value <= to.value ? { from: from.value, to: to.value } : { from: to.value, to: from.value });
  } } },
  h("div", { class: "segment", role: "group", "aria-label": t("period.label") }, PRESETS.map(preset)),
  h("div", { class: "field" }, h("label", { for: "from" }, t("period.from")), from),
  h("div", { class: "field" }, h("label", { for: "to" }, t("period.to")), to),
  h("button", { type: "submit", class: "button" }, t("period.show")),
  h("a", { class: "button", id: "export", download: true, href: csvUrl(now, "day") }, icon("download"), t("period.csv")));
}

/** The figures of a period as a table, by day, topic or locale, explained in the language of the page. */
export const csvUrl = ({ from, to }, by) => staffUrl("metrics.csv", { from, to, by, language: lang });
