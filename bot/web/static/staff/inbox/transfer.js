/** Whom a request, or several, goes to: a person or a queue. */

import { dialog } from "../lib/dialog.js";
import { h, icon } from "../lib/dom.js";
import { label, t } from "../lib/texts.js";
import { QUEUES } from "../lib/themes.js";

/** Ask; resolves to `{assignee}` or `{queue}`, or null. `people` are colleagues, `but` the queue it is in. */
export function pickTarget({ people, me, but = null }) {
  const pick = (target, name, text) => h("li", null, h("button", { type: "button", class: "button", on: { click: target } }, icon(name), text));
  return dialog(t("transfer.title"), (close) => h("div", { class: "stack" },
    h("p", { class: "quiet" }, t("transfer.help")),
    people.length > 0 && h("h3", null, t("transfer.people")),
    h("ul", { class: "option-list" }, people.map((person) => pick(() => close({ assignee: person.username }), "person",
      person.username === me ? t("me") : `${person.first_name} · ${label("role", person.role)}`))),
    h("h3", null, t("transfer.queues")),
    h("ul", { class: "option-list" }, QUEUES.filter((name) => name !== but).map((name) => pick(() => close({ queue: name }), "inbox", label("queue", name))))));
}
