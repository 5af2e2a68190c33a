/** The head of the opened request: what it is, what can be done with it now, who has it. */

import { byId, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { label, t } from "../lib/texts.js";
import { more } from "./more.js";
import { tags } from "./queue.js";
import { LIVE } from "./rows.js";

/** `view` is the `TicketView`, whose methods the buttons call. */
export function drawHead(view) {
  const { ticket, me } = view;
  const mine = ticket.assignee === me;
  const live = LIVE.includes(ticket.status);
  keep(byId("ticket-reference"), ticket.reference);
  keep(byId("ticket-tags"), tags(ticket, (username) => view.name(username)));
  drawActions(view, { mine, live, ours: mine || !ticket.assignee || view.leads });
  const banner = byId("ticket-banner");
  const other = live && ticket.assignee && !mine;
  banner.hidden = !other && live;
  banner.className = other ? "banner banner-wait" : "banner";
  keep(banner, icon(other ? "person" : "check"),
    other ? t("ticket.taken_by", { name: view.name(ticket.assignee) }) : label("ticket.over", ticket.status));
}

function drawActions(view, { mine, live, ours }) {
  const { ticket } = view;
  const box = byId("ticket-actions");
  const focused = box.contains(document.activeElement) && document.activeElement;
  const button = (key, name, action, kind = "") =>
    h("button", { type: "button", class: `button ${kind}`, id: `action-${key}`, on: { click: (event) => void action.call(view, event.currentTarget) } }, icon(name), t(`action.${key}`));
  keep(box,
    live && !mine && ours && button("take", "person", view.take, ticket.assignee ? "" : "button-primary"),
    live && mine && ticket.status === "on_hold" && button("resume", "person", view.resume),
    live && ours && button("transfer", "swap", view.transfer),
    live && ours && (ticket.snoozed_until ? button("wake", "clock", view.wake) : button("snooze", "clock", view.snooze)),
    live && mine && button("hand-back", "bot", view.handBack),
    live && mine && button("resolve", "check", view.resolve, "button-primary"),
    live && ours && h("button", { type: "button", class: "quiet-button", id: "action-more", "aria-label": t("action.more"), title: t("action.more"), on: { click: (event) => void more(event.currentTarget, ticket, () => view.after(ticket.reference)) } }, icon("more")));
  if (focused && !focused.isConnected) box.querySelector("button")?.focus();
}
