/** Dialogues on the browser's own <dialog>: focus is kept inside and given back by the browser. */

import { h, icon } from "./dom.js";
import { t } from "./texts.js";

let shown = 0;

/** Show a dialogue. `build(close)` gives its content; resolves with what `close(value)` was given, or null. */
export function dialog(title, build, { wide = false } = {}) {
  return new Promise((resolve) => {
    const id = `dialog-${(shown += 1)}`;
    const box = h("dialog", { class: wide ? "dialog dialog-wide" : "dialog", "aria-labelledby": id });
    let result = null;
    const close = (value = null) => {
      result = value;
      box.close();
    };
    const cross = h("button", { type: "button", class: "quiet-button", "aria-label": t("close"), on: { click: () => close() } }, icon("close"));
    box.append(h("header", { class: "dialog-head" }, h("h2", { id }, title), cross), build(close));
    box.addEventListener("close", () => {
      box.remove();
      resolve(result);
    });
    box.addEventListener("click", (event) => {
      if (event.target === box) close();
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Ask before something that others will see. Resolves true or false. */
export function confirm(title, text, yes) {
  return dialog(title, (close) => h("form", { class: "stack", method: "dialog", on: { submit: (event) => { event.preventDefault(); close(true); } } },
    h("p", null, text),
    h("div", { class: "row row-end" },
      h("button", { type: "button", class: "button", on: { click: () => close(false) } }, t("cancel")),
      h("button", { type: "submit", class: "button button-primary", autofocus: true }, yes)))).then(Boolean);
}
