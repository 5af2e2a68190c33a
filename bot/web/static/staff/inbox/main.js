/** The agents' page: queue and opened ticket, kept true by the live stream. */

import { get, post } from "../lib/api.js";
import { byId, debounce } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { failed } from "../lib/notify.js";
import "../lib/shell.js";
import { t } from "../lib/texts.js";
import { listenKeys, showKeys } from "./keys.js";
import { Queue } from "./queue.js";
import { TicketView } from "./ticket.js";

const me = document.body.dataset.username;
const desk = byId("desk");
const path = (reference, action = "") => `tickets/${encodeURIComponent(reference)}${action && `/${action}`}`;

const api = {
  ticket: (reference) => get(path(reference)),
  take: (reference) => post(path(reference, "take")),
  reply: (reference, text) => post(path(reference, "reply"), { text }),
  note: (reference, text) => post(path(reference, "note"), { text }),
  transfer: (reference, to) => post(path(reference, "transfer"), to),
  resolve: (reference) => post(path(reference, "resolve")),
  handBack: (reference, body) => post(path(reference, "hand-back"), body),
  typing: (reference) => post(path(reference, "typing")),
  hold: (reference) => post(path(reference, "hold")),
  people: async () => (await get("colleagues")).colleagues,
};

const referenceInUrl = () => decodeURIComponent(location.hash.slice(1));
const guard = (promise) => promise.catch((error) => {
  if (error.name === "AbortError") return;
  if (!error.detail) console.error(error);
  failed(error);
});

const queue = new Queue({
  me,
  name: (username) => view.name(username),
  load: async ({ locale, ...params }) => {
    const { tickets } = await get("tickets", params);
    return locale ? tickets.filter((ticket) => ticket.locale === locale) : tickets;
  },
  open: (reference) => {
    if (referenceInUrl() === reference) void guard(show());
    else location.hash = reference;
  },
});
const view = new TicketView({ me, api, changed: () => void guard(queue.refresh()) });

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
    if (error.status === 404) location.hash = "";
    throw error;
  }
}

function back() {
  const reference = referenceInUrl();
  location.hash = "";
  requestAnimationFrame(() => queue.list.querySelector(`[data-reference="${CSS.escape(reference)}"]`)?.focus());
}

const refreshQueue = debounce(() => void guard(queue.refresh()), 150);
const refreshTicket = debounce(() => void guard(view.refresh()), 80);

/** Whatever the event says, the pages fetch the truth; the event only tells where to look. */
function onEvent(event, type) {
  const kind = event.kind ?? type;
  const open = view.ticket;
  const here = open && (event.reference === open.reference || event.conversation_id === open.conversation_id);
  if (kind === "typing") {
    if (here) view.typed(event.author, event.username);
    return;
  }
  if (here) refreshTicket();
  else if (event.author === "customer") {
    const ticket = queue.tickets.find((one) => one.reference === event.reference || one.conversation_id === event.conversation_id);
    if (ticket) queue.mark(ticket.reference);
  }
  refreshQueue();
}

listen({
  onEvent,
  onState: (state) => {
    byId("live").dataset.state = state;
    byId("live").textContent = t(`live.${state}`);
  },
  onReturn: () => {
    refreshQueue();
    refreshTicket();
  },
});

// A net under the stream: proxies that hold events back must not hide a waiting customer. It also
// tells the server that someone is at the desk.
setInterval(() => {
  refreshQueue();
  if (view.ticket) refreshTicket();
}, 30_000);

byId("back").addEventListener("click", back);
byId("keys-button").addEventListener("click", () => void showKeys());
addEventListener("hashchange", () => void guard(show()));
listenKeys({
  j: () => queue.move(1),
  k: () => queue.move(-1),
  r: () => view.composer.focus("reply"),
  n: () => view.composer.focus("note"),
  t: () => view.press("take"),
  e: () => view.press("resolve"),
  u: back,
  "/": () => byId("queue-search").focus(),
  "?": () => void showKeys(),
});

await guard(learnNames());
await guard(queue.refresh());
await guard(show());
