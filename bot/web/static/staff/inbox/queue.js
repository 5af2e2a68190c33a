/** The queue: search, the list, ticking several, and moving through it. */

import { byId, debounce, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, failed } from "../lib/notify.js";
import { whenReleased } from "../lib/press.js";
import { formatAgo, formatDuration, formatFull, label, t } from "../lib/texts.js";
import { callTag } from "./calls.js";
import { FIRST } from "./filters.js";
import { LIVE, PAGE, headline, merged } from "./rows.js";

const SOON = 3600;
/** The longest list the server sends. */
const MOST = 1000;

/** The promise that runs out first: late, soon, or nothing worth a tag. */
function clock(ticket) {
  const next = ticket.sla?.next;
  if (!LIVE.includes(ticket.status) || !next) return null;
  if (next.seconds_left <= 0) return h("span", { class: "tag tag-urgent", title: formatFull(next.due_at) }, icon("clock"), t("sla.late", { time: formatDuration(-next.seconds_left) }));
  if (next.seconds_left > SOON) return null;
  return h("span", { class: "tag tag-wait", title: formatFull(next.due_at) }, icon("clock"), t("sla.left", { time: formatDuration(next.seconds_left) }));
}

/** The tags of a ticket: what decides whether to open it now. */
export function tags(ticket, name) {
  const status = { new: "tag-accent", open: "tag-info", pending: "", on_hold: "tag-wait", solved: "tag-ok" }[ticket.status] ?? "";
  const call = callTag(ticket);
  const contact = { email: "channel.email", phone: call ? null : "channel.phone" }[ticket.channel];
  return [
    ticket.priority === "urgent" && h("span", { class: "tag tag-urgent" }, icon("alert"), label("priority", "urgent")),
    ticket.priority === "high" && h("span", { class: "tag tag-wait" }, label("priority", "high")),
    clock(ticket),
    call,
    h("span", { class: `tag ${status}` }, label("status", ticket.status)),
    ticket.snoozed_until && h("span", { class: "tag", title: formatFull(ticket.snoozed_until) }, icon("clock"), t("snooze.tag", { time: formatAgo(ticket.snoozed_until) })),
    h("span", { class: "tag" }, label("queue", ticket.queue)),
    ticket.level && ticket.level !== "L1" && h("span", { class: "tag" }, label("level", ticket.level)),
    // A language's own queue says it already.
    ticket.locale && ticket.locale !== ticket.queue && h("span", { class: "tag", title: label("language", ticket.locale) }, ticket.locale.toUpperCase()),
    contact && h("span", { class: "tag" }, t(contact)),
    ticket.assignee && h("span", { class: "tag" }, icon("person"), name(ticket.assignee)),
  ];
}

