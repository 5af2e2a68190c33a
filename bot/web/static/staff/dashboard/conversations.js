/** The conversations behind a figure, and one of them to read. */

import { get } from "../lib/api.js";
import { append, fill, h, icon } from "../lib/dom.js";
import { attempt } from "../lib/notify.js";
import { formatDay, formatFull, label, t } from "../lib/texts.js";
import { drawTalk, lines } from "../inbox/talk.js";
import { topicName } from "./figures.js";
import { address, picker } from "./period.js";

const OUTCOMES = ["confirmed_resolved", "flow_completed", "answered_unconfirmed", "refused_answer_left", "handed_over",
  "handed_over_solved", "abandoned", "no_need", "urgent"];
const FILTERS = ["outcome", "topic", "locale", "day", "person", "need", "replied", "rated", "q"];
const NAMES = { topic: topicName, locale: (code) => label("language", code), day: (day) => formatDay(`${day}T12:00:00Z`),
  person: (yes) => t(`filter.person_${yes}`), need: (yes) => t(`filter.need_${yes}`), replied: (yes) => t(`filter.replied_${yes}`), rated: () => t("filter.rated") };
const PAGE = 50;

function row(conversation) {
  return h("tr", null,
    h("td", { class: "nowrap" }, h("a", { href: `#conversation/${conversation.id}` }, formatFull(conversation.created_at))),
    h("td", null, conversation.first_message ?? ""),
    h("td", null, label("language", conversation.language)),
    h("td", null, topicName(conversation.theme)),
    h("td", null, conversation.outcome ? h("span", { class: "tag" }, label("outcome", conversation.outcome)) : "–"),
    h("td", { class: "number" }, conversation.seq));
}

/** Draw the list that the address asks for. */
export async function conversations(view, now, changed) {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, now[name]]));
  const period = { from: now.from, to: now.to };
  const fetchPage = (offset) => get("conversations", { ...period, ...filters, offset, limit: PAGE });
  const page = await fetchPage(0);
  const body = h("tbody", null, page.conversations.map(row));
  let shown = page.conversations.length;
  const count = h("p", { class: "small quiet", role: "status" }, t("conversations.count", { n: page.total ?? shown }),
    page.searched ? ` ${t("conversations.searched", { n: page.searched })}` : "");
  const more = h("button", { type: "button", class: "button", hidden: shown >= (page.total ?? shown), on: { click: () => void attempt(more, async () => {
    const next = await fetchPage(shown);
    append(body, next.conversations.map(row));
    shown += next.conversations.length;
    more.hidden = next.conversations.length === 0 || shown >= next.total;
  }) } }, t("conversations.more"));
  const outcome = h("select", { class: "select", id: "outcome", on: { change: (event) => changed({ ...period, ...filters, outcome: event.target.value }) } },
    h("option", { value: "" }, t("conversations.any_outcome")),
    OUTCOMES.map((name) => h("option", { value: name, selected: name === now.outcome }, label("outcome", name))));
  const others = Object.keys(NAMES).filter((name) => now[name]);
  const search = h("input", { class: "input", type: "search", id: "conversation-search", value: now.q ?? "", maxlength: "200" });
  fill(view,
    h("div", { class: "page-title" },
      h("a", { class: "button", href: address("", period) }, icon("back"), t("conversations.back")),
      h("h1", null, t("conversations.title"))),
    picker(period, (range) => changed({ ...filters, ...range })),
    h("div", { class: "conversation-tools" },
      h("form", { class: "field", role: "search", on: { submit: (event) => { event.preventDefault(); changed({ ...period, ...filters, q: search.value.trim() }); } } },
        h("label", { for: "conversation-search" }, t("conversations.search")), search),
      h("div", { class: "field" }, h("label", { for: "outcome" }, t("conversations.outcome")), outcome),
      others.map((name) => h("button", { type: "button", class: "button", "aria-label": `${t("filter.remove")} : ${NAMES[name](now[name])}`, on: { click: () => changed({ ...period, ...filters, [name]: "" }) } },
        NAMES[name](now[name]), icon("close"))),
      count),
    page.conversations.length
      ? h("div", { class: "card table-scroll", tabindex: "0", role: "group", "aria-label": t("conversations.title") },
        h("table", null, h("thead", null, h("tr", null,
          ["date", "first", "language", "topic", "outcome"].map((name) => h("th", { scope: "col" }, t(`conversations.${name}`))),
          h("th", { scope: "col", class: "number" }, t("conversations.messages")))), body))
      : h("div", { class: "empty card" }, icon("search"), h("h2", null, t("conversations.none")), h("p", null, t("conversations.none_help"))),
    h("p", { class: "row" }, more));
}

/** One conversation, read only. */
export async function transcript(view, id) {
  const found = await get(`conversations/${encodeURIComponent(id)}`);
  const talk = h("ol", { class: "talk" });
  drawTalk(talk, lines(found.transcript, found.history ?? [], (name) => label("author", name)));
  fill(view, h("div", { class: "transcript" },
    h("div", { class: "page-title" },
      h("button", { type: "button", class: "button", on: { click: () => (history.length > 1 ? history.back() : location.assign("#conversations")) } }, icon("back"), t("transcript.back")),
      h("h1", null, t("transcript.title")),
      found.outcome && h("span", { class: "tag tag-accent" }, label("outcome", found.outcome)),
      found.theme && h("span", { class: "tag" }, label("queue", found.theme)),
      h("span", { class: "tag" }, label("language", found.language))),
    h("p", { class: "small quiet" }, formatFull(found.created_at), " · ", t("transcript.redacted")),
    talk));
}
