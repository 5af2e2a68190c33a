/** Links in plain text: http, https, mailto and tel are recognised; nothing else becomes markup. */

import { h } from "./h";

const URL_ = String.raw`https?:\/\/[^\s<>"'()\[\]{}]+(?:\([^\s<>"'()]*\)[^\s<>"'()\[\]{}]*)*`;
const MAIL = String.raw`[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}`;
// French numbers as they are written: 02 61 91 10 20, 0 800 47 33 33, +33 2 61 91 10 20.
const TEL = String.raw`(?<![\d+])(?:\+\d{2}[  .]?\d|0\d)(?:[  .]\d\d){4}(?!\d)|(?<![\d+])0[  ]8\d\d(?:[  ]\d\d){3}(?!\d)`;
const FIND = new RegExp(`(${URL_})|(${MAIL})|(${TEL})`, "g");

/** The address where it may be followed from here, else undefined. */
export function safeHref(raw: string): string | undefined {
  const text = raw.trim();
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(text)) return undefined;
  // Browsers drop control characters inside a scheme; an address that has any is no address.
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 33) return undefined;
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A link that tells the page behind it nothing about this one. */
export function anchor(href: string, ...kids: (Node | string)[]): HTMLAnchorElement {
  const outside = href.startsWith("http");
  return h("a", { href, ...(outside ? { target: "_blank", rel: "noopener noreferrer nofollow" } : {}) }, ...kids);
}

/** Text with its links, as nodes. */
export function linkify(raw: string): (Node | string)[] {
  // A sign that French sets apart by a space stays on the line of its word.
  const text = raw.replace(/ (?=[?!:;»%€])/g, "\u00a0").replace(/« /g, "«\u00a0");
  const out: (Node | string)[] = [];
  let last = 0;
  for (const match of text.matchAll(FIND)) {
    // The full stop that ends the sentence is not part of the address.
    const found = match[1] ? match[0].replace(/[.,;:!?…»]+$/, "") : match[0];
    const target = match[1] ? found : match[2] ? `mailto:${found}` : `tel:${found.replace(/[^\d+]/g, "")}`;
    const href = safeHref(target);
    if (!href) continue;
    if (match.index > last) out.push(text.slice(last, match.index));
    out.push(anchor(href, found));
    last = match.index + found.length;
  }
  if (last < text.length) out.push(text.slice(last));
  return out;
}
