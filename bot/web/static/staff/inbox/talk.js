/** The conversation and what happened around it, oldest first; new lines are added, old ones kept. */

import { h, icon } from "../lib/dom.js";
import { arrange, patch } from "../lib/keep.js";
import { dayOf, formatFull, formatFullDay, formatTime, has, label, quoted, t } from "../lib/texts.js";
import { fileLinks } from "./files.js";

/** Who speaks, as the reader knows them. */
function speaker(event) {
  if (event.author === "agent") return event.name ?? event.agent ?? t("author.agent");
  return t(`author.${event.author}`);
}

function extras(event) {
  const articles = (event.articles ?? []).filter((article) => article.title);
  const choices = (event.choices ?? []).map((choice) => choice.label);
  return [
    articles.length > 0 && h("p", { class: "small" }, articles.flatMap((article, index) => [
      index ? " · " : "",
      h("a", { href: `/aide/${encodeURIComponent(article.id)}`, target: "_blank", rel: "noopener" }, article.title),
    ])),
    choices.length > 0 && h("p", { class: "message-choices" },
      h("span", { class: "visually-hidden" }, t("talk.choices")),
      choices.map((text) => h("span", { class: "tag" }, text))),
  ];
}

function paragraphs(text) {
  return String(text ?? "").split(/\n{2,}/).map((part) => h("p", { class: "pre" }, part));
}

/** Of a mail: its subject, and who sent it where that is not the request's contact. */
function envelope(event) {
  if (event.via !== "email") return [];
  return [
    h("p", { class: "small" }, event.subject ? t("talk.mail_subject", { subject: event.subject }) : t("talk.mail")),
    event.from && h("p", { class: "small" }, icon("alert"), " ", t("talk.mail_from", { from: event.from })),
  ];
}

/** The other text of a translated message: its translation, or what an agent wrote before it was translated. */
function otherText(event) {
  const { text, language } = event.translation ?? {};
  if (!text) return null;
  return h("div", { class: "bubble translation" }, h("p", { class: "small quiet" }, t(event.author === "agent" ? "talk.written" : "talk.translated")),
    h("div", { class: "stack", lang: language ?? null }, ...paragraphs(text)));
}

function message(event) {
  return h("li", { class: `message message-${event.author}` },
    h("span", { class: "message-head" }, h("strong", null, speaker(event)),
      h("time", { datetime: event.at, title: formatFull(event.at) }, formatTime(event.at))),
    ...envelope(event),
    (event.text || !event.attachments?.length) && h("div", { class: "both-texts" },
      h("div", { class: "bubble stack" }, ...paragraphs(event.text ?? event.label ?? event.choice_label ?? event.choice)), otherText(event)),
    event.attachments?.length > 0 && fileLinks(event.attachments),
    ...extras(event));
}

function note(entry) {
  return h("li", { class: "message message-note" },
    h("span", { class: "message-head" }, icon("note"), h("strong", null, t("talk.note", { name: entry.name })),
      h("time", { datetime: entry.at, title: formatFull(entry.at) }, formatTime(entry.at))),
    h("div", { class: "bubble stack" }, ...paragraphs(entry.text)));
}

/** What the customer thought of it, where they said so. */
function opinion(event) {
  if (event.author !== "customer") return null;
  const said = [
    event.csat && t("talk.csat", { note: event.csat }),
    event.effort && t("talk.effort", { note: event.effort }),
    event.helped !== undefined && event.helped !== null && t(event.helped ? "talk.helped" : "talk.not_helped"),
    event.comment && quoted(event.comment),
  ].filter(Boolean);
  return said.length ? said.join(" · ") : t("talk.survey");
}

