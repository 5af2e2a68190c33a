/** Macros in the reply box: pick one, answer what it cannot know, check it, send it. */

import { get, post } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { byId, fill, h, icon } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { has, label, t } from "../lib/texts.js";

const folded = (text) => String(text).normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

/** A placeholder's name as a question: known ones have words, the agent's own stand for themselves. */
export const question = (name) => (name.startsWith("ask.") ? name.slice(4) : has(`place.${name}`) ? t(`place.${name}`) : name);

/** Put answers where a filled macro still has placeholders. */
export function complete(text, answers) {
  return text.replace(/\{\{\s*([^{}\n]*?)\s*\}\}/g, (whole, name) => answers[name] || whole);
}

/** Ask for what is missing; resolves with answers by name, or null. */
function askMissing(macro) {
  return dialog(t("macro.missing_title", { name: macro.name }), (close) => {
    const fields = macro.missing.map((name, index) => [name, h("input", { class: "input", id: `missing-${index}`, required: true, pattern: ".*\\S.*", title: t("macro.blank"), maxlength: "300", autocomplete: "off" })]);
    return h("form", { class: "stack", on: { submit: (event) => {
      event.preventDefault();
      close(Object.fromEntries(fields.map(([name, input]) => [name, input.value.trim()])));
    } } },
    h("p", { class: "quiet" }, t("macro.missing_text")),
    fields.map(([name, input]) => h("div", { class: "field" }, h("label", { for: input.id }, question(name)), input)),
    h("div", { class: "row row-end" }, h("button", { type: "submit", class: "button button-primary" }, t("macro.insert"))));
  });
}

/**
 * Fill macro `id` for a ticket; resolves with `{reference, id, text, locale}` ready for that ticket's reply box, or
 * null. `shows(reference)` says whether the agent still works on it: nothing is asked about another customer.
 */
export async function prepare(reference, id, shows) {
  const macro = await get(`tickets/${encodeURIComponent(reference)}/macros/${id}`);
  const { locale } = macro;
  if (!macro.missing.length) return { reference, id, locale, text: macro.text };
  const answers = shows(reference) ? await askMissing(macro) : null;
  return answers && { reference, id, locale, text: complete(macro.text, answers) };
}

/** Ask a lead for a macro or an article nobody wrote yet. */
export async function askForContent(reference, kind = "macro") {
  const given = await dialog(t("request.title"), (close) => {
    const choice = h("select", { class: "select", id: "request-kind" }, ["macro", "article"].map((name) => h("option", { value: name, selected: name === kind }, t(`request.${name}`))));
    const box = h("textarea", { class: "textarea", id: "request-text", maxlength: "2000", required: true });
    return h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); close({ kind: choice.value, text: box.value.trim() }); } } },
      h("div", { class: "field" }, h("label", { for: "request-kind" }, t("request.kind")), choice),
      h("div", { class: "field" }, h("label", { for: "request-text" }, t("request.text")), box, h("span", { class: "hint" }, t("request.hint"))),
      h("div", { class: "row row-end" }, h("button", { type: "submit", class: "button button-primary" }, t("request.send"))));
  });
  if (!given?.text) return;
  try {
    await post("requests", { ...given, reference });
    said(t("request.sent"));
  } catch (error) {
    failed(error);
  }
}

/** Pick a macro by name or words; resolves like `prepare`. */
export async function pickMacro(reference, shows) {
  const { macros } = await get("macros");
  if (!shows(reference)) return null;
  const id = await dialog(t("macro.title"), (close) => {
    const list = h("ul", { class: "option-list macro-list", id: "macro-list" });
    const search = h("input", { class: "input", type: "search", id: "macro-search", autocomplete: "off", placeholder: t("macro.search"), "aria-label": t("macro.search"), "aria-controls": "macro-list" });
    const draw = () => {
      const words = folded(search.value).split(/\s+/).filter(Boolean);
      const found = macros.filter((macro) => words.every((word) => folded(`${macro.name} ${Object.values(macro.texts).join(" ")}`).includes(word)));
      fill(list, found.map((macro) => h("li", null, h("button", { type: "button", class: "button", on: { click: () => close(macro.id) } },
        h("span", { class: "grow" }, macro.name, h("span", { class: "quiet small macro-text" }, Object.values(macro.texts)[0])),
        macro.theme && h("span", { class: "tag" }, label("queue", macro.theme))))),
      !found.length && h("li", { class: "quiet" }, t(macros.length ? "macro.none_found" : "macro.none")));
    };
    search.addEventListener("input", draw);
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      list.querySelector("button")?.click();
    });
    draw();
    return h("div", { class: "stack" }, search, list,
      h("button", { type: "button", class: "quiet-button", on: { click: () => close("ask") } }, icon("plus"), t("macro.ask")));
  });
  if (id === "ask") {
    await askForContent(reference);
    return null;
  }
  return id ? prepare(reference, id, shows) : null;
}

/** Wire the macro button of the reply box. `reference()` is the ticket's, `insert(prepared)` takes it; `shows` as above. */
export function wireMacros(reference, shows, insert) {
  const button = byId("composer-macro");
  const run = () => attempt(button, async () => {
    const ready = await pickMacro(reference(), shows);
    if (ready) insert(ready);
  });
  button.addEventListener("click", () => void run());
  return run;
}
