/** Sheets over the conversation: menu, a question before something final, asking for a person. */

import type { Words } from "../words/types";
import { button, h, icon, ICONS, type Child } from "./h";

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
        button("round", () => dialog.close(), icon(ICONS.close), { "aria-label": closeLabel }),
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
      button(
        grave ? "entry.grave" : "entry",
        () => {
          dialog.close();
          run();
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
        button("secondary", () => dialog.close(), words.cancel),
        button(
          grave ? "primary.grave" : "primary",
          () => {
            answer = true;
            dialog.close();
          },
          yes,
        ),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer));
  });
}

type Channel = "chat" | "email" | "phone";

/** `ask` resolves with a sentence where the request did not go through, else with undefined. */
export function handover(words: Words, ask: (channel: Channel, contact: string) => Promise<string | undefined>): void {
  let channel: Channel = "chat";
  const error = h("p", { id: "hand-error", class: "error", role: "alert" });
  const contact = h("input", { id: "hand-contact", type: "text", "aria-describedby": "hand-why hand-error" });
  const label = h("label", { for: "hand-contact" });
  const field = h("div.field", { hidden: true }, label, contact, h("p", { id: "hand-why", class: "why" }, words.why));
  const submit = h("button", { type: "submit", class: "primary" }, words.ask);
  const say = (text: string): void => {
    error.textContent = text;
    contact.ariaInvalid = String(Boolean(text) && !field.hidden);
  };
  const pick = (next: Channel): void => {
    channel = next;
    field.hidden = next === "chat";
    const mail = next === "email";
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
    error,
    submit,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    submit.setAttribute("aria-disabled", "true");
    // The server knows which contacts can be used, and says in a sentence what is missing.
    void ask(channel, channel === "chat" ? "" : contact.value.trim()).then((problem) => {
      submit.removeAttribute("aria-disabled");
      if (!problem) return dialog.close();
      say(problem);
      if (!field.hidden) contact.focus();
    });
  });
  const dialog = sheet(words.handTitle, words.cancel, "hand", form);
}
