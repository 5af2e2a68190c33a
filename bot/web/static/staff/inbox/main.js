/** The agents' page: queue and opened ticket, kept true by the live stream. */

import { del, get, post } from "../lib/api.js";
import { byId, debounce, spaced } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { failed } from "../lib/notify.js";
import "../lib/shell.js";
import { t } from "../lib/texts.js";
import { Alerts } from "./alerts.js";
import { Bulk } from "./bulk.js";
import { Calls } from "./calls.js";
import { FilterForm } from "./filters.js";
import { listenKeys, showKeys } from "./keys.js";
import { Queue } from "./queue.js";
import { LIVE } from "./rows.js";
import { RunningChats } from "./running.js";
import { TicketView } from "./ticket.js";
import { Views } from "./views.js";

const me = document.body.dataset.username;
const desk = byId("desk");
const path = (reference, action = "") => `tickets/${encodeURIComponent(reference)}${action && `/${action}`}`;

const api = {
  ticket: (reference) => get(path(reference)),
  take: (reference) => post(path(reference, "take")),
  reply: (reference, text, more) => post(path(reference, "reply"), { text, ...more }),
  note: (reference, text) => post(path(reference, "note"), { text }),
  transfer: (reference, to) => post(path(reference, "transfer"), to),
  resolve: (reference) => post(path(reference, "resolve")),
  handBack: (reference, body) => post(path(reference, "hand-back"), body),
  typing: (reference) => post(path(reference, "typing")),
  snooze: (reference, until) => post(path(reference, "snooze"), { until }),
  wake: (reference) => del(path(reference, "snooze")),
  people: async () => (await get("colleagues")).colleagues,
};

const referenceInUrl = () => decodeURIComponent(location.hash.slice(1));
const guard = (promise) => promise.catch((error) => {
  if (error.name !== "AbortError" && !error.detail) console.error(error);
  failed(error);
});

const filters = new FilterForm(() => {
  views.match();
  queue.update();
});
const views = new Views({ filters, changed: () => queue.update() });
const bulk = new Bulk({ me, people: api.people, done: () => void guard(queue.refresh()), cleared: () => queue.draw() });
const openTicket = (reference) => {
  if (referenceInUrl() === reference) void guard(show());
  else location.hash = reference;
};
const queue = new Queue({
  me,
  name: (username) => view.name(username),
  load: (params) => get("tickets", params),
  open: openTicket, filters, bulk,
  drawn: () => {
    views.match();
    alerts.arrived(queue.tickets);
  },
});
const view = new TicketView({ me, api, changed: () => void guard(queue.refresh()) });

const alerts = new Alerts({
  open: openTicket,
  name: (username) => view.people.get(username) ?? username,
  counted: (unseen) => {
    queue.unseen = unseen;
    queue.title();
  },
});
const running = new RunningChats(openTicket);
const calls = new Calls({ open: openTicket, name: (username) => view.name(username), called: (reference) => void view.after(reference) });

/** First names of colleagues, for the queue and the history. */
async function learnNames() {
  for (const person of await api.people()) view.people.set(person.username, person.first_name);
}

/** Show what the address names: a ticket, or the queue alone. */
async function show() {
  const reference = referenceInUrl();
  desk.classList.toggle("is-open", Boolean(reference));
  queue.select(reference || null);
  if (!reference) {
    view.leave();
    return;
  }
  try {
    await view.open(reference);
    if (matchMedia("(max-width: 52rem)").matches) byId("ticket-reference").focus();
  } catch (error) {
    const still = referenceInUrl() === reference && !view.opening;
    if (still && error.status === 404) location.hash = "";
    else if (still && view.ticket) {
      // The one on screen is still the one worked on.
      history.replaceState(null, "", `#${encodeURIComponent(view.ticket.reference)}`);
      queue.select(view.ticket.reference);
      // What happened to it while the other was on its way was told to nobody.
      if (view.missed) await view.refresh().catch(() => {});
    }
    throw error;
  }
}

