/** The overview: figures in words, deflection as an interval, outcomes, days, topics, languages. */

import { get } from "../lib/api.js";
import { fill, h, icon } from "../lib/dom.js";
import { formatDuration, formatNumber, formatShare, has, label, t } from "../lib/texts.js";
import { dayBand, dayBars, dayText, intervalBar, rowBars } from "./charts.js";
import { address, csvUrl, daysOf, MOST_DAYS, picker } from "./period.js";
import { articleTable, flowTable, folded, heads } from "./tables.js";

const OUTCOME = "outcome.";
const SHARES = new Set(["deflection", "handover_rate", "reask_rate"]);
/** What the tables by day, topic and language show. */
const COMPARED = ["conversations", "deflection", "handover_rate", "csat", "first_response_seconds"];
/** Ends of the scales customers answer on. */
const SCALES = { csat: 5, effort: 10 };
const missing = (value) => value === null || value === undefined;

/** A value as its reader writes it: shares as per cent, seconds as a duration, ratings with the end of their scale. */
export function written(name, value) {
  if (missing(value)) return "–";
  if (SHARES.has(name)) return formatShare(value);
  if (name.endsWith("_seconds")) return formatDuration(value);
  return SCALES[name] ? `${formatNumber(value)}\u00a0/\u00a0${SCALES[name]}` : formatNumber(value);
}

/** A topic as its reader knows it; conversations without one have "-". */
export const topicName = (topic) => (topic && topic !== "-" ? label("queue", topic) : t("topic.-"));
const languageName = (code) => label("language", code);
const title = (metric) => (has(`metric.${metric.name}`) ? t(`metric.${metric.name}`) : metric.name);

/** The page with the conversations behind a figure, from the API's address of them. */
export function behind(url) {
  return address("conversations", Object.fromEntries(new URLSearchParams(url.split("?")[1] ?? "")));
}

/** Value or interval in words; null where there is no measurement. */
function measured({ name, low, high, value }) {
  if (!missing(low) && !missing(high)) return t("dash.between", { low: written(name, low), high: written(name, high) });
  return missing(value) ? null : written(name, value);
}

/** One figure: value or interval, what it means, how many it rests on, and the way to them. */
function tile(metric) {
  const { name, low, high, value, n } = metric;
  const interval = !missing(low) && !missing(high);
  const empty = !interval && missing(value);
  const shown = measured(metric) ?? written(name, null);
  return h("article", { class: `figure card ${"low" in metric ? "figure-wide" : ""}`, dataset: { metric: name } },
    h("h3", null, title(metric)),
    h("p", { class: "figure-value" }, shown),
    interval && intervalBar(low, high),
    interval && h("p", null, t("dash.sure", { low: written(name, low), high: written(name, high) })),
    empty && h("p", null, t("dash.no_value")),
    h("p", null, metric.definition, name !== "conversations" && [" ", h("span", { class: "nowrap" }, `(${t("dash.basis", { n })})`)]),
    n > 0 && h("a", { href: behind(metric.conversations) }, t("dash.see"), h("span", { class: "visually-hidden" }, ` : ${title(metric)}`)));
}

const byName = (metrics, name) => metrics?.find((metric) => metric.name === name);

/** One point a day, days without conversations included. */
function series(groups, period, name, pick) {
  const known = new Map(groups.map((group) => [group.key, byName(group.metrics, name)]));
  return daysOf(period).map((day) => ({ day, href: known.has(day) ? behind(known.get(day).conversations) : null, ...pick(known.get(day)) }));
}