/** One line on something that happened; null for what the conversation already shows. */
function happening(entry) {
  let text;
  if (entry.type === "history") {
    if (["open", "reply", "customer", "note"].includes(entry.action)) return null;
    const key = entry.detail?.unlinked || (entry.action === "link" && !entry.to) ? "history.unlink" : `history.${entry.action}`;
    if (!has(key)) return null;
    const time = (at) => (at ? formatFull(at) : "");
    text = t(key, { name: entry.name, to: entry.to ?? "", until: time(entry.detail?.until), slot: time(entry.detail?.slot) });
  } else if (entry.kind === "survey") text = opinion(entry);
  // With the ticket's history at hand, only the first hand-over needs a line of its own.
  else if (entry.kind === "handover") text = entry.status ? t("talk.handover") : entry.told ? null : (entry.text ?? t("talk.handover"));
  else if (entry.kind === "closed") text = entry.told ? null : (entry.text ?? t("talk.closed"));
  if (!text) return null;
  return h("li", { class: "talk-line" }, text, " ", h("time", { datetime: entry.at, title: formatFull(entry.at) }, formatTime(entry.at)));
}

/** What is said in every conversation of a ticket is stored within that many milliseconds. */
const SAME = 2000;

/**
 * The transcript with what was said in the conversations of duplicates merged into the ticket. Agents'
 * answers stand in all of them and are shown once; events from elsewhere have a `key` of their own.
 */
export function together(ticket) {
  const all = [...(ticket.transcript ?? [])];
  for (const { conversation_id, transcript } of ticket.merged ?? []) {
    const said = all.filter((event) => event.kind === "message" && event.author === "agent");
    const known = (event) => event.author === "agent"
      && said.some((one) => (one.text ?? "") === (event.text ?? "") && Math.abs(Date.parse(one.at) - Date.parse(event.at)) <= SAME);
    all.push(...transcript.filter((event) => event.kind === "message" && !known(event))
      .map((event) => ({ ...event, key: `${conversation_id}:${event.seq}` })));
  }
  return all;
}

/**
 * Events and history of a ticket as one sequence of `{key, at, shows, node}`: `shows` changes with what is
 * to be seen, `node()` draws it (null for nothing). `names(username)` turns an account into a first name.
 */
export function lines(transcript, history, names) {
  const told = Boolean(history?.length);
  const events = (transcript ?? []).map((event) => ({
    key: `e${event.key ?? event.seq}`, at: event.at, rank: event.seq, shows: JSON.stringify([event, told]),
    node: () => (event.kind === "message" ? message(event) : happening({ ...event, type: "event", told })),
  }));
  const extra = (history ?? []).map((entry, index) => {
    const name = names(entry.author);
    const detail = entry.detail ?? {};
    const why = entry.action === "rate" && detail.reason ? ` (${label("rating_reason", detail.reason)})` : "";
    const to = detail.to ? `${detail.to}${why}` : detail.queue ? label("queue", detail.queue) : detail.assignee ? names(detail.assignee) : "";
    // What we note ourselves is read in the reader's language.
    const text = detail.code && has(`code.${detail.code}`) ? t(`code.${detail.code}`, detail) : detail.text;
    const value = { ...entry, type: "history", name, text, to };
    return { key: `h${entry.id ?? index}`, at: entry.at, rank: 0, shows: JSON.stringify(value), node: () => (entry.action === "note" && detail.text ? note(value) : happening(value)) };
  });
  return [...events, ...extra].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.rank - b.rank));
}

/** What each line was drawn from. */
const drawn = new WeakMap();

/** Draw the lines into `list`, keeping those already there; returns how many messages were added. */
export function drawTalk(list, sequence) {
  const kept = new Map([...list.children].map((node) => [node.dataset.key, node]));
  let added = 0;
  let day = "";
  const nodes = [];
  for (const { key, at, shows, node } of sequence) {
    if (dayOf(at) !== day) {
      day = dayOf(at);
      nodes.push(kept.get(day) ?? h("li", { class: "talk-day", dataset: { key: day } }, formatFullDay(at)));
    }
    const known = kept.get(key);
    if (known && drawn.get(known) === shows) {
      nodes.push(known);
      continue;
    }
    const fresh = node();
    if (!fresh) continue;
    fresh.dataset.key = key;
    const line = known ? patch(known, fresh) : fresh;
    drawn.set(line, shows);
    nodes.push(line);
    added += !known && line.classList.contains("message") ? 1 : 0;
  }
  arrange(list, nodes);
  return added;
}

/** Whether the reader of a scrolled box is at its end, or nearly. */
export const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 80;
