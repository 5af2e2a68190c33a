/** What the bot could not answer, grouped; each group leads to a decision. */

import { get, post } from "../lib/api.js";
import { confirm, dialog } from "../lib/dialog.js";
import { debounce, fill, h, icon } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { formatAgo, formatFull, formatShare, label, quoted, t } from "../lib/texts.js";

const locales = (document.getElementById("main").dataset.locales ?? "fr").split(",");
const decide = (group, decision, slug) => post("gaps/decisions", { gap: group.id, decision, slug });

/** Articles the bot weighed, as `[slug, probability]`; effects carry pairs or objects. */
function weighed(group) {
  return (group.candidates ?? []).map((entry) => (Array.isArray(entry) ? entry : [entry.id, entry.probability]))
    .filter(([slug]) => slug);
}

export class Gaps {
  /** `write(seed)` opens the editor on a new article; `counted(n)` tells how many groups wait. */
  constructor(panel, { write, counted }) {
    Object.assign(this, { write, counted });
    this.sort = "count";
    this.language = "";
    this.decided = false;
    this.list = h("ul", { class: "gap-list", "aria-label": t("gaps.list") });
    const sortButton = (key) => h("button", { type: "button", "aria-pressed": String(this.sort === key), on: { click: (event) => {
      this.sort = key;
      for (const button of event.currentTarget.parentElement.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      void this.refresh().catch(failed);
    } } }, t(`gaps.by_${key}`));
    this.languages = h("select", { class: "select", id: "gap-language", on: { change: (event) => { this.language = event.target.value; void this.refresh().catch(failed); } } },
      h("option", { value: "" }, t("filter.locales")),
      locales.map((locale) => h("option", { value: locale }, label("language", locale))));
    this.state = h("span", { class: "small quiet", role: "status" });
    fill(panel, h("div", { class: "stack" },
      h("p", { class: "quiet" }, t("gaps.help")),
      h("div", { class: "row" },
        h("div", { class: "segment", role: "group", "aria-label": t("gaps.sort") }, sortButton("count"), sortButton("newest")),
        h("label", { class: "visually-hidden", for: "gap-language" }, t("filter.locale")), this.languages,
        h("label", { class: "check" }, h("input", { type: "checkbox", id: "gap-decided", on: { change: (event) => { this.decided = event.target.checked; void this.refresh().catch(failed); } } }), t("gaps.decided")),
        this.state),
      this.list));
  }

  async refresh() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const found = await get("gaps", { decided: this.decided || null, sort: this.sort, locale: this.language });
    if (turn !== this.turn) return;
    this.counted(found.waiting);
    this.draw(found);
  }

  draw({ gaps: shown, total }) {
    this.state.textContent = shown.length < total ? t("gaps.count_first", { n: total, shown: shown.length }) : t("gaps.count", { n: total });
    fill(this.list, shown.length ? shown.map((group) => this.row(group))
      : h("li", { class: "empty card" }, icon("check"), h("h2", null, t("gaps.none")), h("p", null, t("gaps.none_help"))));
  }

  row(group) {
    const others = (group.examples ?? []).filter((text) => text !== group.text);
    const action = (key, name, run) => h("button", { type: "button", class: "button", on: { click: (event) => void run.call(this, group, event.currentTarget) } }, icon(name), t(`gaps.${key}`));
    return h("li", { class: "gap card", dataset: { gap: group.id } },
      h("div", null,
        h("p", { class: "gap-text", lang: group.language }, quoted(group.text)),
        h("p", { class: "small quiet" }, label("language", group.language), " · ",
          h("time", { datetime: group.last_at, "data-ago": true, title: formatFull(group.last_at) }, formatAgo(group.last_at)),
          group.decision && h("span", null, " · ", h("span", { class: "tag tag-ok" }, t(`gaps.was_${group.decision}`, { slug: group.slug ?? "" }))))),
      h("p", { class: "gap-count small quiet" }, h("strong", null, group.count), t("gaps.times", { n: group.count })),
      (others.length > 0 || group.conversations?.length > 0) && h("details", null,
        h("summary", null, t("gaps.more", { n: group.count })),
        h("ul", null, others.map((text) => h("li", { lang: group.language }, text)),
          (group.conversations ?? []).map((id, index) => h("li", null, h("a", { href: `/dashboard#conversation/${id}` }, t("gaps.conversation", { number: index + 1 })))))),
      h("div", { class: "row" },
        action("write", "plus", this.toArticle),
        action("phrasing", "link", this.toPhrasing),
        action("out_of_scope", "close", this.toOutOfScope)));
  }

