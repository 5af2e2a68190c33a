/** Type a message, see what the bot would decide, and why. Nothing is stored. */

import { post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { attempt } from "../lib/notify.js";
import { formatShare, label, t } from "../lib/texts.js";
import { localeSelect } from "./articles.js";

const MAX_CHARS = 4000;

function meterRow(name, share, link) {
  return h("li", { class: "candidate" },
    link ? h("a", { href: link }, name) : h("span", null, name),
    h("meter", { min: "0", max: "1", value: share, "aria-label": formatShare(share) }, formatShare(share)),
    h("span", { class: "small" }, formatShare(share)));
}

/** The intent in words: a flow by its name, else its own label. */
function intentName(name) {
  return name.startsWith("flow_") ? t("try.flow", { flow: label("flow", name.slice(5)) }) : label("intent", name);
}

export class TryIt {
  constructor(panel, titles) {
    this.titles = titles;
    this.locale = "fr";
    this.result = h("div", { "aria-live": "polite", id: "try-result" });
    this.text = h("input", { class: "input", id: "try-text", maxlength: String(MAX_CHARS), required: true, autocomplete: "off", placeholder: t("try.placeholder") });
    this.button = h("button", { type: "submit", class: "button button-primary" }, t("try.submit"));
    fill(panel, h("div", { class: "try" },
      h("p", { class: "quiet" }, t("try.help")),
      h("form", { class: "try-form", on: { submit: (event) => { event.preventDefault(); void attempt(this.button, () => this.ask()); } } },
        h("div", { class: "field" }, h("label", { for: "try-text" }, t("try.text")), this.text),
        h("div", { class: "field" }, h("label", { for: "try-locale" }, t("try.locale")), localeSelect("try-locale", this.locale, (locale) => { this.locale = locale; })),
        this.button),
      this.result));
  }

  async ask() {
    const seen = await post("try", { text: this.text.value, locale: this.locale });
    const titles = await this.titles(seen.language);
    const { intent } = seen;
    const articles = seen.articles ?? [];
    fill(this.result, h("div", { class: "card stack dial" },
      h("h2", null, t("try.decides")),
      h("p", { class: "packet-summary" }, h("strong", null, label("reply", seen.reply)), " — ", t(`try.reply_${seen.reply}`)),
      h("dl", { class: "facts" },
        h("dt", null, t("try.understood")), h("dd", null, `${intentName(intent.name)} (${formatShare(intent.confidence)})`),
        h("dt", null, t("packet.language")), h("dd", null, label("language", seen.language)),
        seen.mood && seen.mood !== "neutral" && [h("dt", null, t("packet.mood")), h("dd", null, label("mood", seen.mood))],
        (seen.entities ?? []).length > 0 && [h("dt", null, t("try.entities")),
          h("dd", null, seen.entities.map((entity) => `${label("slot", entity.name)} : ${entity.text ?? entity.value}`).join(" · "))]),
      h("h3", null, t("try.articles")),
      articles.length
        ? h("ol", { class: "candidates" }, articles.map((article) => meterRow(article.title ?? titles.get(article.id) ?? article.id, article.probability, `#articles/${article.id}/${article.locale ?? seen.language}`)))
        : h("p", { class: "quiet" }, t("try.no_article"))));
  }
}
