/**
 * Contrast of a host's accent colour with white text (WCAG 2.x relative luminance and ratio).
 * A host may choose any colour; customers must still be able to read what stands on it.
 */

export type Rgb = [number, number, number];

/** `#rgb` or `#rrggbb` as numbers 0–255; undefined for anything else. */
export function parseHex(text: string): Rgb | undefined {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim());
  if (!match?.[1]) return undefined;
  const hex = match[1].length === 3 ? match[1].replace(/./g, "$&$&") : match[1];
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio with white, 1–21. */
export const contrastWithWhite = (rgb: Rgb): number => 1.05 / (luminance(rgb) + 0.05);

/** The colour itself, or the same hue darkened in steps of 6 % until white is readable on it (4.5:1). */
export function readable(text: string): { colour: string; changed: boolean } | undefined {
  let rgb = parseHex(text);
  if (!rgb) return undefined;
  let changed = false;
  while (contrastWithWhite(rgb) < 4.5) {
    rgb = rgb.map((channel) => Math.floor(channel * 0.94)) as Rgb;
    changed = true;
  }
  return { colour: "#" + rgb.map((c) => c.toString(16).padStart(2, "0")).join(""), changed };
}