  toArticle(group) {
    this.write({
      locale: group.language,
      variants: [group.text, ...(group.examples ?? []).filter((text) => text !== group.text)],
      gap: async (slug) => {
        await decide(group, "article", slug);
        await this.refresh();
      },
    });
  }

  async toPhrasing(group, button) {
    const slug = await this.pick(group);
    if (!slug) return;
    const done = await attempt(button, async () => {
      await decide(group, "phrasing", slug.id);
      await this.refresh();
    });
    if (done) said(t("gaps.phrasing_done", { title: slug.title }));
  }

  async toOutOfScope(group, button) {
    if (!(await confirm(t("gaps.scope_title"), t("gaps.scope_text"), t("gaps.out_of_scope")))) return;
    const done = await attempt(button, async () => {
      await decide(group, "out_of_scope");
      await this.refresh();
    });
    if (done) said(t("gaps.scope_done"));
  }

  /** Choose the article a message belongs to: suggestions of the bot first, then a search. */
  pick(group) {
    return dialog(t("gaps.pick_title"), (close) => {
      const list = h("ul", { class: "option-list", "aria-label": t("articles.list") });
      const search = h("input", { class: "input", id: "pick-search", type: "search", placeholder: t("articles.search"), autocomplete: "off" });
      const option = (article, probability) => h("li", null, h("button", { type: "button", class: "button", on: { click: () => close(article) } },
        h("span", { class: "grow" }, article.title),
        probability !== undefined && h("span", { class: "tag tag-accent" }, formatShare(probability))));
      let all = [];
      const draw = async () => {
        const words = search.value.trim();
        if (words) {
          const articles = await this.candidates(group, words);
          if (words === search.value.trim()) fill(list, articles.slice(0, 12).map((article) => option(article)), !articles.length && h("li", { class: "quiet" }, t("articles.none")));
          return;
        }
        fill(list, all.map(([article, probability]) => option(article, probability)), !all.length && h("li", { class: "quiet" }, t("gaps.no_suggestion")));
      };
      search.addEventListener("input", debounce(() => void draw().catch(failed), 150));
      void this.suggestions(group).then((found) => { all = found; return draw(); }).catch(failed);
      return h("div", { class: "stack" },
        h("blockquote", { class: "gap-text", lang: group.language }, group.text),
        h("label", { class: "visually-hidden", for: "pick-search" }, t("articles.search")), search,
        h("h3", null, t("gaps.suggestions")), list);
    });
  }

  /** Articles in the group's language, and French ones where there is none: the French text learns the phrasing then. */
  async candidates(group, q = "") {
    const asked = [...new Set([group.language, "fr"])].filter((locale) => locales.includes(locale));
    const lists = await Promise.all(asked.map(async (locale) => (await get("articles", { locale, q })).articles));
    return [...new Map(lists.flat().reverse().map((article) => [article.id, article])).values()].reverse();
  }

  /** What the bot would weigh for this text now; where it does not answer, what it weighed then. */
  async suggestions(group) {
    let pairs = weighed(group);
    try {
      const seen = await post("try", { text: group.text, locale: group.language });
      if (seen.articles?.length) pairs = seen.articles.map((article) => [article.id, article.probability]);
    } catch {
      // The dialogue process rests: yesterday's candidates serve as well.
    }
    const articles = await this.candidates(group);
    const titles = new Map(articles.map((article) => [article.id, article]));
    return pairs.filter(([slug]) => titles.has(slug)).slice(0, 5).map(([slug, probability]) => [titles.get(slug), probability]);
  }
}
