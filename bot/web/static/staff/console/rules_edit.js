/** One routing rule: read as a sentence, changed in a dialogue. */

import { dialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { has, label, t } from "../lib/texts.js";
import { QUEUES, THEMES } from "../lib/themes.js";

const GROUPS = { danger: "danger", language: "language", theme: "queue", mood: "mood", spoken: "yesno", person_only: "yesno", channel: "channel" };

/** A value of a fact in words. */
export function word(fact, value) {
  if (value === "any") return t("rules.any");
  if (value === "none") return t("rules.none");
  if (value === "other" && fact === "language") return t("rules.other_language");
  return label(GROUPS[fact], value);
}

/** A rule's name: a shipped rule's in the reader's language, a lead's own as they wrote it. */
export const title = (id) => (has(`rule.${id}`) ? t(`rule.${id}`) : id);

/** "If language: French, subject: any → queue of the subject, priority high". */
export function named(rule) {
  const when = Object.entries(rule.when).map(([fact, values]) => `${t(`rules.fact_${fact}`)} : ${values.map((value) => word(fact, value)).join(", ")}`);
  const { queue, priority, level, tags } = rule.then;
  const then = [queue && t("rules.to_queue", { queue: queue === "{theme}" ? t("rules.queue_of_theme") : queue === "{language}" ? t("rules.queue_of_language") : label("queue", queue) }),
    priority && t("rules.with_priority", { priority: t(`priority.${priority}`) }), level && t("rules.at_level", { level }), tags?.length && t("rules.with_tags", { tags: tags.join(", ") })];
  return `${when.length ? when.join(" ; ") : t("rules.always")} → ${then.filter(Boolean).join(", ")}`;
}

/** A dialogue for a rule; resolves with the rule as changed, or null. */
export function editRule(rule, facts) {
  const shown = rule.id && title(rule.id);
  return dialog(shown || t("rules.add"), (close) => {
    const name = h("input", { class: "input", id: "rule-name", required: true, maxlength: 60, value: shown });
    const checks = Object.entries(facts).map(([fact, known]) => {
      const open = known.length === 0;
      const values = [...(open ? THEMES : known), ...(open ? ["none"] : []), ...(open || fact === "danger" ? ["any"] : [])];
      const chosen = new Set(rule.when[fact] ?? []);
      for (const value of chosen) if (!values.includes(value)) values.push(value);
      const boxes = values.map((value) => h("input", { type: "checkbox", value, checked: chosen.has(value) }));
      return { fact, boxes, node: h("details", { open: chosen.size > 0 }, h("summary", null, t(`rules.fact_${fact}`)),
        h("div", { class: "row" }, boxes.map((box) => h("label", { class: "check" }, box, word(fact, box.value))))) };
    });
    const queue = h("input", { class: "input", id: "rule-queue", maxlength: 60, list: "rule-queues", value: rule.then.queue ?? "" });
    const select = (id, values, chosen, words) => h("select", { class: "select", id },
      ["", ...values].map((value) => h("option", { value, selected: value === (chosen ?? "") }, value ? words(value) : t("rules.unchanged"))));
    const priority = select("rule-priority", ["urgent", "high", "normal"], rule.then.priority, (value) => t(`priority.${value}`));
    const level = select("rule-level", ["L1", "L2", "expert"], rule.then.level, String);
    const tags = h("input", { class: "input", id: "rule-tags", value: (rule.then.tags ?? []).join(", ") });
    const field = (id, text, control, hint) => h("div", { class: "field" }, h("label", { for: id }, text), control, hint && h("p", { class: "hint" }, hint));
    const made = () => {
      const when = Object.fromEntries(checks.map(({ fact, boxes }) => [fact, boxes.filter((box) => box.checked).map((box) => box.value)]).filter(([, values]) => values.length));
      const words = tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
      const written = name.value.trim();
      return { id: written === shown ? rule.id : written, when, then: { ...(queue.value.trim() && { queue: queue.value.trim() }), ...(priority.value && { priority: priority.value }), ...(level.value && { level: level.value }), ...(words.length && { tags: words }) } };
    };
    return h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); close(made()); } } },
      field("rule-name", t("rules.name"), name),
      h("fieldset", { class: "stack" }, h("legend", null, t("rules.when")), h("p", { class: "small quiet" }, t("rules.when_help")), checks.map(({ node }) => node)),
      h("fieldset", { class: "stack" }, h("legend", null, t("rules.then")),
        h("datalist", { id: "rule-queues" }, ["{theme}", "{language}", ...QUEUES].map((value) => h("option", { value }))),
        field("rule-queue", t("rules.queue"), queue, t("rules.queue_help")),
        h("div", { class: "row" }, field("rule-priority", t("rules.priority"), priority), field("rule-level", t("rules.level"), level)),
        field("rule-tags", t("rules.tags"), tags)),
      h("div", { class: "row row-end" },
        h("button", { type: "button", class: "button", on: { click: () => close() } }, t("cancel")),
        h("button", { type: "submit", class: "button button-primary" }, t("rules.keep"))));
  }, { wide: true });
}
