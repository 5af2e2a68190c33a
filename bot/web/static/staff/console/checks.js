/** What an editor would say about an article, while it is written. Hints, never obstacles. */

import { t } from "../lib/texts.js";

const LINK = /\]\(faq:([a-z0-9-]+)\)/g;
const ANSWER_CHARS = 420;
const ENOUGH_VARIANTS = 5;

/** Sentences to show under the editor; `known(slug)` tells whether an article exists. */
export function advice({ title, answer, body, variants }, known) {
  const out = [];
  if (title.length > 90) out.push(t("advice.title_long"));
  if (answer.length > ANSWER_CHARS) out.push(t("advice.answer_long", { count: answer.length }));
  if (variants.length < ENOUGH_VARIANTS) out.push(t("advice.few_variants", { n: variants.length }));
  const seen = new Set();
  const doubles = variants.filter((variant) => {
    const key = variant.toLocaleLowerCase().replace(/\s+/g, " ");
    return seen.has(key) || !seen.add(key);
  });
  if (doubles.length) out.push(t("advice.doubles", { n: doubles.length, example: doubles[0] }));
  const missing = [...new Set([...`${answer}\n${body}`.matchAll(LINK)].map((found) => found[1]))].filter((slug) => !known(slug));
  if (missing.length) out.push(t("advice.missing_link", { slugs: missing.join(", ") }));
  return out;
}

/** A slug from a title: "Délai de paiement ?" → "delai-de-paiement". */
export function slugOf(title) {
  return title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/ß/g, "ss")
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
}
