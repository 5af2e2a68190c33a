/** Small charts as SVG, drawn from data; each comes with its table for those who read rather than look. */

import { h, svg } from "../lib/dom.js";
import { formatDay, formatNumber, formatShare, t } from "../lib/texts.js";

const WIDTH = 480;
const HEIGHT = 150;
const LEFT = 34;
const BOTTOM = 20;

/** A round number at or above `value`, for the top of a scale. */
export function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((top) => top >= value - 1e-12);
}

/** The same data in rows, folded away under the chart. */
function tableOf(caption, heads, rows) {
  return h("details", null, h("summary", null, t("chart.table")),
    h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": caption },
      h("table", null, h("caption", { class: "visually-hidden" }, caption),
        h("thead", null, h("tr", null, heads.map((head, at) => h("th", { scope: "col", class: at ? "number" : null }, head)))),
        h("tbody", null, rows.map((row) => h("tr", null, row.map((cell, at) => (at ? h("td", { class: "number" }, cell) : h("th", { scope: "row" }, cell)))))))));
}

function frame(title, top, days, write) {
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 8);
  const marks = [0, top / 2, top].flatMap((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
    svg("text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, write(value)),
  ]);
  const step = Math.max(1, Math.ceil(days.length / 6));
  const width = (WIDTH - LEFT) / Math.max(1, days.length);
  const x = (at) => LEFT + width * (at + 0.5);
  days.forEach((day, at) => {
    // Labels near the edge would be cut; the last one is kept only if it has room.
    if (at % step === 0) marks.push(svg("text", { x: Math.min(WIDTH - 18, Math.max(LEFT + 16, x(at))), y: HEIGHT - 4, "text-anchor": "middle" }, formatDay(`${day}T12:00:00Z`)));
  });
  return { node: svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, marks), x, y, width };
}

/** The whole height of a day leads to its conversations, for those who point; the table has the same as links. */
function way(node, { href }, left, width, said) {
  node.append(svg("rect", { class: href ? "way" : "way way-none", x: left, y: 0, width, height: HEIGHT - BOTTOM, on: href && { click: () => location.assign(href) } },
    svg("title", null, said)));
}

const dayCell = ({ day, href }) => (href ? h("a", { href }, dayText(day)) : dayText(day));
/** A day as its reader writes it. */
export const dayText = (day) => formatDay(`${day}T12:00:00Z`);

/** Bars a day: `points` of `{day, value, href}`. */
export function dayBars(title, points, write = formatNumber) {
  const top = niceTop(Math.max(0, ...points.map((point) => point.value ?? 0)));
  const { node, x, y, width } = frame(title, top, points.map((point) => point.day), write);
  for (const [at, point] of points.entries()) {
    const { day, value } = point;
    if (!value) continue;
    const bar = svg("rect", { class: "bar", x: x(at) - width * 0.36, y: y(value), width: Math.max(1, width * 0.72), height: y(0) - y(value), rx: Math.min(3, width * 0.2) });
    node.append(bar);
    way(node, point, x(at) - width / 2, width, `${dayText(day)} : ${write(value)}`);
  }
  return h("figure", { class: "card chart" }, h("figcaption", null, h("h3", null, title)), node,
    tableOf(title, [t("chart.day"), title], points.map(({ day, value, href }) => [dayCell({ day, href }), value === null || value === undefined ? "–" : write(value)])));
}

/** A band from low to high a day: `points` of `{day, low, high, href}` as shares. */
export function dayBand(title, points) {
  const { node, x, y, width } = frame(title, 1, points.map((point) => point.day), formatShare);
  for (const [at, point] of points.entries()) {
    const { day, low, high } = point;
    if (high === null || high === undefined) continue;
    const band = svg("rect", { class: "band", x: x(at) - width * 0.36, y: y(high), width: Math.max(1, width * 0.72), height: Math.max(1.5, y(low) - y(high)), rx: 2 });
    node.append(band, svg("rect", { class: "bar", x: x(at) - width * 0.36, y: y(low), width: Math.max(1, width * 0.72), height: Math.max(0, y(0) - y(low)) }));
    way(node, point, x(at) - width / 2, width, `${dayText(day)} : ${formatShare(low)} – ${formatShare(high)}`);
  }
  return h("figure", { class: "card chart" }, h("figcaption", null, h("h3", null, title), h("p", { class: "small quiet" }, t("chart.band"))), node,
    tableOf(title, [t("chart.day"), t("chart.low"), t("chart.high")],
      points.map(({ day, low, high, href }) => [dayCell({ day, href }), ...[low, high].map((share) => (share === null || share === undefined ? "–" : formatShare(share)))])));
}

/** Horizontal bars: `rows` of `{label, value, href, note, share}`; the label links to what is behind it. */
export function rowBars(title, rows, { write = formatNumber, help = "" } = {}) {
  const top = Math.max(1e-9, ...rows.map((row) => row.value));
  return h("figure", { class: "card chart" }, h("figcaption", null, h("h3", null, title), help && h("p", { class: "small quiet" }, help)),
    rows.length ? h("div", { class: "rows" }, rows.flatMap((row) => [
      h("div", null, row.href ? h("a", { href: row.href }, row.label) : row.label, row.note && h("p", { class: "small quiet" }, row.note)),
      svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { class: "bar", x: 0, y: 0, width: (100 * row.value) / top, height: 10, rx: 1 })),
      h("span", { class: "row-value" }, write(row.value), !(row.share === undefined || row.share === null) && h("span", { class: "small quiet" }, ` ${formatShare(row.share)}`)),
    ])) : h("p", { class: "quiet" }, t("chart.empty")));
}

/** The interval of one share on a line from 0 to 100 %. */
export function intervalBar(low, high) {
  return svg("svg", { class: "interval", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "interval-track", x: 0, y: 0, width: 100, height: 8 }),
    svg("rect", { class: "interval-possible", x: 0, y: 0, width: 100 * high, height: 8 }),
    svg("rect", { class: "interval-sure", x: 0, y: 0, width: 100 * low, height: 8 }));
}
