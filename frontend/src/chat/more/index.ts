/**
 * What not every conversation needs, loaded when one does: the menu, asking for a person, the chart, the
 * survey, questions before something final, the copy by e-mail, the sound.
 */

import { beep } from "./beep";
import type { Kit, MakeMore } from "./kit";
import { picture } from "./picture";
import { handover, menu, sheet } from "./sheets";
import { survey } from "./survey";
import type { MoreWords } from "./words/types";

function confirm(kit: Kit, words: MoreWords, title: string, question: string, yes: string, grave: string): Promise<boolean> {
  const { h, button } = kit;
  return new Promise((resolve) => {
    let answer = false;
    const dialog = sheet(
      kit,
      title,
      words.cancel,
      "confirm",
      h("p", null, question),
      h(
        "div.buttons",
        null,
        button("secondary", () => dialog.close(), words.cancel),
        button(
          `primary${grave}`,
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

function mail(kit: Kit, words: MoreWords, send: (email: string) => Promise<string | undefined>): void {
  const { h } = kit;
  const field = h("input", { id: "mail-to", type: "email", autocomplete: "email", "aria-describedby": "mail-error" });
  const error = h("p.error", { id: "mail-error", role: "alert" });
  const submit = h("button.primary", { type: "submit" }, words.mailSend);
  const form = h("form", { novalidate: true }, h("div.field", null, h("label", { for: "mail-to" }, words.email), field), error, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = "";
    submit.setAttribute("aria-disabled", "true");
    void send(field.value.trim()).then((problem) => {
      submit.removeAttribute("aria-disabled");
      field.ariaInvalid = String(Boolean(problem));
      if (problem) {
        error.textContent = problem;
        field.focus();
      } else form.replaceChildren(h("p", { role: "status" }, words.mailed));
    });
  });
  sheet(kit, words.mail, words.cancel, "mail", form);
}

const make: MakeMore = (kit, words) => ({
  words,
  picture: (data, locale) => picture(kit, data, locale, words.now, words.before),
  survey: (item, ui) => survey(kit, item, ui, words),
  menu: (title, actions) => menu(kit, title, words, actions),
  handover: (ask, slots) => handover(kit, words, ask, slots),
  restart: () => confirm(kit, words, words.restart, words.restartAsk, words.restart, ""),
  erase: () => confirm(kit, words, words.erase, words.eraseAsk, words.eraseYes, ".grave"),
  mail: (send) => mail(kit, words, send),
  beep,
});
export default make;
