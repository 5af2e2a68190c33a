/** Links in plain text: http, https, mailto and tel are recognised; nothing else becomes markup. */

import { h } from "./h";

// Addresses; mail addresses; French numbers as they are written: 02 61 91 10 20, 0 800 47 33 33, +33 2 …
const FIND =
  /(https?:\/\/[^\s<>"'()[\]{}]+(?:\([^\s<>"'()]*\)[^\s<>"'()[\]{}]*)*)|([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})|(?<![\d+])(?:(?:\+\d\d[  .]?\d|0\d)(?:[  .]\d\d){4}|0[  ]8\d\d(?:[  ]\d\d){3})(?!\d)/g;

/** The address where it may be followed from here, else undefined. */
export const safeHref = (raw: string): string | undefined =>
  /^(https?:\/\/|mailto:|tel:)\S+$/i.test(raw.trim()) ? raw.trim() : undefined;

/** A link that tells the page behind it nothing about this one. */
export const anchor = (href: string, text: string): HTMLAnchorElement =>
  h("a", { href, target: href[0]?.toLowerCase() === "h" && "_blank", rel: "noopener noreferrer nofollow" }, text);

/** Text with its links, as nodes. */
export function linkify(raw: string): (Node | string)[] {
  // A sign that French sets apart by a space stays on the line of its word.
  const text = raw.replace(/ (?=[?!:;»%€])/g, "\u00a0").replace(/« /g, "«\u00a0");
  const out: (Node | string)[] = [];
  let last = 0;
  for (const match of text.matchAll(FIND)) {
    const [whole, url, mail] = match;
    // The full stop that ends the sentence is not part of the address.
    const found = url ? whole.replace(/[.,;:!?…»]+$/, "") : whole;
    const href = safeHref(url ? found : mail ? `mailto:${found}` : `tel:${found.replace(/[^\d+]/g, "")}`);
    if (!href) continue;
    out.push(text.slice(last, match.index), anchor(href, found));
    last = match.index + found.length;
  }
  return [...out, text.slice(last)].filter(Boolean);
}
