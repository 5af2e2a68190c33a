/** One message of anyone, with what hangs on it: picture, article card, delivery, "did this help?". */

import type { Item } from "../timeline";
import type { Article } from "../types";
import { fill } from "../words";
import type { Ui } from "./context";
import { h, icon, ICONS, s } from "./h";
import { linkify } from "./links";
import { markdown } from "./markdown";
import { picture } from "./picture";
import { clock } from "./time";

/** Where an item stands among its neighbours. */
export interface Place {
  first: boolean;
  last: boolean;
  /** The newest message of the customer that has arrived: only this one says "sent". */
  newest: boolean;
  /** Nothing was said by the customer since. */
  current: boolean;
}

const who = (item: Item, ui: Ui): string =>
  item.event.author === "customer" ? ui.words.you : item.event.name || ui.title;

function card(item: Item, article: Article, ui: Ui): HTMLElement {
  const id = `a${item.key}-${article.id}`.replace(/[^\w-]/g, "");
  const open = ui.unfolded.has(id);
  const body = h("div", { class: "card-body", id, hidden: !open });
  const hint = h("span", { class: "card-hint" }, open ? ui.words.readLess : ui.words.readMore);
  const options = { article: (slug: string, label: string) => ui.choose({ id: `article:${slug}`, label }) };
  const fillBody = (): void => {
    if (!body.childNodes.length) body.append(markdown(article.body ?? "", options));
  };
  if (open) fillBody();
  const toggle = (): void => {
    const now = body.hidden;
    fillBody();
    body.hidden = !now;
    button.setAttribute("aria-expanded", String(now));
    hint.textContent = now ? ui.words.readLess : ui.words.readMore;
    if (now) ui.unfolded.add(id);
    else ui.unfolded.delete(id);
  };
  const button = h(
    "button",
    { type: "button", "aria-expanded": String(open), "aria-controls": id, onclick: toggle },
    icon(ICONS.page),
    h("span", null, h("span", { class: "card-title" }, article.title), hint),
    icon(ICONS.down),
  );
  const foreign = article.locale && article.locale !== ui.locale ? article.locale : undefined;
  return h("div", { class: "card", lang: foreign }, button, body);
}

function helpful(item: Item, ui: Ui): HTMLElement {
  const given = ui.answer(item.seq);
  if (given) return h("p", { class: "helped" }, given === "y" ? ui.words.thanks : ui.words.sorry);
  const button = (label: string, yes: boolean): HTMLElement =>
    h("button", { type: "button", class: "chip small", onclick: () => ui.helped(item.seq, yes) }, label);
  return h(
    "div",
    { class: "helped", role: "group", "aria-label": ui.words.helped },
    h("span", { "aria-hidden": "true" }, ui.words.helped),
    button(ui.words.yes, true),
    button(ui.words.no, false),
  );
}

function delivery(item: Item, place: Place, ui: Ui): HTMLElement | null {
  const { words } = ui;
  if (item.state === "waiting") {
    return h("span", { class: "delivery" }, h("span", { class: "soon" }, words.sending), h("span", { class: "late" }, words.kept));
  }
  if (item.state === "refused") {
    return h(
      "span",
      { class: "refused" },
      item.detail || words.refused,
      " ",
      h("button", { type: "button", class: "link", onclick: () => ui.edit(item.key, item.event.text ?? "") }, words.edit),
    );
  }
  return place.newest ? h("span", null, words.sent) : null;
}

const avatar = (item: Item, ui: Ui): HTMLElement =>
  item.event.author === "agent"
    ? h("span", { class: "avatar", "aria-hidden": "true" }, (item.event.name || ui.words.person).slice(0, 1))
    : h("span", { class: "avatar sun", "aria-hidden": "true" }, s("svg", { viewBox: "0 0 24 24" }, s("path", { d: "M4 16a8 8 0 0 1 16 0zM12 4V2M4.9 7L3.5 5.6M19.1 7l1.4-1.4M3 20h18" })));

/** A message as a list item. */
export function message(item: Item, place: Place, ui: Ui): HTMLElement {
  const { event } = item;
  const author = event.author ?? "bot";
  const mine = author === "customer";
  const article = event.articles?.find((candidate) => candidate.body);
  const text = event.text ?? "";
  const at = clock(event.at, ui.locale);
  const foot = [
    place.last && at && item.state !== "waiting" && h("time", { datetime: event.at ?? "" }, at),
    mine && delivery(item, place, ui),
  ].filter((part): part is HTMLElement => Boolean(part));
  return h(
    "li",
    { class: `msg ${author}${place.first ? " first" : ""}${place.last ? " last" : ""}`, "data-seq": item.seq || null },
    !mine && place.first ? avatar(item, ui) : null,
    author === "agent" && place.first && event.name ? h("p", { class: "name", "aria-hidden": "true" }, event.name) : null,
    h("span", { class: "hidden" }, `${who(item, ui)}: `),
    text ? h("p", { class: "bubble", dir: "auto" }, ...linkify(text)) : null,
    event.picture?.bars?.length ? picture(event.picture, ui.locale, ui.words) : null,
    article ? card(item, article, ui) : null,
    event.feedback && (place.current || ui.answer(item.seq)) ? helpful(item, ui) : null,
    foot.length ? h("p", { class: "foot" }, ...foot) : null,
  );
}

/** A line between messages: a person joins, a ticket is opened, the conversation ends. */
export function notice(item: Item, ui: Ui): HTMLElement {
  const { kind, reference, text } = item.event;
  return h(
    "li",
    { class: `notice ${kind}` },
    text ? h("p", null, ...linkify(text)) : h("p", null, reference ? fill(ui.words.ticket, { ref: reference }) : ui.words.closed),
  );
}
