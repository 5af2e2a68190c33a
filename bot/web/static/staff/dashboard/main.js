/** The analysts' page: overview, conversations, one conversation; the address says which. */

import { byId, fill, h } from "../lib/dom.js";
import { failed } from "../lib/notify.js";
import "../lib/shell.js";
import { t } from "../lib/texts.js";
import { conversations, transcript } from "./conversations.js";
import { figures } from "./figures.js";
import { address, readAddress } from "./period.js";

const view = byId("view");

function go(hash) {
  if (location.hash === hash) void show();
  else location.hash = hash;
}

/** Draw what the address says into `view`. */
async function draw(view) {
  const now = readAddress();
  if (now.view === "conversation" && now.id) {
    document.title = `${t("transcript.title")} · Relais`;
    await transcript(view, now.id);
  } else if (now.view === "conversations") {
    document.title = `${t("conversations.title")} · Relais`;
    await conversations(view, now, (params) => go(address("conversations", params)));
  } else {
    document.title = `${t("dashboard.title")} · Relais`;
    await figures(view, now, (period) => go(address("", period)));
  }
}

let turn = 0;

async function show() {
  const mine = (turn += 1);
  view.setAttribute("aria-busy", "true");
  try {
    // Drawn aside: an answer that comes after another view was asked for is not shown.
    const drawn = h("div");
    await draw(drawn);
    if (mine === turn) view.replaceChildren(...drawn.childNodes);
  } catch (error) {
    if (mine !== turn) return;
    if (!error.detail) console.error(error);
    failed(error);
    if (!view.children.length) fill(view, h("div", { class: "empty card" }, h("p", null, error.detail ?? t("error.unexpected")), h("a", { class: "button", href: "#" }, t("conversations.back"))));
  } finally {
    if (mine === turn) view.removeAttribute("aria-busy");
  }
}

addEventListener("hashchange", () => {
  void show().then(() => byId("main").focus({ preventScroll: false }));
});
await show();