/** The main figures of each day, topic or language, each with the way to its conversations; and the same as CSV. */
function comparison(name, period, by, groups, named) {
  const cell = (key, metric) => {
    const shown = metric && metric.n > 0 ? measured(metric) : null;
    return h("td", { class: "number" }, shown === null ? "–"
      : h("a", { href: behind(metric.conversations) }, shown, h("span", { class: "visually-hidden" }, ` : ${title(metric)}, ${named(key)}`)));
  };
  return folded(`by-${by}`, name, by !== "day", heads(COMPARED.map((metric) => t(`metric.${metric}`))),
    h("tbody", null, groups.map(({ key, metrics }) => h("tr", null, h("th", { scope: "row" }, named(key)),
      COMPARED.map((metric) => cell(key, byName(metrics, metric)))))), null,
    h("p", null, h("a", { class: "button", download: true, href: csvUrl(period, by) }, icon("download"), t("dash.csv"), h("span", { class: "visually-hidden" }, ` : ${name}`))));
}

const counted = (group) => byName(group.metrics, "conversations");
const mostFirst = (groups) => [...groups].sort((a, b) => counted(b).value - counted(a).value);

function countRows(groups, named) {
  return mostFirst(groups).map((group) => ({ label: named(group.key), value: counted(group).value, href: behind(counted(group).conversations) }));
}

function outcomeRows(metrics) {
  return metrics.filter((metric) => metric.name.startsWith(OUTCOME) && metric.value > 0)
    .sort((a, b) => b.value - a.value)
    .map((metric) => ({
      label: label("outcome", metric.name.slice(OUTCOME.length)), value: metric.value,
      note: metric.definition, href: behind(metric.conversations), share: metric.share,
    }));
}

/** Draw the overview of a period into `view`; `changed(period)` picks another. */
export async function figures(view, now, changed) {
  const period = { from: now.from, to: now.to };
  const load = (by) => get("metrics", { ...period, by });
  const [days, topics, locales, { flows }, { articles }] = await Promise.all([
    load("day"), load("topic"), load("locale"), get("metrics/flows", period), get("metrics/articles", period)]);
  const { metrics } = days;
  const head = [h("div", { class: "page-title" }, h("h1", null, t("dashboard.title"))), picker(period, changed)];
  if (!byName(metrics, "conversations").value) {
    fill(view, head, h("div", { class: "empty card" }, icon("clock"), h("h2", null, t("dash.none")), h("p", null, t("dash.none_help"))));
    return;
  }
  const plain = metrics.filter((metric) => !metric.name.startsWith(OUTCOME));
  plain.sort((a, b) => Number("low" in b) - Number("low" in a));
  fill(view, head,
    h("section", null, h("h2", { class: "visually-hidden" }, t("dash.figures")), h("div", { class: "figures" }, plain.map(tile))),
    h("section", { class: "section" }, h("h2", null, t("dash.by_day")), h("div", { class: "charts" },
      dayBars(t("metric.conversations"), series(days.groups, period, "conversations", (metric) => ({ value: metric?.value ?? 0 }))),
      dayBand(t("metric.deflection"), series(days.groups, period, "deflection", (metric) => ({ low: metric?.low, high: metric?.high })))),
    Date.parse(period.to) - Date.parse(period.from) >= MOST_DAYS * 86_400_000 && h("p", { class: "small quiet" }, t("dash.last_days", { n: MOST_DAYS }))),
    h("section", { class: "section" }, h("h2", null, t("dash.how")), h("div", { class: "charts" },
      rowBars(t("dash.outcomes"), outcomeRows(metrics), { help: t("dash.outcomes_help") }),
      rowBars(t("dash.by_topic"), countRows(topics.groups, topicName)),
      rowBars(t("dash.by_locale"), countRows(locales.groups, languageName)))),
    h("section", { class: "section stack" }, h("h2", null, t("dash.compared")),
      comparison(t("dash.by_topic"), period, "topic", mostFirst(topics.groups), topicName),
      comparison(t("dash.by_locale"), period, "locale", mostFirst(locales.groups), languageName),
      comparison(t("dash.by_day"), period, "day", [...days.groups].reverse(), dayText),
      flowTable(flows), articleTable(articles)));
}
