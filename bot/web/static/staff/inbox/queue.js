/** The queue: filters, search, the list, and moving through it. */

import { byId, debounce, fill, h, icon } from "../lib/dom.js";
import { failed } from "../lib/notify.js";
import { recall, remember } from "../lib/shell.js";
import { formatAgo, formatFull, label, t } from "../lib/texts.js";

const FILTERS = "relais-inbox-filters";
const LIVE = ["new", "open", "pending", "on_hold"];

function saved() {
  try {
    return JSON.parse(recall(FILTERS) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** The tags of a ticket: what decides whether to open it now. */
export function tags(ticket, name) {
  const status = { new: "tag-accent", open: "tag-info", pending: "", on_hold: "tag-wait", solved: "tag-ok" }[ticket.status] ?? "";
  const contact = { email: "channel.email", phone: "channel.phone" }[ticket.channel];
  return [
    ticket.priority === "urgent" && h("span", { class: "tag tag-urgent" }, icon("alert"), label("priority", "urgent")),
    ticket.priority === "high" && h("span", { class: "tag tag-wait" }, label("priority", "high")),
    h("span", { class: `tag ${status}` }, label("status", ticket.status)),
    h("span", { class: "tag" }, label("queue", ticket.queue)),
    ticket.locale && h("span", { class: "tag", title: label("language", ticket.locale) }, ticket.locale.toUpperCase()),
    contact && h("span", { class: "tag" }, t(contact)),
    ticket.assignee && h("span", { class: "tag" }, icon("person"), name(ticket.assignee)),
  ];
}

/** The customer's words out of the two-line summary; its subject stands in a tag already. */
export function headline(ticket) {
  return String(ticket.summary).split("\n")[0].replace(/^\[[^\]]*\]\s*/, "");
}

/** The queue's side of the page. `load(params)` fetches tickets; `open(reference)` opens one; `name(username)` is a first name. */
export class Queue {
  constructor({ me, name, load, open }) {
    this.me = me;
    this.name = name;
    this.load = load;
    this.open = open;
    this.tickets = [];
    this.unread = new Set();
    this.current = null;
    this.list = byId("queue-list");
    this.filters = byId("queue-filters");
    this.restore();
    const changed = () => {
      this.keep();
      this.update();
    };
    this.filters.addEventListener("change", changed);
    byId("queue-search").addEventListener("input", debounce(() => this.update(), 200));
    byId("queue-form").addEventListener("submit", (event) => event.preventDefault());
  }

  restore() {
    const values = saved();
    byId("filter-status").value = values.status ?? "live";
    byId("filter-mine").checked = Boolean(values.mine);
    // Queues and languages are known only once tickets are: their choice waits as a single option.
    for (const name of ["queue", "locale"]) {
      if (values[name]) byId(`filter-${name}`).append(h("option", { value: values[name], selected: true }, label(name === "locale" ? "language" : name, values[name])));
    }
  }

  values() {
    return {
      status: byId("filter-status").value,
      queue: byId("filter-queue").value,
      locale: byId("filter-locale").value,
      mine: byId("filter-mine").checked,
      q: byId("queue-search").value.trim(),
    };
  }

  keep() {
    const { q, ...rest } = this.values();
    remember(FILTERS, JSON.stringify(rest));
  }

  clear() {
    byId("filter-status").value = "live";
    byId("filter-queue").value = "";
    byId("filter-locale").value = "";
    byId("filter-mine").checked = false;
    byId("queue-search").value = "";
    this.keep();
    this.update();
  }

  /** Refresh, and say where that fails. */
  update() {
    void this.refresh().catch(failed);
  }

  /** Fetch and draw; of several at once only the last one asked for is drawn. */
  async refresh() {
    const { mine, locale, ...params } = this.values();
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const tickets = await this.load({ ...params, locale, assignee: mine ? this.me : "" });
    if (turn !== this.turn) return;
    this.tickets = tickets;
    this.options("queue", "queue");
    this.options("locale", "language");
    this.draw();
  }

  /** Offer every queue and language seen so far. */
  options(name, group) {
    const select = byId(`filter-${name}`);
    const known = new Set([...select.options].map((option) => option.value));
    const found = [...new Set(this.tickets.map((ticket) => ticket[name]))].filter((value) => value && !known.has(value)).sort();
    for (const value of found) select.append(h("option", { value }, label(group, value)));
  }

  draw() {
    const focused = document.activeElement?.dataset?.reference;
    const waiting = this.tickets.filter((ticket) => ticket.status === "new").length;
    byId("queue-count").textContent = t("queue.count", { n: this.tickets.length, waiting });
    document.title = `${waiting ? `(${waiting}) ` : ""}${t("inbox.title")} · Relais`;
    fill(this.list, this.tickets.map((ticket) => h("li", null, this.row(ticket))));
    byId("queue-empty").hidden = this.tickets.length > 0;
    if (!this.tickets.length) this.explainEmpty();
    if (focused) this.list.querySelector(`[data-reference="${CSS.escape(focused)}"]`)?.focus();
  }

  explainEmpty() {
    const { status, queue, locale, mine, q } = this.values();
    const filtered = Boolean(queue || locale || mine || q || status !== "live");
    fill(byId("queue-empty"), icon(filtered ? "search" : "check"),
      h("h2", null, t(filtered ? "queue.none_filtered" : "queue.none")),
      h("p", null, t(filtered ? "queue.none_filtered_help" : "queue.none_help")),
      filtered && h("button", { type: "button", class: "button", on: { click: () => this.clear() } }, t("queue.clear")));
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
    h("span", { class: "ticket-meta" }, tags(ticket, this.name)));
  }

  select(reference) {
    this.current = reference;
    this.unread.delete(reference);
    this.draw();
  }

  /** Something new was said in a ticket that is not open. */
  mark(reference) {
    if (reference !== this.current) this.unread.add(reference);
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