/** The queue's side of the page. `me` is one's username; `load(params)` fetches tickets; `open(reference)` opens one; `name(username)` is a first name. */
export class Queue {
  constructor({ me, name, load, open, filters, bulk, drawn }) {
    Object.assign(this, { me, name, load, open, filters, bulk, drawn });
    this.fresh = [];
    this.drawSoon = debounce(() => this.show(this.tickets), 40);
    this.tickets = [];
    this.most = PAGE;
    this.further = false;     // whether there is more than is listed
    this.unread = new Set();
    this.unseen = 0;
    this.current = null;
    this.list = byId("queue-list");
    this.search = byId("queue-search");
    this.search.addEventListener("input", debounce(() => this.update(), 250));
    byId("queue-form").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => this.looked());
  }

  clear() {
    this.filters.set(FIRST);
    this.search.value = "";
    this.update();
  }

  /** List from the start, and say where that fails. */
  update() {
    this.most = PAGE;
    void this.refresh().catch(failed);
  }

  /** Fetch and draw; of several at once only the last one asked for is drawn. */
  async refresh() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const q = this.search.value.trim();
    // Words are looked for everywhere: what is settled is searched too.
    const { status, snoozed, ...rest } = this.filters.values();
    const base = q && status === FIRST.status ? rest : { status, snoozed, ...rest };
    this.fresh = [];
    const { tickets, more } = await this.load({ ...base, q, limit: this.most });
    if (turn !== this.turn) return;
    this.further = more;
    // What changed while the list was on its way may be newer than the list.
    this.show(q ? tickets : this.fresh.reduce((list, ticket) => merged(list, ticket, this.filters.values(), this.me, this.most), tickets));
  }

  /** One changed request, without fetching the list; false where only the server can tell whether it belongs there. */
  take(ticket) {
    if (this.search.value.trim()) return false;
    this.fresh.push(ticket);
    this.tickets = merged(this.tickets, ticket, this.filters.values(), this.me, this.most);
    this.drawSoon();
    return true;
  }

  show(tickets) {
    this.tickets = tickets;
    this.filters.learn(tickets);
    this.bulk.keep(tickets.map((ticket) => ticket.reference));
    this.draw();
    this.drawn();
  }

  draw() {
    const waiting = this.tickets.filter((ticket) => ticket.status === "new").length;
    keep(byId("queue-count"), t(this.further ? "queue.count_more" : "queue.count", { n: this.tickets.length, waiting }));
    this.title();
    whenReleased(this.list, this.drawRows);
    this.drawMore();
    byId("queue-empty").hidden = this.tickets.length > 0;
    if (!this.tickets.length) this.explainEmpty();
  }

  /** What stands below a list that goes on. */
  drawMore() {
    const box = byId("queue-more");
    box.hidden = !this.further;
    const more = (event) => attempt(event.currentTarget, async () => {
      this.most += PAGE;
      await this.refresh();
    });
    keep(box, this.most < MOST
      ? h("button", { type: "button", class: "button small", on: { click: (event) => void more(event) } }, t("queue.more"))
      : h("p", { class: "small quiet" }, t("queue.most")));
  }

  /** The rows as they are now; not while one is pressed, for the click is meant for what was seen. */
  drawRows = () => {
    keep(this.list, this.tickets.map((ticket) => h("li", { class: "queue-item", dataset: { key: ticket.reference } }, this.tick(ticket), this.row(ticket))));
    for (const box of this.list.querySelectorAll(".queue-tick")) box.checked = this.bulk.chosen.has(box.dataset.tick);
  };

  /** What waits, in the tab's title: new requests, customers who wrote, notifications. */
  title() {
    const count = this.tickets.filter((ticket) => ticket.status === "new").length + this.unread.size + this.unseen;
    document.title = `${count ? `(${count}) ` : ""}${t("inbox.title")} · Relais`;
  }

  explainEmpty() {
    const filtered = this.filters.narrowed() || Boolean(this.search.value.trim());
    keep(byId("queue-empty"), icon(filtered ? "search" : "check"),
      h("h2", null, t(filtered ? "queue.none_filtered" : "queue.none")),
      h("p", null, t(filtered ? "queue.none_filtered_help" : "queue.none_help")),
      filtered && h("button", { type: "button", class: "button", on: { click: () => this.clear() } }, t("queue.clear")));
  }

  tick(ticket) {
    const { reference } = ticket;
    return h("input", {
      type: "checkbox", class: "queue-tick", dataset: { tick: reference },
      "aria-label": t("bulk.select", { reference }), on: { change: (event) => this.bulk.toggle(reference, event.target.checked) },
    });
  }

  row(ticket) {
    const at = ticket.last_at ?? ticket.updated_at ?? ticket.opened_at;
    const unread = this.unread.has(ticket.reference);
    const classes = ["ticket-row", ticket.priority === "urgent" && LIVE.includes(ticket.status) && "is-urgent", unread && "is-unread"];
    return h("button", {
      type: "button", class: classes.filter(Boolean).join(" "), dataset: { reference: ticket.reference },
      "aria-current": ticket.reference === this.current ? "true" : null,
      on: { click: () => this.open(ticket.reference) },
    },
    h("span", { class: "ticket-ref" }, ticket.reference),
    h("time", { class: "ticket-age", datetime: at, "data-ago": true, title: formatFull(at) }, formatAgo(at)),
    h("span", { class: "ticket-summary" }, unread && h("span", { class: "visually-hidden" }, `${t("queue.unread")} `), headline(ticket)),
    ticket.match && h("span", { class: "ticket-match" }, icon("search"), ticket.match.text),
    h("span", { class: "ticket-meta" }, tags(ticket, this.name), (ticket.tags ?? []).map((tag) => h("span", { class: "tag tag-own" }, tag))));
  }

  select(reference) {
    this.current = reference;
    this.unread.delete(reference);
    this.draw();
  }

  /** Something new was said where nobody is looking: in a ticket that is not open, or behind another window. */
  mark(reference) {
    if (reference === this.current && !document.hidden) return;
    this.unread.add(reference);
    this.title();
  }

  /** Whoever is back at the page sees the opened ticket. */
  looked() {
    if (document.hidden || !this.unread.delete(this.current)) return;
    this.draw();
  }

  /** Tick the focused or opened request. */
  tickCurrent() {
    const reference = document.activeElement?.dataset?.reference ?? this.current;
    if (!reference || !this.tickets.some((ticket) => ticket.reference === reference)) return;
    this.bulk.toggle(reference);
    this.draw();
  }

  /** Move the focus by one row; from outside the list, to the opened or first one. */
  move(step) {
    const rows = [...this.list.querySelectorAll(".ticket-row")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    const start = rows.findIndex((row) => row.dataset.reference === this.current);
    const next = at >= 0 ? at + step : start >= 0 ? start + step : 0;
    rows[Math.min(rows.length - 1, Math.max(0, next))].focus();
  }
}
