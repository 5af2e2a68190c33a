/** Single-key shortcuts, never while typing, and off at will (WCAG 2.1.4). */

import { dialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { recall, remember } from "../lib/shell.js";
import { t } from "../lib/texts.js";

const KEY = "relais-shortcuts";
const SHOWN = [["j", "k"], ["Enter"], ["x"], ["r"], ["n"], ["m"], ["t"], ["s"], ["e"], ["i"], ["b"], ["c"], ["/"], ["u"], ["Ctrl", "Enter"], ["?"]];
const NAMES = ["move", "open", "select", "reply", "note", "macro", "take", "snooze", "resolve", "panel", "running", "calls", "search", "back", "send", "help"];

const enabled = () => recall(KEY) !== "off";
const writing = (node) => node instanceof HTMLElement && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));

/** The list of shortcuts, with the switch that turns them off. */
export function showKeys() {
  return dialog(t("keys.title"), () => h("div", { class: "stack" },
    h("dl", { class: "keys" }, SHOWN.flatMap((keys, index) => [
      h("dt", null, keys.map((key, at) => [at ? " " : "", h("kbd", null, key)])),
      h("dd", null, t(`keys.${NAMES[index]}`)),
    ])),
    h("label", { class: "check" },
      h("input", { type: "checkbox", checked: enabled(), on: { change: (event) => remember(KEY, event.target.checked ? "on" : "off") } }),
      t("keys.enabled"))));
}

/** Call `actions[key]()` for the keys pressed outside text fields and dialogues. */
export function listenKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    if (writing(event.target) || document.querySelector("dialog[open]")) return;
    if (!enabled() && event.key !== "?") return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
