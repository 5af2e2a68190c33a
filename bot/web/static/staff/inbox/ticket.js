/** The opened request: head with its actions, packet, conversation, reply box. */

import { confirm, dialog } from "../lib/dialog.js";
import { byId, fill, h, icon } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { label, t } from "../lib/texts.js";
import { QUEUES } from "../lib/themes.js";
import { Composer } from "./composer.js";
import { packetView } from "./packet.js";
import { tags } from "./queue.js";
import { drawTalk, lines } from "./talk.js";

const LIVE = ["new", "open", "pending", "on_hold"];
const TYPING_LASTS = 5000;

/** `api` holds the calls; `changed()` is told when the ticket is no longer what the queue shows. */
export class TicketView {
  constructor({ me, api, changed }) {
    this.me = me;
    this.api = api;
    this.changed = changed;
    this.leads = ["lead", "admin"].includes(document.body.dataset.role);
    this.ticket = null;
    this.people = new Map();
    this.scroll = byId("ticket-scroll");
    this.talk = byId("talk");
    this.typing = new Map();
    this.composer = new Composer({
      send: (mode, text) => this.send(mode, text),
      typing: () => void this.api.typing(this.ticket.reference).catch(() => {}),
    });
  }

  name(username) {
    return username === this.me ? t("me") : (this.people.get(username) ?? label("author", username));
  }

