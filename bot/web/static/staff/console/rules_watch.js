/** Promises: waits told to customers and kept; tickets that will be late at today's pace. */

import { fill, h } from "../lib/dom.js";
import { formatDuration, formatFull, formatShare, label, t } from "../lib/texts.js";

const table = (caption, heads, rows) => h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": caption },
  h("table", null, h("thead", null, h("tr", null, heads.map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, rows)));

export function drawWaits(panel, waits) {
  const row = (line) => h("tr", null,
    h("th", { scope: "row" }, label("queue", line.queue)), h("td", null, line.share === null ? "–" : formatShare(line.share)),
    h("td", null, line.kept), h("td", null, line.broken), h("td", null, line.open),
    h("td", null, line.typical_seconds === null ? "–" : formatDuration(line.typical_seconds)));
  fill(panel, h("h2", { id: "rules-waits" }, t("rules.waits")), h("p", { class: "quiet" }, t("rules.waits_help", { days: waits.days })),
    waits.share === null ? h("p", null, t("rules.waits_none"))
      : [h("p", { class: "dial-value" }, formatShare(waits.share)),
        h("p", null, t(waits.share >= waits.target ? "rules.waits_good" : "rules.waits_bad", { target: formatShare(waits.target) }))],
    waits.queues.length > 0 && table(t("rules.waits"), [t("rules.queue"), t("rules.share_kept"), t("rules.kept"), t("rules.broken"), t("rules.still_open"), t("rules.typical")], waits.queues.map(row)));
}

export function drawForecast(panel, forecast) {
  const row = (line) => h("tr", null,
    h("th", { scope: "row" }, h("a", { href: `/inbox#${line.reference}` }, line.reference)), h("td", null, label("queue", line.queue)),
    h("td", null, t(`sla.${line.target}`)), h("td", null, formatFull(line.due_at)), h("td", null, line.position),
    h("td", null, line.late_seconds === null ? t("rules.no_pace") : t("rules.late_by", { time: formatDuration(line.late_seconds) })));
  fill(panel, h("h2", { id: "rules-forecast" }, t("rules.forecast")), h("p", { class: "quiet" }, t("rules.forecast_help")),
    forecast.length === 0 ? h("p", null, t("rules.forecast_none"))
      : table(t("rules.forecast"), [t("rules.ticket"), t("rules.queue"), t("rules.target"), t("rules.due"), t("rules.position"), t("rules.expected")], forecast.map(row)));
}
