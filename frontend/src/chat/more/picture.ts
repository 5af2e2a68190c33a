/** The small bar chart of a bill: numbers first, the drawing after them, the same in words for all. */

import type { Picture } from "../types";
import type { Kit } from "./kit";

const WIDTH = 300;

/** A figure with its two series (now, and before where known); figures in the reader's format. */
export function picture({ h, s }: Kit, data: Picture, locale: string, now: string, before: string): HTMLElement {
  const bars = data.bars.filter((bar) => Number.isFinite(bar.value)).slice(0, 12);
  const money = data.unit === "€";
  const format = new Intl.NumberFormat(locale, money ? { style: "currency", currency: "EUR" } : { maximumFractionDigits: 1 });
  const paired = bars.some((bar) => Number.isFinite(bar.previous));
  const row = paired ? 54 : 40;
  const scale = WIDTH / Math.max(1e-9, ...bars.flatMap((bar) => [Math.abs(bar.value), Math.abs(bar.previous ?? 0)]));
  const rect = (kind: string, value: number, y: number, height: number): SVGElement =>
    s(`rect.${kind}`, { y, width: Math.max(2, Math.abs(value) * scale), height, rx: 3 });
  return h(
    "figure.picture",
    null,
    data.title && h("figcaption", null, data.title),
    s(
      "svg.bars",
      { viewBox: `0 0 ${WIDTH} ${bars.length * row}`, role: "img", "aria-label": data.alt },
      ...bars.flatMap((bar, at) => {
        const y = at * row;
        return [
          s("text", { y: y + 13 }, bar.label),
          s("text.value", { x: WIDTH, y: y + 13, "text-anchor": "end" }, format.format(bar.value) + (money ? "" : ` ${data.unit ?? ""}`)),
          rect("now", bar.value, y + 19, 12),
          Number.isFinite(bar.previous) && rect("before", bar.previous as number, y + 34, 7),
        ];
      }),
    ),
    paired && h("p.legend", { "aria-hidden": "true" }, h("i.now"), now, h("i.before"), before),
  );
}
