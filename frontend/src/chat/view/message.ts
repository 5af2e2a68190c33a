/** One message of anyone, with what hangs on it: picture, article card, delivery, "did this help?". */

import type { Item } from "../timeline";
import type { Article, Attachment, Picture } from "../types";
import { fill } from "../words";
import type { Ui } from "./context";
import { button, h, icon, ICONS } from "./h";
import { linkify } from "./links";
import { markdown } from "./markdown";
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
  const id = `${item.key} ${article.id}`;
  const body = h("div.card-body");
  const hint = h("span.card-hint");
  // Built when it is first looked at.
  const show = (now: boolean): void => {
    if (now && !body.firstChild) {
      body.append(...markdown(article.body ?? "", (slug, label) => ui.choose({ id: `article:${slug}`, label })));
    }
    body.hidden = !now;
    toggle.setAttribute("aria-expanded", String(now));
    hint.textContent = now ? ui.words.readLess : ui.words.readMore;
    ui.unfolded[now ? "add" : "delete"](id);
  };
  const toggle = button(
    "fold",
    () => show(body.hidden),
    [icon(ICONS.page), h("span", null, h("span.card-title", null, article.title), hint), icon(ICONS.down)],
  );
  show(ui.unfolded.has(id));
  return h("div.card", { lang: article.locale }, toggle, body);
}

function helpful(item: Item, ui: Ui): HTMLElement {
  const given = ui.answer(item.seq);
  if (given) return h("p.helped", null, ui.words.thanks);
  return h(
    "div.helped",
    { role: "group", "aria-label": ui.words.helped },
    h("span", { "aria-hidden": "true" }, ui.words.helped),
    button("chip.small", () => ui.helped(item.seq, true), ui.words.yes),
    button("chip.small", () => ui.helped(item.seq, false), ui.words.no),
  );
}

function delivery(item: Item, place: Place, ui: Ui): HTMLElement | null {
  const { words } = ui;
  if (item.state === "waiting") {
    return h("span", null, h("span.soon", null, words.sending), h("span.late", null, words.kept));
  }
  if (item.state === "refused") {
    return h(
      "span.refused",
      null,
      item.detail || words.refused,
      " ",
      button("link", () => ui.edit(item.key, item.event.text ?? ""), words.edit),
    );
  }
  return place.newest ? h("span", null, words.sent) : null;
}

const avatar = (item: Item, ui: Ui): HTMLElement => {
  const agent = item.event.author === "agent";
  const sign = agent ? (item.event.name || ui.words.person).slice(0, 1) : icon(ICONS.sun);
  const { photo } = item.event;
  // Over the initial, which shows where the picture is not there any more.
  return h(agent ? "span.avatar" : "span.avatar.sun", { "aria-hidden": "true" }, sign, /^\w+$/.test(photo ?? "") && h("img", { src: `/api/v1/photos/${photo}`, alt: "" }));
};

/** The chart, and its words until (or where it cannot be) drawn. */
function chart(data: Picture, ui: Ui): HTMLElement {
  if (ui.more) return ui.more.picture(data, ui.locale);
  void ui.need();
  return h("p.bubble", null, data.alt);
}

function attachment(file: Attachment, ui: Ui): HTMLElement {
  const size = new Intl.NumberFormat(ui.locale, { style: "unit", unit: "kilobyte" }).format(Math.ceil(file.size / 1000));
  return button("chip.file", () => file.id && ui.fetch(file), [icon(ICONS.page), `${file.name} (${size})`]);
}

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
    { class: `msg ${author}${place.first ? " first" : ""}${place.last ? " last" : ""}` },
    !mine && place.first ? avatar(item, ui) : null,
    author === "agent" && place.first && event.name ? h("p.name", { "aria-hidden": "true" }, event.name) : null,
    h("span.hidden", null, `${who(item, ui)}: `),
    text ? h("p.bubble", { dir: "auto" }, ...linkify(text)) : null,
    event.picture?.bars?.length ? chart(event.picture, ui) : null,
    ...(event.attachments ?? []).map((file) => attachment(file, ui)),
    article ? card(item, article, ui) : null,
    event.feedback && (place.current || ui.answer(item.seq)) ? helpful(item, ui) : null,
    foot.length ? h("p.foot", null, ...foot) : null,
  );
}

/** A line between messages: a person joins, a ticket is opened, the conversation ends. */
export function notice(item: Item, ui: Ui): HTMLElement {
  const { kind, reference, text } = item.event;
  return h(
    "li",
    { class: `notice ${kind}` },
    h("p", null, ...linkify(text || fill(ui.words.ticket, { ref: reference ?? "" }))),
  );
}
