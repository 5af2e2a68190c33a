/** Shows a secret the only time it can be shown. */

import { dialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { said } from "../lib/notify.js";
import { t } from "../lib/texts.js";

/** Resolves when the reader has closed it. */
export function secretDialog(secret) {
  return dialog(t("hooks.secret"), (close) => {
    const value = h("input", { class: "input", id: "hook-secret", readonly: true, value: secret, spellcheck: "false" });
    const copy = async () => {
      value.select();
      try {
        await navigator.clipboard.writeText(secret);
        said(t("hooks.copied"));
      } catch {
        // Without the clipboard's permission the selected text is there to copy by hand.
      }
    };
    return h("div", { class: "stack" },
      h("p", null, t("hooks.secret_help")),
      h("div", { class: "field" }, h("label", { for: "hook-secret" }, t("hooks.secret")), value),
      h("div", { class: "row row-end" },
        h("button", { type: "button", class: "button", on: { click: () => void copy() } }, t("hooks.copy")),
        h("button", { type: "button", class: "button button-primary", on: { click: () => close(true) } }, t("hooks.secret_kept"))));
  });
}
