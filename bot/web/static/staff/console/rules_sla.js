/** Service levels: minutes a queue and priority, in whose hours, and when to warn. */

import { get, put } from "../lib/api.js";
import { fill, h, icon } from "../lib/dom.js";
import { attempt, said } from "../lib/notify.js";
import { t } from "../lib/texts.js";
import { QUEUES } from "../lib/themes.js";
import { head } from "./rules_head.js";

const TARGETS = ["first_response", "next_response", "resolution"];

export class ServiceLevels {
  constructor(panel) {
    this.panel = panel;
    this.changed = false;
  }

  async refresh() {
    this.saved = await get("sla");
    this.value = structuredClone(this.saved.value);
    this.changed = false;
    this.draw();
  }

  draw() {
    this.save = h("button", { type: "submit", class: "button button-primary", disabled: !this.changed }, t("rules.save"));
    const heads = ["queue", "priority", ...TARGETS.map((target) => `min_${target}`), "hours", "remove_row"];
    fill(this.panel, head("levels", this.saved),
      h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); void attempt(this.save, () => this.store()); } } },
        h("datalist", { id: "sla-queues" }, ["*", ...QUEUES].map((value) => h("option", { value }))),
        h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": t("rules.levels") }, h("table", { class: "sla-table" },
          h("thead", null, h("tr", null, heads.map((key) => h("th", { scope: "col" }, t(`rules.${key}`))))),
          h("tbody", null, this.value.policies.map((row, index) => this.row(row, index))))),
        h("button", { type: "button", class: "button", on: { click: () => { this.value.policies.unshift({ queue: "*", priority: "*", calendar: "desk" }); this.again(); } } }, icon("plus"), t("rules.add_level")),
        this.saved.notes.length > 0 && h("ul", { class: "problems" }, this.saved.notes.map((note) => h("li", null, note))),
        this.calendars(), this.warnings(),
        h("div", { class: "row row-end" },
          this.changed && h("button", { type: "button", class: "button", on: { click: () => void attempt(null, () => this.refresh()) } }, t("rules.discard")), this.save)));
  }

  again() {
    this.changed = true;
    this.draw();
  }

  touch() {
    this.changed = true;
    this.save.disabled = false;
  }

  row(row, index) {
    const name = (key) => t("rules.of_row", { what: t(`rules.${key}`), n: index + 1 });
    const queue = h("input", { class: "input", list: "sla-queues", maxlength: 60, "aria-label": name("queue"), value: row.queue, on: { input: () => { row.queue = queue.value.trim(); this.touch(); } } });
    const priority = h("select", { class: "select", "aria-label": name("priority"), on: { change: () => { row.priority = priority.value; this.touch(); } } },
      ["*", "urgent", "high", "normal"].map((value) => h("option", { value, selected: value === row.priority }, value === "*" ? t("rules.any") : t(`priority.${value}`))));
    const minutes = TARGETS.map((target) => {
      const input = h("input", { class: "input", type: "number", min: 1, step: 1, "aria-label": name(`min_${target}`), value: row[target] ?? "", on: { input: () => { row[target] = input.value === "" ? null : Number(input.value); this.touch(); } } });
      return input;
    });
    const calendars = ["desk", "24/7", ...Object.keys(this.value.calendars)];
    if (row.calendar && !calendars.includes(row.calendar)) calendars.push(row.calendar);
    const hours = h("select", { class: "select", "aria-label": name("hours"), on: { change: () => { row.calendar = hours.value; this.touch(); } } },
      calendars.map((value) => h("option", { value, selected: value === row.calendar }, value === "desk" ? t("rules.desk_hours") : value)));
    const remove = h("button", { type: "button", class: "quiet-button", "aria-label": name("remove_row"), on: { click: () => { this.value.policies.splice(index, 1); this.again(); } } }, icon("close"));
    return h("tr", null, [queue, priority, ...minutes, hours, remove].map((control) => h("td", null, control)));
  }

  calendars() {
    const text = h("textarea", { class: "textarea", id: "sla-calendars", rows: 3, on: { input: () => { this.value.calendars = parse(text.value); this.touch(); } } });
    text.value = Object.entries(this.value.calendars).map(([name, given]) => [name, given.hours ?? "", given.timezone ?? "", given.holidays ?? ""].join(" | ")).join("\n");
    return h("div", { class: "field" }, h("label", { for: "sla-calendars" }, t("rules.calendars")), text,
      h("p", { class: "hint" }, t("rules.calendars_help", { hours: this.saved.desk_hours, timezone: this.saved.timezone })));
  }

  warnings() {
    const share = h("input", { class: "input", id: "sla-share", type: "number", min: 10, max: 95, step: 1, value: Math.round(this.value.warn_share * 100), on: { input: () => { this.value.warn_share = Number(share.value) / 100; this.touch(); } } });
    const days = h("input", { class: "input", id: "sla-days", type: "number", min: 1, max: 30, step: 1, value: this.value.long_days, on: { input: () => { this.value.long_days = Number(days.value); this.touch(); } } });
    return h("div", { class: "row" },
      h("div", { class: "field" }, h("label", { for: "sla-share" }, t("rules.warn_share")), share),
      h("div", { class: "field" }, h("label", { for: "sla-days" }, t("rules.long_days")), days));
  }

  async store() {
    await put("sla", { base_version: this.saved.version, value: this.value });
    said(t("rules.saved"));
    await this.refresh();
  }
}

/** "name | mon-fri 08:00-20:00 | Europe/Paris | FR" a line. */
function parse(text) {
  const rows = text.split("\n").map((line) => line.split("|").map((part) => part.trim())).filter(([name]) => name);
  return Object.fromEntries(rows.map(([name, hours = "", timezone = "", holidays = ""]) => [name, { hours, timezone, holidays }]));
}
