/** Until when a request is set aside: a few usual moments, or one's own. */

import { dialog } from "../lib/dialog.js";
import { h, icon } from "../lib/dom.js";
import { formatFull, t } from "../lib/texts.js";

/** The usual moments from `now` on, as `[key, Date]`. */
export function moments(now = new Date()) {
  const at = (days, hour) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const monday = (8 - now.getDay()) % 7 || 7;
  return [
    ["hour", new Date(now.getTime() + 3_600_000)],
    ["afternoon", at(0, 14)],
    ["tomorrow", at(1, 9)],
    ["monday", at(monday, 9)],
  ].filter(([, date]) => date > now);
}

/** Ask for a time; resolves to an ISO time in UTC, or null. */
export function pickTime() {
  return dialog(t("snooze.title"), (close) => {
    const done = (date) => close(date.toISOString());
    const own = h("input", { class: "input", type: "datetime-local", id: "snooze-own", required: true });
    return h("div", { class: "stack" },
      h("p", { class: "quiet" }, t("snooze.text")),
      h("ul", { class: "option-list" }, moments().map(([key, date]) => h("li", null,
        h("button", { type: "button", class: "button", on: { click: () => done(date) } }, icon("clock"), t(`snooze.${key}`), h("span", { class: "quiet small" }, formatFull(date)))))),
      h("form", { class: "row", on: { submit: (event) => { event.preventDefault(); done(new Date(own.value)); } } },
        h("div", { class: "field grow" }, h("label", { for: "snooze-own" }, t("snooze.own")), own),
        h("button", { type: "submit", class: "button" }, t("action.snooze"))));
  });
}
