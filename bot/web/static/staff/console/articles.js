/** The list of articles beside the editor. */

import { get } from "../lib/api.js";
import { debounce, fill, h, icon } from "../lib/dom.js";
import { attempt, failed } from "../lib/notify.js";
import { formatAgo, formatFull, label, t } from "../lib/texts.js";
import { Editor } from "./editor.js";

const locales = (document.getElementById("main").dataset.locales ?? "fr").split(",");

/** A select of the locales articles may have. */
export function localeSelect(id, value, onChange) {
  return h("select", { class: "select", id, on: { change: (event) => onChange(event.target.value) } },
    locales.map((locale) => h("option", { value: locale, selected: locale === value }, label("language", locale))));
}

/** The tab with list and editor. `go(path)` changes the address; `context` is shared with the other tabs. */
export class Articles {
  constructor(panel, go) {
    this.go = go;
    this.locale = "fr";
    this.current = null;
    this.list = h("ul", { class: "article-list card", "aria-label": t("articles.list") });
    this.count = h("p", { class: "small quiet", role: "status" });
    this.search = h("input", { class: "input", type: "search", id: "article-search", placeholder: t("articles.search"), autocomplete: "off", maxlength: "200" });
    this.search.addEventListener("input", debounce(() => void this.refresh().catch(failed), 200));
    this.main = h("div", { class: "article-main" });
    this.editor = new Editor(this.main, {
      saved: (slug, how) => this.saved(slug, how),
      back: () => this.go("articles"),
      known: (slug) => this.slugs?.has(slug) ?? true,
    });
    this.root = h("div", { class: "articles" },
      h("div", { class: "article-side" },
        h("div", { class: "article-tools" },
          h("div", { class: "search" }, icon("search"), h("label", { class: "visually-hidden", for: "article-search" }, t("articles.search")), this.search),
          h("div", { class: "row" },
            h("label", { class: "visually-hidden", for: "article-locale" }, t("articles.locale")),
            localeSelect("article-locale", this.locale, (locale) => void this.switchLocale(locale)),
            h("button", { type: "button", class: "button", id: "article-new", on: { click: () => this.go(`articles/new/${this.locale}`) } }, icon("plus"), t("articles.new"))),
          this.count),
        this.list),
      this.main);
    fill(panel, this.root);
  }

  async switchLocale(locale) {
    if (!(await this.editor.mayLeave())) {
      document.getElementById("article-locale").value = this.locale;
      return;
    }
    this.editor.rest(); // asked once is enough
    this.locale = locale;
    this.slugs = null;
    this.go(this.current ? `articles/${this.current}/${locale}` : "articles");
    await this.refresh().catch(failed);
  }

  refresh() {
    return (this.latest = this.load());
  }

  async load() {
    const q = this.search.value.trim();
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const load = async (locale, words = q) => (await get("articles", { locale, q: words })).articles;
    // A locale's list also holds what waits for translation: customers read those in French.
    const [own, french] = await Promise.all([load(this.locale), this.locale === "fr" ? [] : load("fr")]);
    // Which articles there are is known from the whole list only; a language's own text goes before the French one.
    const whole = q && !this.slugs ? (await Promise.all([this.locale === "fr" ? [] : load("fr", ""), load(this.locale, "")])).flat() : null;
    if (turn !== this.turn) {
      await this.latest; // whoever waits for the list goes on with the newer one
      return;
    }
    const translated = new Set(own.map((article) => article.id));
    this.articles = [...own, ...french.filter((article) => !translated.has(article.id))].sort((a, b) => a.id.localeCompare(b.id));
    if (!q || whole) this.slugs = new Map((whole ?? this.articles).map((article) => [article.id, article.locale]));
    this.draw();
  }

  draw() {
    this.count.textContent = t("articles.count", { n: this.articles.length });
    fill(this.list, this.articles.length
      ? this.articles.map((article) => h("li", null, h("button", {
        type: "button", dataset: { slug: article.id }, "aria-current": article.id === this.current ? "true" : null,
        on: { click: () => this.go(`articles/${article.id}/${this.locale}`) },
      }, article.title, h("span", { class: "small" },
        [article.theme && label("queue", article.theme), article.locale !== this.locale && t("articles.untranslated"),
          article.person_only && t("articles.person_only"), article.edited && t("articles.edited"),
          article.updated_at && article.edited && formatAgo(article.updated_at)].filter(Boolean).join(" · ")))))
      : h("li", { class: "empty" }, h("p", null, t("articles.none")),
        h("button", { type: "button", class: "button", on: { click: () => { this.search.value = ""; void this.refresh().catch(failed); } } }, t("articles.all"))));
  }

  /** Show what the address says: `slug` may be "new"; `seed` prefills a new article. */
  async show(slug, locale, seed) {
    if (locale && locales.includes(locale) && locale !== this.locale) {
      this.locale = locale;
      document.getElementById("article-locale").value = locale;
      this.articles = null;
      this.slugs = null;
    }
    this.current = slug && slug !== "new" ? slug : null;
    this.root.classList.toggle("is-open", Boolean(slug));
    // Whether an article is translated is known from the whole list only.
    const mine = (this.showing = (this.showing ?? 0) + 1);
    if (!this.slugs || !this.articles) await this.refresh();
    else this.draw();
    if (mine !== this.showing) return; // another article was asked for meanwhile
    if (slug === "new") this.editor.start(this.locale, seed);
    else if (slug) await attempt(null, () => this.editor.open(slug, this.locale, this.slugs?.get(slug) ?? this.locale));
    else this.editor.rest();
  }

  /** The list shows what was published; a new article gets its address, unless the lead went on meanwhile. */
  async saved(slug, { locale, left }) {
    if (locale === this.locale) this.slugs?.set(slug, locale);
    const { current } = this;
    await this.refresh().catch(failed);
    const went = left || this.current !== current || this.editor.dirty();
    if (!went && current !== slug) this.go(`articles/${slug}/${locale}`);
  }
}

export const versionTime = (at) => h("time", { datetime: at, title: formatFull(at) }, formatAgo(at));
