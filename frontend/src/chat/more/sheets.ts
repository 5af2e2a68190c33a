/** Sheets over the conversation, and the one that asks for a person. */

import type { Desk } from "../actions";
import type { Child } from "../view/h";
import type { Kit } from "./kit";
import { handover as request, slots, why } from "./requests";
import type { MoreWords } from "./words/types";

/** Opens a modal `<dialog>`: focus stays in it, Escape closes it, focus returns to where it was. */
export function sheet({ h, button, icon }: Kit, title: string, closeLabel: string, kind: string, ...content: Child[]): HTMLDialogElement {
  // Impatient taps while this was loading open one sheet.
  document.querySelector("dialog")?.close();
  const back = document.activeElement;
  const id = "sheet-title";
  const dialog = h(
    "dialog",
    { class: `sheet ${kind}`, "aria-labelledby": id },
    h(
      "div",
      { class: "sheet-in" },
      h(
        "div",
        { class: "sheet-head" },
        h("h2", { id }, title),
        button("round", () => dialog.close(), icon("M6 6l12 12M18 6L6 18"), { "aria-label": closeLabel }),
      ),
      ...content,
    ),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (back instanceof HTMLElement && back.isConnected) back.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

type Channel = "chat" | "email" | "phone";

/** Ask how a person may answer, and for one; what does not go through is told in the sheet. */
export function handover(kit: Kit, words: MoreWords, desk: Desk): void {
  const { h } = kit;
  let channel: Channel = "chat";
  const error = h("p", { id: "hand-error", class: "error", role: "alert" });
  const contact = h("input", { id: "hand-contact", type: "text", "aria-describedby": "hand-why hand-error" });
  const label = h("label", { for: "hand-contact" });
  const field = h("div.field", { hidden: true }, label, contact, h("p", { id: "hand-why", class: "why" }, words.why));
  const submit = h("button", { type: "submit", class: "primary" }, words.ask);
  const slot = h("select", { id: "hand-slot" }, h("option", { value: "" }, words.soonest));
  const when = h("div.field", { hidden: true }, h("label", { for: "hand-slot" }, words.slot), slot);
  const say = (text: string): void => {
    error.textContent = text;
    contact.ariaInvalid = String(Boolean(text) && !field.hidden);
  };
  const pick = (next: Channel): void => {
    channel = next;
    field.hidden = next === "chat";
    const mail = next === "email";
    when.hidden = next !== "phone" || slot.length < 2;
    if (next === "phone" && slot.length < 2) {
      void slots(kit, desk.locale).then((found) => {
        if (slot.length > 1) return;
        slot.append(...found.map(({ start, label }) => h("option", { value: start }, label)));
        when.hidden = channel !== "phone" || !found.length;
      }, () => undefined);
    }
    label.textContent = mail ? words.email : words.phone;
    contact.type = contact.autocomplete = mail ? "email" : "tel";
    say("");
  };
  const option = (value: Channel, text: string, hint = ""): HTMLElement =>
    h(
      "label",
      { class: "option" },
      h("input", { type: "radio", name: "channel", value, checked: value === "chat", onchange: () => pick(value) }),
      h("span", null, text, hint ? h("small", null, ` ${hint}`) : null),
    );
  const form = h(
    "form",
    { novalidate: true },
    h("p", null, words.handIntro),
    h(
      "fieldset",
      null,
      h("legend.hidden", null, words.handTitle),
      option("chat", words.byChat, words.byChatHint),
      option("email", words.byEmail),
      option("phone", words.byPhone),
    ),
    field,
    when,
    error,
    submit,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    submit.setAttribute("aria-disabled", "true");
    // The server knows which contacts can be used, and says in a sentence what is missing.
    void desk.uplink.thread
      .ensure()
      .then((to) => request(kit, to, channel, channel === "chat" ? "" : contact.value.trim(), channel === "phone" ? slot.value : ""))
      .then(
        (reference) => {
          dialog.close();
          desk.handed(reference);
        },
        (problem) => {
          submit.removeAttribute("aria-disabled");
          say(why(problem, desk.words));
          if (!field.hidden) contact.focus();
        },
      );
  });
  const dialog = sheet(kit, words.handTitle, words.cancel, "hand", form);
}
