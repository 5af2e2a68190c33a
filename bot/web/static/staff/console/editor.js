/** Edit one article in one locale, see it as a customer will, publish it. */

import { get, put } from "../lib/api.js";
import { confirm, dialog } from "../lib/dialog.js";
import { fill, h, icon } from "../lib/dom.js";
import { markdown } from "../lib/markdown.js";
import { attempt, said } from "../lib/notify.js";
import { redraw } from "../lib/redraw.js";
import { label, t } from "../lib/texts.js";
import { THEMES } from "../lib/themes.js";
import { advice, slugOf } from "./checks.js";
import { articleDiff, Versions } from "./versions.js";

const FIELDS = ["title", "answer", "body"];
const EMPTY = { title: "", answer: "", body: "", variants: [], theme: "services" };
const path = (slug) => `articles/${encodeURIComponent(slug)}`;

export class Editor {
  /** `saved(slug, {locale, left})` after publishing, `left` where another article is on screen by then; `back()` to the list, `known(slug)` whether an article exists. */
  constructor(panel, { saved, back, known }) {
    Object.assign(this, { panel, onSaved: saved, back, known });
    this.article = null;
    this.turn = 0;          // of several articles asked for, the last one is shown
    addEventListener("beforeunload", (event) => {
      if (this.dirty()) event.preventDefault();
    });
    this.rest();
  }

  rest() {
    this.turn += 1;
    this.article = null;
    fill(this.panel, h("div", { class: "empty card" }, icon("note"), h("h2", null, t("editor.none")), h("p", null, t("editor.none_help"))));
  }

  dirty() {
    if (!this.article) return false;
    const now = this.values();
    return FIELDS.some((name) => now[name] !== (this.base[name] ?? "").trim())
      || now.variants.join("\n") !== (this.base.variants ?? []).map((line) => line.trim()).filter(Boolean).join("\n");
  }

  /** True where nothing would be lost, or the lead does not mind. */
  async mayLeave() {
    return !this.dirty() || confirm(t("editor.unsaved_title"), t("editor.unsaved_text"), t("editor.unsaved_yes"));
  }

  /** Open an article; `found` is the locale it exists in: another one stands beside as the source. */
  async open(slug, locale, found = locale) {
    const turn = (this.turn += 1);
    const article = await get(path(slug), { locale: found });
    if (turn !== this.turn) return;
    if (found === locale) this.begin({ ...article, id: slug, locale }, article);
    else this.begin({ ...EMPTY, theme: article.theme, id: slug, locale, version: 0 }, { ...EMPTY }, { source: article });
  }

  /** A new article, perhaps from what customers asked. */
  start(locale, seed = {}) {
    this.turn += 1;
    this.begin({ ...EMPTY, id: null, locale, version: 0, variants: seed.variants ?? [] }, { ...EMPTY }, { gap: seed.gap });
  }

  begin(article, base, { source = null, gap = null } = {}) {
    Object.assign(this, { article, base, source, gap });
    const input = (name, props) => h("input", { class: "input", id: `edit-${name}`, value: article[name] ?? "", ...props });
    const area = (name, kind, value, props) => h("textarea", { class: `textarea ${kind}`, id: `edit-${name}`, value, spellcheck: "true", lang: article.locale, ...props });
    this.inputs = {
      title: input("title", { maxlength: "200", lang: article.locale, required: true }),
      answer: area("answer", "answer", article.answer ?? "", { rows: "4", required: true }),
      body: area("body", "body", article.body ?? "", { rows: "18" }),
      variants: area("variants", "variants", (article.variants ?? []).join("\n"), { rows: "8" }),
    };
    this.slug = article.id ? null : h("input", { class: "input", id: "edit-slug", pattern: "[a-z0-9]+(-[a-z0-9]+)*", maxlength: "80", value: "" });
    this.theme = article.id ? null : h("select", { class: "select", id: "edit-theme" }, THEMES.map((theme) => h("option", { value: theme, selected: theme === article.theme }, label("queue", theme))));
    const field = (name, node, hint) => h("div", { class: "field" }, h("label", { for: node.id }, t(`editor.${name}`)), node,
      hint && h("p", { class: "hint", id: `${node.id}-hint` }, hint));
    this.state = h("span", { class: "small quiet", role: "status" });
    this.publishButton = h("button", { type: "submit", class: "button button-primary", id: "publish", form: "editor-form" }, icon("send"), t("editor.publish"));
    this.preview = h("aside", { class: "preview", "aria-label": t("editor.preview"), tabindex: "0" });
    this.hints = h("ul", { class: "problems", "aria-label": t("editor.hints") });
    const form = h("form", { id: "editor-form", class: "stack", on: { submit: (event) => { event.preventDefault(); void attempt(this.publishButton, () => this.publish()); } } },
      source && this.sourceBanner(source),
      field("title", this.inputs.title),
      this.slug && field("slug", this.slug, t("editor.slug_hint")),
      this.theme && field("theme", this.theme),
      field("answer", this.inputs.answer, t("editor.answer_hint")),
      field("body", this.inputs.body, t("editor.body_hint")),
      field("variants", this.inputs.variants, t("editor.variants_hint")),
      this.hints);
    form.addEventListener("input", () => this.changed());
    this.inputs.title.addEventListener("input", () => {
      if (this.slug && !this.slug.dataset.touched) this.slug.value = slugOf(this.inputs.title.value);
    });
    this.slug?.addEventListener("input", () => { this.slug.dataset.touched = "1"; });
    this.versions = new Versions({ article, mayLeave: () => this.mayLeave(), restored: () => this.reload(article) });
    fill(this.panel, h("div", { class: "editor" },
      h("div", { class: "editor-head" },
        h("button", { type: "button", class: "quiet-button", on: { click: () => this.back() } }, icon("back"), t("editor.back")),
        h("h2", { class: "grow" }, article.id ? article.title || article.id : t("editor.new")),
        h("span", { class: "tag" }, label("language", article.locale)),
        article.version > 0 && h("span", { class: "tag" }, t("editor.version", { version: article.version })),
        this.state, this.publishButton),
      h("div", { class: "stack" }, form, article.id && article.version > 0 && this.versions.root),
      this.preview));
    this.changed();
  }

