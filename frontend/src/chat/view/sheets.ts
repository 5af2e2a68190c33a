/** Sheets over the conversation: menu, a question before something final, asking for a person. */

import type { Words } from "../words/types";
import { h, icon, ICONS, type Child } from "./h";

/** Opens a modal `<dialog>`: focus stays in it, Escape closes it, focus returns to where it was. */
export function sheet(title: string, closeLabel: string, kind: string, ...content: Child[]): HTMLDialogElement {
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
        h("button", { type: "button", class: "round", "aria-label": closeLabel, onclick: () => dialog.close() }, icon(ICONS.close)),
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

export function menu(words: Words, actions: { label: string; run(): void; grave?: boolean }[]): void {
  const dialog = sheet(
    words.menu,
    words.cancel,
    "menu",
    ...actions.map(({ label, run, grave }) =>
      h(
        "button",
        {
          type: "button",
          class: grave ? "entry grave" : "entry",
          onclick: () => {
            dialog.close();
            run();
          },
        },
        label,
      ),
    ),
  );
}

/** Ask before something that cannot be taken back; resolves with the answer. */
export function confirm(words: Words, title: string, question: string, yes: string, grave: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = sheet(
      title,
      words.cancel,
      "confirm",
      h("p", null, question),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", class: "secondary", onclick: () => dialog.close() }, words.cancel),
        h(
          "button",
          {
            type: "button",
            class: grave ? "primary grave" : "primary",
            onclick: () => {
              answer = true;
              dialog.close();
            },
          },
          yes,
        ),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer));
  });
}

type Channel = "chat" | "email" | "phone";

const VALID: Record<Channel, (contact: string) => boolean> = {
  chat: () => true,
  email: (contact) => /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(contact),
  phone: (contact) => contact.replace(/\D/g, "").length >= 8 && /^[\d\s+().-]+$/.test(contact),
};

/** `ask` resolves with a sentence where the request did not go through, else with undefined. */
export function handover(words: Words, ask: (channel: Channel, contact: string) => Promise<string | undefined>): void {
  let channel: Channel = "chat";
  const error = h("p", { id: "hand-error", class: "error", role: "alert" });
  const contact = h("input", { id: "hand-contact", type: "text", "aria-describedby": "hand-why hand-error" });
  const label = h("label", { for: "hand-contact" });
  const field = h("div", { class: "field", hidden: true }, label, contact, h("p", { id: "hand-why", class: "why" }, words.why));
  const submit = h("button", { type: "submit", class: "primary" }, words.ask);
  const say = (text: string): void => {
    error.textContent = text;
    contact.toggleAttribute("aria-invalid", false);
    if (text && !field.hidden) contact.setAttribute("aria-invalid", "true");
  };
  const pick = (next: Channel): void => {
    channel = next;
    field.hidden = next === "chat";
    const mail = next === "email";
    label.textContent = mail ? words.email : words.phone;
    contact.type = mail ? "email" : "tel";
    contact.autocomplete = mail ? "email" : "tel";
    contact.inputMode = mail ? "email" : "tel";
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
      h("legend", { class: "hidden" }, words.handTitle),
      option("chat", words.byChat, words.byChatHint),
      option("email", words.byEmail),
      option("phone", words.byPhone),
    ),
    field,
    error,
    submit,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = channel === "chat" ? "" : contact.value.trim();
    if (!VALID[channel](value)) {
      say(channel === "email" ? words.badEmail : words.badPhone);
      contact.focus();
      return;
    }
    say("");
    submit.setAttribute("aria-disabled", "true");
    void ask(channel, value).then((problem) => {
      submit.removeAttribute("aria-disabled");
      if (problem === undefined) dialog.close();
      else say(problem);
    });
  });
  const dialog = sheet(words.handTitle, words.cancel, "hand", form);
}
