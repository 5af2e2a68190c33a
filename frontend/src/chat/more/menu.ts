/** The menu, and what its entries ask before they act. */

import type { Desk } from "../actions";
import { beep } from "./beep";
import type { Kit } from "./kit";
import { save, why } from "./requests";
import { sheet } from "./sheets";
import type { MoreWords } from "./words/types";

export function menu(kit: Kit, words: MoreWords, desk: Desk): void {
  const { keep } = kit;
  const sound = keep.get("sound");
  const entry = (label: string, run: () => void, grave = ""): HTMLElement =>
    kit.button(
      `entry${grave}`,
      () => {
        dialog.close();
        run();
      },
      label,
    );
  const dialog = sheet(
    kit,
    desk.words.menu,
    words.cancel,
    "menu",
    entry(words.download, () => void save(kit, desk, "transcript", `${desk.words.conversation}.html`)),
    entry(words.mail, () => copy(kit, words, desk)),
    "PushManager" in window && entry(words.notify, () => notify(desk)),
    // Off until asked for.
    entry(sound ? words.soundOff : words.soundOn, () => {
      keep.set("sound", sound ? null : "1");
      if (!sound) beep();
    }),
    entry(words.restart, () => confirm(kit, words, words.restart, words.restartAsk, words.restart, "", () => void desk.anew(false))),
    entry(words.erase, () => confirm(kit, words, words.erase, words.eraseAsk, words.eraseYes, ".grave", () => void erase(kit, words, desk)), ".grave"),
  );
}

/** Ask before something that cannot be taken back. */
function confirm(kit: Kit, words: MoreWords, title: string, question: string, yes: string, grave: string, run: () => void): void {
  const { h, button } = kit;
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
          dialog.close();
          run();
        },
        yes,
      ),
    ),
  );
}

/** Ask for an address to send the conversation to. */
function copy(kit: Kit, words: MoreWords, desk: Desk): void {
  const { h } = kit;
  const field = h("input", { id: "mail-to", type: "email", autocomplete: "email", "aria-describedby": "mail-error" });
  const error = h("p.error", { id: "mail-error", role: "alert" });
  const submit = h("button.primary", { type: "submit" }, words.mailSend);
  const form = h("form", { novalidate: true }, h("div.field", null, h("label", { for: "mail-to" }, words.email), field), error, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = "";
    submit.setAttribute("aria-disabled", "true");
    void desk.uplink.thread
      .ensure()
      .then((to) => kit.post(`/${to.id}/transcript-mail`, { email: field.value.trim() }, to.token))
      .then(
        () => form.replaceChildren(h("p", { role: "status" }, words.mailed)),
        (problem) => {
          submit.removeAttribute("aria-disabled");
          field.ariaInvalid = "true";
          error.textContent = why(problem, desk.words);
          field.focus();
        },
      );
  });
  sheet(kit, words.mail, words.cancel, "mail", form);
}

/** A window of this origin's own asks the browser: a frame may not. What it needs stands behind the #. */
function notify({ uplink, locale }: Desk): void {
  const { current } = uplink.thread;
  if (current) open(`/widget/notify?lang=${locale}#${current.id} ${current.token}`, "", "width=420,height=480");
}

async function erase(kit: Kit, words: MoreWords, desk: Desk): Promise<void> {
  const { current } = desk.uplink.thread;
  try {
    if (current) await kit.call(`/${current.id}`, { method: "DELETE", token: current.token });
  } catch (error) {
    // Gone already: what was wanted.
    if ((error as { status?: number }).status !== 404) return desk.trouble(desk.words.failed);
  }
  await desk.anew(true);
  desk.trouble(words.erased, true);
}