function back() {
  const reference = referenceInUrl();
  location.hash = "";
  requestAnimationFrame(() => queue.list.querySelector(`[data-reference="${CSS.escape(reference)}"]`)?.focus());
}

// Every desk is told at once, and must not ask at once.
const refreshQueue = spaced(() => void guard(queue.refresh()), 2000);
const refreshAlerts = debounce(() => {
  for (const one of [alerts, calls]) void one.refresh().catch(() => {});
}, 400);
const refreshTicket = debounce(() => void guard(view.refresh()), 80);

/** A change brings the request's row along; the list is fetched only where a row cannot tell enough. */
function onEvent(event) {
  const { kind } = event;
  const open = view.ticket;
  const here = open && (event.reference === open.reference || event.conversation_id === open.conversation_id);
  if (kind === "typing") {
    if (here) view.typed(event.author);
    return;
  }
  if (kind === "presence") {
    if (here) view.met(event);
    return;
  }
  if (kind === "notification" || (kind === "ticket" && event.assignee === me)) refreshAlerts();
  if (kind === "notification") return;
  if (here || view.opening) refreshTicket();
  if (event.author === "customer" && event.event === "message") onWords(event);
  if (event.ticket?.priority === "urgent") alerts.arrived([event.ticket]);
  if (event.ticket && !LIVE.includes(event.ticket.status)) queue.unread.delete(event.ticket.reference);
  if (!event.ticket || !queue.take(event.ticket)) refreshQueue();
}

/** A customer wrote: marked in the list, and told aloud to whoever has the request, listed or not. */
function onWords(event) {
  const ticket = event.ticket ?? queue.tickets.find((one) => one.reference === event.reference || one.conversation_id === event.conversation_id);
  // After it was handed back, what they write is for the bot.
  if (!ticket || !LIVE.includes(ticket.status)) return;
  const mine = ticket.assignee === me;
  if (mine || queue.tickets.some((one) => one.reference === ticket.reference)) queue.mark(ticket.reference);
  if (mine) alerts.heard(t("alerts.customer", { reference: ticket.reference }), ticket.reference);
}

listen({
  onEvent,
  onState: (state) => {
    byId("live").dataset.state = state;
    byId("live").textContent = t(`live.${state}`);
  },
  onReturn: () => {
    refreshQueue();
    refreshAlerts();
    refreshTicket();
  },
});

// A net under the stream: proxies that hold events back must not hide a waiting customer. It also
// tells the server that someone is at the desk.
setInterval(() => {
  refreshQueue();
  refreshAlerts();
  if (view.ticket) refreshTicket();
}, 30_000);

byId("back").addEventListener("click", back);
byId("keys-button").addEventListener("click", () => void showKeys());
addEventListener("hashchange", () => void guard(show()));
listenKeys({
  j: () => queue.move(1),
  k: () => queue.move(-1),
  r: () => view.away() || view.composer.focus("reply"),
  n: () => view.away() || view.composer.focus("note"),
  t: () => view.press("take"),
  e: () => view.press("resolve"),
  s: () => view.press(view.ticket?.snoozed_until ? "wake" : "snooze"),
  m: () => view.ticket && !view.away() && !byId("composer-macro").disabled && void view.runMacros(),
  x: () => queue.tickCurrent(),
  i: () => view.ticket && !view.away() && view.side.toggle(),
  b: () => void running.show(),
  c: () => void calls.show(),
  u: back,
  "/": () => byId("queue-search").focus(),
  "?": () => void showKeys(),
});

// A link to a view: /inbox?view=mine
const asked = new URLSearchParams(location.search).get("view");
await Promise.all([guard(learnNames()), guard(views.load())]);
if (asked) views.pick(asked);
await guard(queue.refresh());
await guard(show());
await Promise.all([alerts, calls, running].map((one) => one.refresh()).map((promise) => promise.catch(() => {})));
