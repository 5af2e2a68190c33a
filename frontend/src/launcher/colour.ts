/**
 * Contrast of a host's accent colour with white text (WCAG 2.x relative luminance and ratio).
 * A host may choose any colour; customers must still be able to read what stands on it.
 */

export type Rgb = [number, number, number];

/** `#rrggbb` as numbers 0–255; undefined for anything else. */
export function parseHex(text: string): Rgb | undefined {
  return /^#[0-9a-f]{6}$/i.test(text)
    ? ([1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)) as Rgb)
    : undefined;
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

/** The colour itself, or the same hue darkened in steps of 6 % until white is readable on it (4.5:1) and it is
 * readable as a link on a message's tinted ground (5.1:1 on white is 4.5:1 there). */
export function readable(text: string): string | undefined {
  let rgb = parseHex(text);
  while (rgb && contrastWithWhite(rgb) < 5.1) rgb = rgb.map((channel) => Math.floor(channel * 0.94)) as Rgb;
  return rgb && "#" + rgb.map((c) => c.toString(16).padStart(2, "0")).join("");
}

/** Any opaque colour of CSS as `#rrggbb`, the way browsers tell it of a canvas; else something that is none. */
export function plain(text: string): string {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return text;
  // Where the next line is refused, this is left.
  pen.fillStyle = "#0000";
  pen.fillStyle = text;
  return pen.fillStyle;
}
