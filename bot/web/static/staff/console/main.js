/** The leads' page: tabs, each loaded when first looked at; the address says which. */

import { get } from "../lib/api.js";
import { byId } from "../lib/dom.js";
import { failed } from "../lib/notify.js";
import "../lib/shell.js";
import { tabs } from "../lib/tabs.js";
import { t } from "../lib/texts.js";
import { Articles } from "./articles.js";
import { Dial } from "./dial.js";
import { Gaps } from "./gaps.js";
import { Integrations } from "./integrations.js";
import { Jobs } from "./jobs.js";
import { Macros } from "./macros.js";
import { Rules } from "./rules.js";
import { TryIt } from "./tryit.js";

const TABS = ["articles", "gaps", "macros", "dial", "try", "jobs", "rules", "integrations"];
let seed = null;
let shown = location.hash;

const guard = (promise) => promise.catch((error) => {
  if (!error.detail) console.error(error);
  failed(error);
});

function go(path) {
  if (location.hash.slice(1) === path) void guard(show());
  else location.hash = path;
}

const articles = new Articles(byId("panel-articles"), go);
const gaps = new Gaps(byId("panel-gaps"), {
  write: (given) => {
    seed = given;
    go(`articles/new/${given.locale}`);
  },
  counted: (count) => {
    byId("gap-count").hidden = count === 0;
    byId("gap-count").textContent = String(count);
  },
});
const macros = new Macros(byId("panel-macros"));
const dial = new Dial(byId("panel-dial"));
const jobs = new Jobs(byId("panel-jobs"), (dead) => {
  byId("dead-count").hidden = dead === 0;
  byId("dead-count").textContent = String(dead);
});
const integrations = new Integrations(byId("panel-integrations"));
const rules = new Rules(byId("panel-rules"));
const tryIt = new TryIt(byId("panel-try"), async (locale) => {
  const found = await get("articles", { locale });
  return new Map(found.articles.map((article) => [article.id, article.title]));
});

const select = tabs(byId("tabs"), (name) => go(name));

async function show() {
  const [tab, slug, locale] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const name = TABS.includes(tab) ? tab : "articles";
  // An edited article is not left by accident, be it for itself as published; the address goes back to it.
  if (articles.editor.dirty()) {
    if (!(await articles.editor.mayLeave())) {
      history.replaceState(null, "", shown || "#articles");
      return;
    }
    articles.editor.rest();
  }
  shown = location.hash;
  select(name);
  document.title = `${t(`console.${name}`)} · Relais`;
  if (name === "articles") {
    await articles.show(slug, locale, slug === "new" ? (seed ?? {}) : undefined);
    if (slug === "new") seed = null;
  } else {
    articles.editor.rest();
    if (name === "gaps") await gaps.refresh();
    if (name === "macros") await macros.refresh();
    if (name === "dial") await dial.refresh();
    if (name === "jobs") await jobs.refresh();
    if (name === "rules") await rules.refresh();
    if (name === "integrations") await integrations.refresh();
    if (name === "try") tryIt.text.focus({ preventScroll: true });
  }
}

addEventListener("beforeunload", (event) => { if (rules.dirty()) event.preventDefault(); });
addEventListener("hashchange", () => void guard(show()));
await guard(show());
if (!location.hash.startsWith("#gaps")) void gaps.refresh().catch(() => {});
if (!location.hash.startsWith("#jobs")) void jobs.refresh().catch(() => {});
