/** Macros: a list, and one under edit with its texts by language; what agents asked for above it. */

import { get, post, put } from "../lib/api.js";
import { confirm, dialog } from "../lib/dialog.js";
import { fill, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, said } from "../lib/notify.js";
import { formatAgo, label, quoted, t } from "../lib/texts.js";
import { THEMES } from "../lib/themes.js";
import { question } from "../inbox/macros.js";
import { partsDiff } from "./versions.js";

const LOCALES = document.getElementById("main").dataset.locales.split(",");
const EMPTY = { id: null, name: "", theme: null, texts: {}, version: 0, active: true };

/** What a lead writes of a macro, in every language there is: two of these compare as text. */
const written = ({ name, theme, texts }) => ({ name, theme: theme || null, texts: Object.fromEntries(LOCALES.map((locale) => [locale, texts[locale] ?? ""])) });
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A colleague saved meanwhile: show what this text would change of theirs. Resolves to whether it is to be saved all the same. */
function overwrite(theirs, mine) {
  const theme = (macro) => (macro.theme ? label("queue", macro.theme) : t("macros.any_theme"));
  const parts = [[t("macros.name"), theirs.name, mine.name], [t("macros.theme"), theme(theirs), theme(mine)],
    ...LOCALES.map((locale) => [t("macros.text", { language: label("language", locale) }), theirs.texts[locale] ?? "", mine.texts[locale]])];
  return dialog(t("macros.conflict_title"), (close) => h("div", { class: "stack" },
    h("p", null, t("macros.conflict_text", { author: theirs.author })),
    partsDiff(parts),
    h("div", { class: "row row-end" },
      h("button", { type: "button", class: "button", on: { click: () => close(false) } }, t("conflict.keep")),
      h("button", { type: "button", class: "button button-primary", on: { click: () => close(true) } }, t("macros.overwrite")))), { wide: true });
}

export class Macros {
  constructor(panel) {
    this.list = h("ul", { class: "article-list card", "aria-label": t("macros.list") });
    this.form = h("div", { class: "article-main" });
    this.asked = h("div");
    this.current = null;
    addEventListener("beforeunload", (event) => {
      if (this.dirty()) event.preventDefault();
    });
    fill(panel, h("div", { class: "stack" },
      h("p", { class: "quiet" }, t("macros.help")), this.asked,
      h("div", { class: "articles macros" },
        h("div", { class: "article-side" },
          h("div", { class: "article-tools" }, h("button", { type: "button", class: "button", on: { click: () => void this.pick({ ...EMPTY }) } }, icon("plus"), t("macros.new"))),
          this.list),
        this.form)));
  }

  async refresh() {
    const [{ macros, placeholders }, { requests }] = await Promise.all([get("macros", { all: true }), get("requests", { status: "open" })]);
    this.macros = macros;
    this.places = placeholders;
    this.drawList();
    this.drawAsked(requests);
    if (!this.current) this.rest();
  }

  rest() {
    this.current = null;
    fill(this.form, h("div", { class: "empty card" }, icon("note"), h("h2", null, t(this.macros.length ? "macros.pick" : "macros.none")), h("p", null, t("macros.none_help"))));
  }

  /** True while something stands in the form that nobody saved. */
  dirty() {
    return Boolean(this.current) && !same(this.values(), this.base);
  }

  /** Edit a macro, unless the lead minds what would be lost. */
  async pick(macro) {
    if (this.dirty() && !(await confirm(t("macros.unsaved_title"), t("macros.unsaved_text"), t("editor.unsaved_yes")))) return;
    this.edit(macro);
  }

  drawList() {
    fill(this.list, this.macros.map((macro) => h("li", null, h("button", {
      type: "button", "aria-current": macro.id === this.current?.id ? "true" : null, on: { click: () => void this.pick(macro) },
    }, macro.name, h("span", { class: "small" }, [Object.keys(macro.texts).map((locale) => locale.toUpperCase()).join(" "), t("macros.uses", { n: macro.uses }), !macro.active && t("macros.retired")].filter(Boolean).join(" · "))))),
    !this.macros.length && h("li", { class: "quiet small empty" }, t("macros.none")));
  }

  drawAsked(requests) {
    // Answers begun stay in their boxes.
    keep(this.asked, requests.length > 0 && h("section", { class: "card asked stack" }, h("h2", null, t("console.requests"), " ", h("span", { class: "tag tag-wait" }, String(requests.length))),
      h("p", { class: "quiet small" }, t("requests.help")),
      h("ul", { class: "gap-list" }, requests.map((request) => this.request(request)))));
  }