  sourceBanner(source) {
    return h("div", { class: "banner" }, icon("globe"), h("p", { class: "grow" }, t("editor.untranslated", { language: label("language", this.article.locale) })),
      h("button", { type: "button", class: "button", on: { click: () => {
        for (const name of FIELDS) this.inputs[name].value = source[name] ?? "";
        this.changed();
      } } }, t("editor.copy_source")));
  }

  values() {
    const value = (name) => this.inputs[name].value.replaceAll("\r\n", "\n").trim();
    return { title: value("title"), answer: value("answer"), body: value("body"),
      variants: value("variants").split("\n").map((line) => line.trim()).filter(Boolean) };
  }

  changed() {
    const now = this.values();
    this.state.textContent = this.dirty() ? t("editor.changed") : this.article.version > 0 ? t("editor.unchanged") : "";
    fill(this.hints, advice(now, this.known).map((line) => h("li", null, line)));
    this.hints.hidden = !this.hints.children.length;
    fill(this.preview, h("h2", null, t("editor.preview")),
      h("div", { class: "bubble", lang: this.article.locale }, now.answer || h("span", { class: "quiet" }, t("editor.preview_empty"))),
      h("article", { class: "sheet prose", lang: this.article.locale }, h("h3", null, now.title || t("editor.preview_title")), markdown(now.body, { base: 4 })));
  }

  /** Publish what stands there. The lead may go on writing meanwhile, or to another article: both stay as they are. */
  async publish(baseVersion = this.article.version) {
    const { article, gap } = this;
    const now = this.values();
    const slug = article.id ?? this.slug.value;
    const { locale } = article;
    if (!article.id && this.known(slug)) {
      this.slug.setCustomValidity(t("editor.slug_taken"));
      this.slug.reportValidity();
      this.slug.addEventListener("input", () => this.slug.setCustomValidity(""), { once: true });
      return;
    }
    const body = { ...now, base_version: baseVersion };
    if (this.theme) body.theme = this.theme.value;
    let answer;
    try {
      answer = await put(path(slug), body, { locale });
    } catch (error) {
      if (error.status === 409 && article.id) {
        await this.settle(article);
        return;
      }
      throw error;
    }
    said(t("editor.published", { version: answer.version }));
    const live = { ...article, ...now, id: slug, version: answer.version };
    if (this.article === article) {
      redraw(this.panel, () => this.begin(live, now, { gap }));
      this.changed();
    }
    await gap?.(slug);
    if (this.gap === gap) this.gap = null;
    await this.onSaved(slug, { locale, left: this.article !== live });
  }

  /** Someone published meanwhile: show the difference and let the lead decide. */
  async settle(article) {
    const theirs = await get(path(article.id), { locale: article.locale });
    if (this.article !== article) return;
    const overwrite = await dialog(t("conflict.title"), (close) => h("div", { class: "stack" },
      h("p", null, t("conflict.text", { version: theirs.version })),
      articleDiff(theirs, this.values()),
      h("div", { class: "row row-end" },
        h("button", { type: "button", class: "button", on: { click: () => close(false) } }, t("conflict.keep")),
        h("button", { type: "button", class: "button button-primary", on: { click: () => close(true) } }, t("conflict.overwrite")))), { wide: true });
    if (overwrite) await this.publish(theirs.version);
  }

  async reload(article) {
    const { id, locale } = article;
    if (this.article === article) await this.open(id, locale);
    await this.onSaved(id, { locale, left: this.article?.id !== id || this.article.locale !== locale });
  }
}
