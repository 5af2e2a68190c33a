/** Short messages at the edge of the page, read out once by screen readers. */

import { byId, h, icon } from "./dom.js";
import { t } from "./texts.js";

function show(kind, text) {
  const box = byId("toasts");
  const close = h("button", { type: "button", class: "toast-close", "aria-label": t("close") }, icon("close"));
  const toast = h("div", { class: `toast toast-${kind}` }, h("p", null, text), close);
  const remove = () => toast.remove();
  close.addEventListener("click", remove);
  box.append(toast);
  while (box.children.length > 3) box.firstElementChild.remove();
  // An error stays until it is read; good news goes by itself.
  if (kind !== "error") setTimeout(remove, 6000);
}

export const said = (text) => show("ok", text);

/** Show what went wrong; what was given up is no news. */
export function failed(error) {
  if (error.name !== "AbortError") show("error", error.detail ?? t("error.unexpected"));
}

/** Run something that may fail; the button is busy meanwhile; failures are shown, and false returned. */
export async function attempt(button, action) {
  if (button?.getAttribute("aria-busy") === "true") return false;
  button?.setAttribute("aria-busy", "true");
  try {
    const result = await action();
    return result ?? true;
  } catch (error) {
    if (error.name !== "AbortError" && !error.detail) console.error(error);
    failed(error);
    return false;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}
