/** One changed request put into the list, as the server's query would have listed it. */

export const LIVE = ["new", "open", "pending", "on_hold"];
const PRIORITIES = ["urgent", "high", "normal"];
const SOON = 3_600_000;
/** Requests the list shows at first, and how many more each time. */
export const PAGE = 200;

/** Whether a request belongs in a list with these filters (words searched for only the server can tell). */
export function fits(ticket, filters, me, now = Date.now()) {
  const one = (name) => !filters[name] || ticket[name] === filters[name];
  const among = (wanted, value) => !wanted || wanted.split(",").includes(value);
  const statuses = filters.status === "live" ? LIVE.join(",") : filters.status;
  if (!among(statuses, ticket.status) || !among(filters.priority, ticket.priority)) return false;
  if (!["queue", "level", "locale", "channel"].every(one)) return false;
  if (filters.tag && !(ticket.tags ?? []).includes(filters.tag)) return false;
  if (filters.assignee) {
    const wanted = { none: null, me }[filters.assignee];
    if (ticket.assignee !== (wanted === undefined ? filters.assignee : wanted)) return false;
  }
  if (filters.sla) {
    const edge = now + (filters.sla === "late" ? 0 : SOON);
    const due = (ticket.sla?.clocks ?? []).some((clock) => clock.state === "running" && clock.due_at && Date.parse(clock.due_at) <= edge);
    if (!due) return false;
  }
  return !filters.snoozed || (filters.snoozed === "only") === Boolean(ticket.snoozed_until);
}

/** The customer's words out of the two-line summary; its subject stands in a tag already. */
export function headline(ticket) {
  return String(ticket.summary).split("\n")[0].replace(/^\[[^\]]*\]\s*/, "");
}

/** The list's order: live ones by priority and age, then settled ones, newest first. */
export function before(a, b) {
  const live = LIVE.includes(b.status) - LIVE.includes(a.status);
  if (live) return live;
  const age = a.opened_at < b.opened_at ? -1 : a.opened_at > b.opened_at ? 1 : 0;
  if (!LIVE.includes(a.status)) return -age;
  return PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || age;
}

/** The list with a changed request in it, or without it where it no longer belongs; an older state of it changes nothing. */
export function merged(tickets, ticket, filters, me, most = PAGE) {
  const known = tickets.find((one) => one.reference === ticket.reference);
  if (known && known.version > ticket.version) return tickets;
  const rest = tickets.filter((one) => one !== known);
  return fits(ticket, filters, me) ? [...rest, ticket].sort(before).slice(0, most) : rest;
}
