/** The small bar chart of a bill: numbers first, the drawing after them, the same in words for all. */

import type { Picture } from "../types";
import { h, s } from "./h";

const ROW = 54;
const WIDTH = 300;

/** A figure with its two series (now, and before where known); figures in the reader's format. */
export function picture(data: Picture, locale: string, words: { now: string; before: string }): HTMLElement {
  const bars = data.bars.filter((bar) => Number.isFinite(bar.value)).slice(0, 12);
  const money = data.unit === "€" || data.unit === "EUR";
  const format = new Intl.NumberFormat(
    locale,
    money ? { style: "currency", currency: "EUR" } : { maximumFractionDigits: 1 },
  );
  const write = (value: number): string => format.format(value) + (data.unit && !money ? ` ${data.unit}` : "");
  const paired = bars.some((bar) => Number.isFinite(bar.previous));
  const row = paired ? ROW : ROW - 14;
  const values = bars.flatMap((bar) => [Math.abs(bar.value), Math.abs(bar.previous ?? 0)]);
  const scale = WIDTH / Math.max(1e-9, ...values);
  const rtl = document.documentElement.dir === "rtl";
  const edge = rtl ? { x: WIDTH, "text-anchor": "start" } : { x: 0 };
  const far = rtl ? { x: 0, "text-anchor": "end" } : { x: WIDTH, "text-anchor": "end" };
  const rect = (value: number, y: number, height: number, kind: string): SVGElement => {
    const width = Math.max(2, Math.abs(value) * scale);
    return s("rect", { x: rtl ? WIDTH - width : 0, y, width, height, rx: 3, class: kind });
  };
  const drawing = s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${bars.length * row}`, role: "img", "aria-label": data.alt, class: "bars" },
    ...bars.flatMap((bar, at) => {
      const y = at * row;
      const before = Number.isFinite(bar.previous) ? (bar.previous as number) : undefined;
      return [
        s("text", { ...edge, y: y + 13 }, bar.label),
        s("text", { ...far, y: y + 13, class: "value" }, write(bar.value)),
        rect(bar.value, y + 19, 12, "now"),
        before !== undefined && rect(before, y + 34, 7, "before"),
      ].filter((node): node is SVGElement => Boolean(node));
    }),
  );
  return h(
    "figure",
    { class: "picture" },
    data.title ? h("figcaption", null, data.title) : null,
    drawing,
    paired
      ? h("p", { class: "legend", "aria-hidden": "true" }, h("i", { class: "now" }), words.now, h("i", { class: "before" }), words.before)
      : null,
  );
}
