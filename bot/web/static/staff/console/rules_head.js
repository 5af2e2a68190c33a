/** The head of a part of the rules. */

import { h } from "../lib/dom.js";
import { formatFull, t } from "../lib/texts.js";

/** The head of a part: title, what it is for, who saved it last. */
export function head(key, saved) {
  const by = saved?.version ? t("rules.saved_by", { version: saved.version, name: saved.author, at: formatFull(saved.at) }) : t("rules.shipped");
  return [h("h2", { id: `rules-${key}` }, t(`rules.${key}`)), h("p", { class: "quiet" }, t(`rules.${key}_help`)), saved && h("p", { class: "small quiet" }, by)];
}
