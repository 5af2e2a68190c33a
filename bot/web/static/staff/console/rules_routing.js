/** Routing rules in order, the language nobody speaks, queues that overflow; a try before saving. */

import { get, post, put } from "../lib/api.js";
import { fill, h, icon } from "../lib/dom.js";
import { attempt, said } from "../lib/notify.js";
import { label, t } from "../lib/texts.js";
import { LANGUAGES, QUEUES, THEMES } from "../lib/themes.js";
import { editRule, named, title } from "./rules_edit.js";
import { head } from "./rules_head.js";

const field = (id, text, control, hint) => h("div", { class: "field" }, h("label", { for: id }, text), control, hint && h("p", { class: "hint" }, hint));
const options = (values, chosen, text) => values.map((value) => h("option", { value, selected: value === chosen }, text(value)));

export class Routing {
  constructor(panel) {
    this.panel = panel;
    this.changed = false;
  }

  async refresh() {
    this.saved = await get("routing");
    this.value = structuredClone(this.saved.value);
    this.notes = this.saved.notes;
    this.changed = false;
    this.draw();
  }

  touch() {
    this.changed = true;
    this.save.disabled = false;
  }

  draw() {
    this.save = h("button", { type: "submit", class: "button button-primary", disabled: !this.changed }, t("rules.save"));
    this.list = h("ol", { class: "rule-list" }, this.value.rules.map((rule, index) => this.row(rule, index)));
    fill(this.panel, head("routing", this.saved),
      h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); void attempt(this.save, () => this.store()); } } },
        this.list,
        h("button", { type: "button", class: "button", on: { click: () => void this.edit(null) } }, icon("plus"), t("rules.add")),
        this.notes.length > 0 && h("ul", { class: "problems" }, this.notes.map((note) => h("li", null, note))),
        this.assignment(), this.fallback(), this.overflows(),
        h("div", { class: "row row-end" },
          this.changed && h("button", { type: "button", class: "button", on: { click: () => void attempt(null, () => this.refresh()) } }, t("rules.discard")), this.save)),
      this.tryOut());
  }

  row(rule, index) {
    const tool = (key, name, off, run) => h("button", { type: "button", class: "quiet-button", disabled: off, "aria-label": t(`rules.${key}`, { name: title(rule.id) }), title: t(`rules.${key}`, { name: title(rule.id) }), on: { click: run } }, name);
    const move = (by) => () => {
      const [taken] = this.value.rules.splice(index, 1);
      this.value.rules.splice(index + by, 0, taken);
      this.changed = true;
      this.draw();
      this.list.children[index + by].querySelector("button:not([disabled])")?.focus();
    };
    return h("li", { class: "rule" },
      h("div", null, h("strong", null, title(rule.id)), h("p", { class: "small" }, named(rule))),
      h("div", { class: "row" },
        tool("up", "↑", index === 0, move(-1)), tool("down", "↓", index === this.value.rules.length - 1, move(1)),
        tool("edit", t("rules.edit_short"), false, () => void this.edit(index)),
        tool("remove", icon("close"), false, () => {
          this.value.rules.splice(index, 1);
          this.changed = true;
          this.draw();
        })));
  }

  async edit(index) {
    const made = await editRule(index === null ? { id: "", when: {}, then: {} } : this.value.rules[index], this.saved.facts);
    if (!made) return;
    if (index === null) this.value.rules.splice(Math.max(0, this.value.rules.length - 1), 0, made);
    else this.value.rules[index] = made;
    this.changed = true;
    this.draw();
  }

  assignment() {
    const select = h("select", { class: "select", id: "rules-assignment", on: { change: () => { this.value.assignment = select.value; this.touch(); } } },
      options(["off", "suggest", "auto"], this.value.assignment, (name) => t(`rules.assign_${name}`)));
    return field("rules-assignment", t("rules.assignment"), select, t("rules.assignment_help"));
  }

  fallback() {
    const now = this.value.fallback;
    const queue = h("input", { class: "input", id: "rules-fallback", list: "rules-queues", maxlength: 60, value: now.queue, on: { input: () => { now.queue = queue.value; this.touch(); } } });
    const tell = h("input", { type: "checkbox", id: "rules-tell", checked: now.tell, on: { change: () => { now.tell = tell.checked; this.touch(); } } });
    const text = h("textarea", { class: "textarea", id: "rules-told", rows: 3, on: { input: () => { now.text = parse(text.value); this.touch(); } } });
    text.value = Object.entries(now.text).map(([code, words]) => `${code}: ${words}`).join("\n");
    return h("fieldset", { class: "stack" }, h("legend", null, t("rules.fallback")),
      h("p", { class: "small quiet" }, t("rules.fallback_help")),
      h("datalist", { id: "rules-queues" }, QUEUES.map((value) => h("option", { value }))),
      field("rules-fallback", t("rules.fallback_queue"), queue),
      h("label", { class: "check" }, tell, t("rules.tell")),
      field("rules-told", t("rules.told"), text, t("rules.told_help")));
  }

  overflows() {
    const lines = Object.entries(this.value.queues).map(([name, given]) => `${name} ${given.overflow.after_minutes} ${given.overflow.to}`);
    const text = h("textarea", { class: "textarea", id: "rules-overflow", rows: 3, on: { input: () => { this.value.queues = overflow(text.value); this.touch(); } } });
    text.value = lines.join("\n");
    return field("rules-overflow", t("rules.overflow"), text, t("rules.overflow_help"));
  }

  tryOut() {
    const choice = (id, text, values, words) => {
      const select = h("select", { class: "select", id }, values.map((value) => h("option", { value }, value ? words(value) : "–")));
      return [field(id, text, select), select];
    };
    const [language, chosen] = choice("rules-try-language", t("rules.fact_language"), [...LANGUAGES, "pl"], (code) => label("language", code));
    const [theme, about] = choice("rules-try-theme", t("rules.fact_theme"), ["", ...THEMES], (name) => label("queue", name));
    const [danger, risk] = choice("rules-try-danger", t("rules.fact_danger"), ["", ...this.saved.facts.danger.filter((name) => name !== "none")], (name) => label("danger", name));
    const result = h("p", { role: "status" });
    const button = h("button", { type: "submit", class: "button" }, t("rules.try"));
    return h("form", { class: "row rules-try", on: { submit: (event) => {
      event.preventDefault();
      void attempt(button, async () => {
        const found = await post("routing/try", { language: chosen.value, theme: about.value || null, danger: risk.value || null });
        result.textContent = [t("rules.tried", { queue: label("queue", found.queue), priority: t(`priority.${found.priority}`), rule: found.rule ? title(found.rule) : "–" }), found.told].filter(Boolean).join(" ");
      });
    } } }, language, theme, danger, button, result);
  }

  async store() {
    const made = await put("routing", { base_version: this.saved.version, value: this.value });
    said(t("rules.saved"));
    await this.refresh();
    this.notes = made.notes;
  }
}

/** "nl: tekst" a line. */
function parse(text) {
  const pairs = text.split("\n").map((line) => line.match(/^\s*([a-z]{2,5})\s*:\s*(.+)$/i)).filter(Boolean);
  return Object.fromEntries(pairs.map(([, code, words]) => [code.toLowerCase(), words.trim()]));
}

/** "facture 30 fr" a line; what is not complete is sent as it is, so that the server says what is missing. */
function overflow(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(lines.map((line) => {
    const [name, minutes, to] = line.split(/\s+/);
    return [name, { overflow: { after_minutes: Number(minutes) || 0, to: to ?? "" } }];
  }));
}