  request(request) {
    const id = `answer-${request.id}`;
    const answer = h("input", { class: "input", id, maxlength: "1000", autocomplete: "off" });
    const settle = (status) => (event) => void attempt(event.currentTarget, async () => {
      await post(`requests/${request.id}`, { status, answer: document.getElementById(id).value });
      said(t("requests.settled"));
      await this.refresh();
    });
    return h("li", { class: "asked-item stack", dataset: { key: `request-${request.id}` } },
      h("p", null, h("span", { class: "tag" }, t(`request.${request.kind}`)), " ", quoted(request.text), " ", h("span", { class: "quiet small" }, `${request.author} · ${formatAgo(request.at)}`)),
      h("div", { class: "row" },
        h("label", { class: "visually-hidden", for: id }, t("requests.answer", { name: request.author })),
        h("div", { class: "grow" }, Object.assign(answer, { placeholder: t("requests.answer", { name: request.author }) })),
        request.kind === "macro" && h("button", { type: "button", class: "button", on: { click: () => void this.pick({ ...EMPTY }) } }, t("requests.write_macro")),
        h("button", { type: "button", class: "button button-primary", on: { click: settle("done") } }, t("requests.done")),
        h("button", { type: "button", class: "button", on: { click: settle("declined") } }, t("requests.declined"))));
  }

  edit(given) {
    let macro = given;
    this.current = macro;
    this.drawList();
    const name = h("input", { class: "input", id: "macro-name", maxlength: "80", required: true, value: macro.name, autocomplete: "off" });
    const theme = h("select", { class: "select", id: "macro-theme" }, h("option", { value: "" }, t("macros.any_theme")),
      THEMES.map((code) => h("option", { value: code, selected: code === macro.theme }, label("queue", code))));
    const boxes = new Map(LOCALES.map((locale) => [locale, h("textarea", { class: "textarea", id: `macro-${locale}`, lang: locale, maxlength: "4000", value: macro.texts[locale] ?? "" })]));
    let last = boxes.get(LOCALES[0]);
    for (const box of boxes.values()) box.addEventListener("focus", () => { last = box; });
    const put_in = (text) => {
      last.setRangeText(`{{${text}}}`, last.selectionStart, last.selectionEnd, "end");
      last.focus();
    };
    const problem = h("p", { class: "error", role: "alert", hidden: true });
    const save = h("button", { type: "submit", class: "button button-primary" }, t("macros.save"));
    const retire = h("button", { type: "button", class: "button", on: { click: () => void send(!macro.active) } });
    const values = () => ({ name: name.value, theme: theme.value || null, texts: Object.fromEntries([...boxes].map(([locale, box]) => [locale, box.value])) });
    this.values = values;
    this.base = values();
    // Another macro may be in the form by the time an answer comes.
    const here = () => this.values === values;
    const show = () => {
      retire.hidden = !macro.id;
      retire.textContent = t(macro.active ? "macros.retire" : "macros.restore");
    };
    const became = (saved, sent) => {
      macro = saved;
      if (!here()) return;
      this.current = saved;
      this.base = written(saved);
      // What was typed since stays; the rest stands as it was kept.
      if (name.value === sent.name) name.value = this.base.name;
      for (const [locale, box] of boxes) if (box.value === sent.texts[locale]) box.value = this.base.texts[locale];
      show();
    };
    const refused = (error) => {
      problem.textContent = error.detail;
      problem.hidden = false;
      problem.scrollIntoView({ block: "nearest" });
    };
    const store = async (active) => {
      const body = values();
      let saved;
      try {
        saved = macro.id ? await put(`macros/${macro.id}`, { ...body, version: macro.version, active }) : await post("macros", body);
      } catch (error) {
        if (![400, 409].includes(error.status)) throw error;
        if (error.status === 409 && macro.id) await this.refresh();
        const theirs = this.macros.find((one) => one.id === macro.id);
        if (!here()) throw error;
        // The name may be taken, or a colleague was faster with this very macro.
        if (error.status === 400 || !theirs || theirs.version === macro.version) {
          refused(error);
          return;
        }
        if (!(await overwrite(theirs, values()))) return;
        const kept = active === macro.active ? theirs.active : active;
        macro = { ...macro, version: theirs.version, active: theirs.active };
        show();
        await store(kept);
        return;
      }
      became(saved, body);
      said(t("macros.saved", { name: saved.name }));
      await this.refresh();
    };
    const send = (active) => attempt(save, () => {
      problem.hidden = true;
      return store(active);
    });
    show();
    // Languages written so far are open, the others one click away.
    fill(this.form, h("form", { class: "card macro-form stack", on: { submit: (event) => { event.preventDefault(); void send(macro.active); } } },
      h("div", { class: "row" },
        h("div", { class: "field grow" }, h("label", { for: "macro-name" }, t("macros.name")), name),
        h("div", { class: "field" }, h("label", { for: "macro-theme" }, t("macros.theme")), theme)),
      h("div", { class: "row places", role: "group", "aria-label": t("macros.places") }, h("span", { class: "small quiet" }, t("macros.places")),
        this.places.map((place) => h("button", { type: "button", class: "tag place", on: { click: () => put_in(place) } }, question(place))),
        h("button", { type: "button", class: "tag place", on: { click: () => put_in("ask.…") } }, t("macros.ask_place"))),
      LOCALES.map((locale, index) => h("details", { open: Boolean(macro.texts[locale]) || (index === 0 && !Object.keys(macro.texts).length) },
        h("summary", null, h("label", { for: `macro-${locale}` }, t("macros.text", { language: label("language", locale) }))), boxes.get(locale))),
      problem,
      h("div", { class: "row row-end" }, retire, save)));
    if (!macro.id) name.focus();
  }
}
