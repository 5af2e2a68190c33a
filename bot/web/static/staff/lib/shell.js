/** What every staff page does: theme switch, relative times that keep up, saying that someone is there. */

import { post } from "./api.js";
import "./photo.js";
import { formatAgo } from "./texts.js";

const KEY = "relais-theme";
const HERE_EVERY = 60_000;

function applyTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** Storage may be denied; then the choice lasts as long as the page. */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing to do: it is only a preference.
  }
}

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

applyTheme(recall(KEY));
const select = document.getElementById("theme");
if (select) {
  select.value = recall(KEY) ?? "auto";
  select.addEventListener("change", () => {
    applyTheme(select.value);
    remember(KEY, select.value);
  });
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-ago]")) {
    const ago = formatAgo(node.dateTime);
    if (node.textContent !== ago) node.textContent = ago;
  }
}, 30_000);

// A page left open is nobody: only a key, a mouse or a finger says that someone is there (who gets requests; the mail when away).
if (["agent", "lead", "admin"].includes(document.body.dataset.role)) {
  let told = 0;
  const here = () => {
    if (document.hidden || Date.now() - told < HERE_EVERY) return;
    told = Date.now();
    void post("me/here").catch(() => {});
  };
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel"]) addEventListener(type, here, { passive: true });
  here();
}

// The other language shows the same place: the part of the address after # never reaches the server.
document.getElementById("switch-language")?.addEventListener("click", (event) => {
  event.currentTarget.hash = location.hash;
});

// The account menu closes like a menu: by Escape, or when the focus or a click goes elsewhere.
const menu = document.getElementById("account");
if (menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}