  /** Open a ticket by reference; of several asked for quickly the last one wins. */
  async open(reference) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const ticket = await this.api.ticket(reference);
    if (turn !== this.turn) return;
    const other = this.ticket?.reference !== reference;
    this.draw(ticket, other);
  }

  /** The same ticket again, after something happened to it. */
  async refresh() {
    if (!this.ticket) return;
    const { reference } = this.ticket;
    const ticket = await this.api.ticket(reference);
    if (this.ticket?.reference === reference) this.draw(ticket, false);
  }

  leave() {
    this.turn = (this.turn ?? 0) + 1;
    this.ticket = null;
    byId("ticket").hidden = true;
    byId("ticket-empty").hidden = false;
  }

  draw(ticket, fresh) {
    this.ticket = ticket;
    byId("ticket").hidden = false;
    byId("ticket-empty").hidden = true;
    this.drawHead();
    if (fresh) {
      this.typing.clear();
      this.talk.replaceChildren();
    }
    const opened = fresh || byId("packet").querySelector("details")?.open !== false;
    fill(byId("packet"), packetView(ticket, opened));
    const atEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 80;
    const added = drawTalk(this.talk, lines(ticket.transcript, ticket.history, (name) => this.name(name)));
    this.drawTyping();
    const mine = ticket.assignee === this.me;
    const live = LIVE.includes(ticket.status);
    // Who answers an untaken request takes it by that.
    this.composer.follow(ticket.reference, { replying: live && (mine || !ticket.assignee), noting: ticket.status !== "closed" });
    // A request new to us is read from its packet down, one we answered from its newest message.
    if (fresh && !(mine && ticket.first_response_at)) this.scroll.scrollTop = 0;
    else if (fresh || (added && atEnd)) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  drawHead() {
    const { ticket } = this;
    const mine = ticket.assignee === this.me;
    const live = LIVE.includes(ticket.status);
    const ours = mine || !ticket.assignee || this.leads;
    byId("ticket-reference").textContent = ticket.reference;
    fill(byId("ticket-tags"), tags(ticket, (username) => this.name(username)));
    const button = (key, name, action, kind = "") =>
      h("button", { type: "button", class: `button ${kind}`, id: `action-${key}`, on: { click: (event) => void action.call(this, event.currentTarget) } }, icon(name), t(`action.${key}`));
    const focused = document.activeElement?.id;
    fill(byId("ticket-actions"),
      live && !mine && ours && button("take", "person", this.take, ticket.assignee ? "" : "button-primary"),
      live && ours && button("transfer", "swap", this.transfer),
      live && mine && ticket.status !== "on_hold" && button("hold", "clock", this.hold),
      live && mine && button("hand-back", "bot", this.handBack),
      live && mine && button("resolve", "check", this.resolve, "button-primary"));
    if (focused?.startsWith("action-")) (document.getElementById(focused) ?? byId("ticket-actions").querySelector("button"))?.focus();
    const banner = byId("ticket-banner");
    const other = live && ticket.assignee && !mine;
    banner.hidden = !other && live;
    banner.className = other ? "banner banner-wait" : "banner";
    fill(banner, icon(other ? "person" : "check"),
      other ? t("ticket.taken_by", { name: this.name(ticket.assignee) }) : label("ticket.over", ticket.status));
  }

  /** Someone types: the customer, or a colleague (the warning before two people answer at once). */
  typed(author, name) {
    const key = author === "customer" ? "customer" : name;
    if (!key || name === this.me) return;
    this.typing.set(key, Date.now());
    this.drawTyping();
    setTimeout(() => this.drawTyping(), TYPING_LASTS + 100);
  }

  drawTyping() {
    const recent = [...this.typing].filter(([, at]) => Date.now() - at < TYPING_LASTS).map(([key]) => key);
    const colleagues = recent.filter((key) => key !== "customer").map((key) => this.name(key));
    byId("typing").textContent = recent.includes("customer") ? t("ticket.customer_types") : "";
    byId("collision").hidden = colleagues.length === 0;
    byId("collision-text").textContent = colleagues.length ? t("ticket.colleague_types", { name: colleagues.join(", ") }) : "";
  }

  async send(mode, text) {
    const { reference } = this.ticket;
    await this.api[mode](reference, text);
    await this.after(reference);
    this.scroll.scrollTop = this.scroll.scrollHeight;
    if (mode === "note") said(t("composer.note_kept"));
  }

  async after(reference) {
    this.changed();
    if (this.ticket?.reference === reference) await this.refresh();
  }

  async take(button) {
    const { reference, assignee } = this.ticket;
    if (assignee && !(await confirm(t("take.from_title", { name: this.name(assignee) }), t("take.from_text"), t("take.from_yes")))) return;
    const done = await attempt(button, async () => {
      try {
        if (assignee) await this.api.transfer(reference, { assignee: this.me });
        else await this.api.take(reference);
      } catch (error) {
        // Someone was faster: show who, and the ticket as it is now.
        if (error.status === 409) {
          await this.after(reference);
          const holder = this.ticket?.assignee;
          if (holder && holder !== this.me) error.detail = t("take.lost", { name: this.name(holder) });
        }
        throw error;
      }
      await this.after(reference);
    });
    if (done) this.composer.focus("reply");
  }

  async transfer(button) {
    const people = (await this.api.people().catch(() => [])).filter((person) => person.username !== this.ticket.assignee);
    for (const person of people) this.people.set(person.username, person.first_name);
    const { reference, queue } = this.ticket;
    const queues = QUEUES.filter((name) => name !== queue);
    const pick = (target, name, text) => h("li", null, h("button", { type: "button", class: "button", on: { click: target } }, icon(name), text));
    const chosen = await dialog(t("transfer.title"), (close) => h("div", { class: "stack" },
      h("p", { class: "quiet" }, t("transfer.help")),
      people.length > 0 && h("h3", null, t("transfer.people")),
      h("ul", { class: "option-list" }, people.map((person) => pick(() => close({ assignee: person.username }), "person",
        person.username === this.me ? t("me") : `${person.first_name} · ${label("role", person.role)}`))),
      h("h3", null, t("transfer.queues")),
      h("ul", { class: "option-list" }, queues.map((name) => pick(() => close({ queue: name }), "inbox", label("queue", name))))));
    if (!chosen) return;
    const done = await attempt(button, async () => {
      await this.api.transfer(reference, chosen);
      await this.after(reference);
    });
    if (done) said(t("transfer.done", { to: chosen.assignee ? this.name(chosen.assignee) : label("queue", chosen.queue) }));
  }

  async hold(button) {
    const { reference } = this.ticket;
    const done = await attempt(button, async () => {
      await this.api.hold(reference);
      await this.after(reference);
    });
    if (done) said(t("hold.done"));
  }

  async resolve(button) {
    const { reference } = this.ticket;
    if (!(await confirm(t("resolve.title"), t("resolve.text"), t("action.resolve")))) return;
    const done = await attempt(button, async () => {
      await this.api.resolve(reference);
      await this.after(reference);
    });
    if (done) said(t("resolve.done", { reference }));
  }

  async handBack(button) {
    const { reference } = this.ticket;
    const note = await dialog(t("hand_back.title"), (close) => {
      const box = h("textarea", { class: "textarea", id: "hand-back-note", maxlength: "500" });
      return h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); close({ note: box.value.trim() }); } } },
        h("p", null, t("hand_back.text")),
        h("div", { class: "field" }, h("label", { for: "hand-back-note" }, t("hand_back.note")), box),
        h("div", { class: "row row-end" },
          h("button", { type: "button", class: "button", on: { click: () => close() } }, t("cancel")),
          h("button", { type: "submit", class: "button button-primary" }, t("action.hand-back"))));
    });
    if (!note) return;
    const done = await attempt(button, async () => {
      await this.api.handBack(reference, note.note ? { text: note.note } : {});
      await this.after(reference);
    });
    if (done) said(t("hand_back.done"));
  }

  /** An action by its key, where the ticket allows it now. */
  press(key) {
    const button = document.getElementById(`action-${key}`);
    if (button) button.click();
    else if (this.ticket) failed({ detail: t("keys.not_now") });
  }
}
