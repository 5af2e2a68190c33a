/** The opened request: head with its actions, packet, conversation, reply box. */

import { Problem } from "../lib/api.js";
import { confirm, dialog } from "../lib/dialog.js";
import { byId, h } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, failed, said } from "../lib/notify.js";
import { whenReleased } from "../lib/press.js";
import { formatFull, label, t } from "../lib/texts.js";
import { callCard } from "./calls.js";
import { Composer } from "./composer.js";
import { Files } from "./files.js";
import { drawHead } from "./head.js";
import { prepare, wireMacros } from "./macros.js";
import { Mention } from "./mention.js";
import { packetView } from "./packet.js";
import { Presence } from "./presence.js";
import { LIVE } from "./rows.js";
import { Side } from "./side.js";
import { pickTime } from "./snooze.js";
import { atEnd, drawTalk, lines, together } from "./talk.js";
import { pickTarget } from "./transfer.js";

const TYPING_LASTS = 5000;

/** A random id; `crypto.randomUUID` exists in secure contexts only, and some desks run on plain http inside. */
const freshId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** `api` holds the calls; `changed()` is told when the ticket is no longer what the queue shows. */
export class TicketView {
  constructor({ me, api, changed }) {
    this.me = me;
    this.api = api;
    this.changed = changed;
    this.leads = ["lead", "admin"].includes(document.body.dataset.role);
    this.ticket = null;
    this.opening = null;     // the reference that is being fetched
    this.asked = this.drawn = 0;
    this.people = new Map();
    this.scroll = byId("ticket-scroll");
    this.talk = byId("talk");
    this.typing = new Map();
    this.present = [];
    this.macro = null;
    this.sending = new Map();  // by ticket: what is sent, and its id until it is known to have arrived
    this.presence = new Presence((present) => this.drawPresent(present));
    this.files = new Files(() => this.ticket?.reference);
    this.composer = new Composer({
      send: (mode, text) => this.send(mode, text),
      typing: () => void this.api.typing(this.ticket.reference).catch(() => {}),
      writing: () => this.presence.typed(),
      files: () => this.files.any(),
    });
    const shows = (reference) => this.shows(reference);
    const insert = (ready) => this.insert(ready);
    this.runMacros = wireMacros(() => this.ticket.reference, shows, insert);
    this.side = new Side({
      insert: (id) => void attempt(byId("composer-macro"), async () => {
        const ready = await prepare(this.ticket.reference, id, shows);
        if (ready) insert(ready);
      }),
      quote: (article) => void this.put(`${article.title ?? article.id} : ${location.origin}/aide/${encodeURIComponent(article.id)}`),
      changed: () => void this.after(this.ticket.reference),
    });
    this.mention = new Mention({
      people: () => [...this.people].map(([username, first_name]) => ({ username, first_name })).filter((person) => person.username !== this.me),
      active: () => this.composer.mode === "note",
    });
  }

  name(username) {
    return username === this.me ? t("me") : (this.people.get(username) ?? label("author", username));
  }

  /** Open a ticket by reference; of several asked for quickly the last one wins. */
  async open(reference) {
    this.opening = reference;
    this.missed = false;
    this.hold();
    try {
      await this.read(reference);
    } finally {
      if (this.opening === reference) this.opening = null;
      this.hold();
    }
    // What happened between the reading and the drawing was told to nobody.
    if (this.missed) await this.refresh();
  }

  /** True while another request than the one on screen is on its way: what is pressed then is not meant for this one. */
  away() {
    return Boolean(this.opening) && this.opening !== this.ticket?.reference;
  }

  /** True where `reference` is what the agent looks at and works on. */
  shows(reference) {
    return this.ticket?.reference === reference && !this.away();
  }

  hold() {
    byId("ticket").inert = this.away();
  }

  /** The same ticket again, after something happened to it. */
  async refresh() {
    if (this.opening) this.missed = true;
    else if (this.ticket) await this.read(this.ticket.reference);
  }

  /** Fetch and draw; an answer older than what is drawn, or to what nobody asks any more, is dropped. */
  async read(reference) {
    const number = (this.asked += 1);
    const ticket = await this.api.ticket(reference);
    if (number <= this.drawn || (this.opening ?? reference) !== reference) return;
    this.drawn = number;
    this.draw(ticket, this.ticket?.reference !== reference);
  }

  leave() {
    this.drawn = this.asked;
    this.opening = null;
    this.ticket = null;
    this.presence.leave();
    this.hold();
    byId("ticket").hidden = true;
    byId("ticket-empty").hidden = false;
  }

  draw(ticket, fresh) {
    this.ticket = ticket;
    byId("ticket").hidden = false;
    byId("ticket-empty").hidden = true;
    drawHead(this);
    if (fresh) {
      this.typing.clear();
      this.talk.replaceChildren();
      this.macro = null;
      this.presence.follow(ticket.reference);
    }
    this.drawPresent(ticket.present ?? []);
    this.side.follow(ticket);
    this.files.draw();
    keep(byId("packet"), callCard(ticket, () => this.after(ticket.reference)), packetView(ticket));
    const following = atEnd(this.scroll);
    const added = drawTalk(this.talk, lines(together(ticket), ticket.history, (name) => this.name(name)));
    this.drawTyping();
    const mine = ticket.assignee === this.me;
    const live = LIVE.includes(ticket.status);
    this.composer.translation(ticket.reference, ticket.translation, (ticket.tags ?? []).includes("translate"));
    // Who answers an untaken request takes it by that.
    this.composer.follow(ticket.reference, { replying: live && (mine || !ticket.assignee), noting: ticket.status !== "closed" });
    // A request new to us is read from its packet down, one we answered from its newest message.
    if (fresh && !(mine && ticket.first_response_at)) this.scroll.scrollTop = 0;
    else if (fresh) this.toEnd();
    else if (added && following) whenReleased(this.scroll, this.follow);
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** Show the newest message to who reads the end, unless they are selecting something. */
  follow = () => {
    const selection = getSelection();
    if (selection.isCollapsed || !this.scroll.contains(selection.anchorNode)) this.toEnd();
  };

  /** The customer types. */
  typed(author) {
    if (author !== "customer") return;
    this.typing.set("customer", Date.now());
    this.drawTyping();
    setTimeout(() => this.drawTyping(), TYPING_LASTS + 100);
  }

  /** Who else has this request open; whoever writes is warned of above the reply box. */
  drawPresent(present) {
    this.present = present;
    const writing = present.filter((person) => person.state === "replying").map((person) => person.name);
    const here = present.filter((person) => person.state !== "replying").map((person) => person.name);
    byId("present").textContent = here.length ? t("ticket.present", { n: here.length, names: here.join(", ") }) : "";
    byId("collision").hidden = writing.length === 0;
    byId("collision-text").textContent = writing.length ? t("ticket.colleague_types", { name: writing.join(", ") }) : "";
  }

  /** A colleague opened, answers or left this request. */
  met({ username, name, state }) {
    if (username === this.me) return;
    const others = this.present.filter((person) => person.username !== username);
    this.drawPresent(state === "left" ? others : [...others, { username, name, state }]);
  }

  drawTyping() {
    const recent = [...this.typing].filter(([, at]) => Date.now() - at < TYPING_LASTS).map(([key]) => key);
    byId("typing").textContent = recent.includes("customer") ? t("ticket.customer_types") : "";
  }

  /** Put text into the reply box; false, and said, where this request is not ours to answer. */
  put(text) {
    if (this.composer.insert(text)) return true;
    failed({ detail: t("composer.reply_closed") });
    return false;
  }

  /** A filled macro goes into the box of the request it was filled for, or nowhere: it names its customer. */
  insert({ reference, id, text, locale }) {
    if (!this.shows(reference) || !this.put(text)) return;
    this.macro = id;
    this.tellLanguage(locale);
  }

  /** A macro may be in another language than its customer's: said, and translated where that can be done. */
  tellLanguage(locale) {
    const { translation } = this.ticket;
    const own = (this.ticket.locale ?? "fr").split(/[-_]/)[0];
    const words = { wanted: label("language", own), language: label("language", locale) };
    const was = this.composer.translating();
    this.composer.translate(Boolean(translation) && locale === translation.from);
    if (locale !== own) said(t(this.composer.translating() ? "macro.to_translate" : "macro.other_language", words));
    else if (was) said(t("macro.own_language", words));
  }

  async send(mode, text) {
    const { reference } = this.ticket;
    if (mode === "reply") await this.reply(reference, text);
    else await this.api.note(reference, text);
    await this.after(reference);
    if (this.ticket?.reference === reference) this.toEnd();
    if (mode === "note") said(t("composer.note_kept"));
  }

  /** Answer the customer, with the files chosen so far. Another request may be opened meanwhile. */
  async reply(reference, text) {
    const { macro } = this;
    const translate = this.composer.translating();
    if (!(await this.files.uploaded(reference))) throw new Problem(t("file.not_sent"));
    const attachments = this.files.ids(reference);
    // Sent again after a lost answer, the same reply is written once.
    const same = JSON.stringify([text, attachments, translate]);
    if (this.sending.get(reference)?.same !== same) this.sending.set(reference, { same, id: freshId() });
    await this.api.reply(reference, text, { client_message_id: this.sending.get(reference).id, attachments, macro: macro ?? undefined, translate });
    this.sending.delete(reference);
    this.files.sent(reference, attachments);
    this.composer.answered(reference);
    if (this.ticket?.reference === reference && this.macro === macro) this.macro = null;
  }

  /** Show what an action made of the ticket. It is done, whether or not that can be read now. */
  async after(reference) {
    this.changed();
    if (this.ticket?.reference === reference) await this.refresh().catch(failed);
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
    if (done && this.shows(reference)) this.composer.focus("reply");
  }

  async transfer(button) {
    const { reference, queue, assignee } = this.ticket;
    const people = (await this.api.people().catch(() => [])).filter((person) => person.username !== assignee);
    for (const person of people) this.people.set(person.username, person.first_name);
    if (!this.shows(reference)) return;
    const chosen = await pickTarget({ people, me: this.me, but: queue });
    if (!chosen) return;
    const done = await attempt(button, async () => {
      await this.api.transfer(reference, chosen);
      await this.after(reference);
    });
    if (done) said(t("transfer.done", { to: chosen.assignee ? this.name(chosen.assignee) : label("queue", chosen.queue) }));
  }

  /** Go on with what was put on hold. */
  async resume(button) {
    const { reference } = this.ticket;
    await attempt(button, async () => {
      await this.api.take(reference);
      await this.after(reference);
    });
  }

  async snooze(button) {
    const { reference } = this.ticket;
    const until = await pickTime();
    if (!until) return;
    const done = await attempt(button, async () => {
      await this.api.snooze(reference, until);
      await this.after(reference);
    });
    if (done) said(t("snooze.done", { until: formatFull(until) }));
  }

  async wake(button) {
    const { reference } = this.ticket;
    const done = await attempt(button, async () => {
      await this.api.wake(reference);
      await this.after(reference);
    });
    if (done) said(t("snooze.woken"));
  }

  async resolve(button) {
    const { reference } = this.ticket;
    if (!(await confirm(t("resolve.title", { reference }), t("resolve.text"), t("action.resolve")))) return;
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
    if (this.away()) return;
    const button = document.getElementById(`action-${key}`);
    if (button) button.click();
    else if (this.ticket) failed({ detail: t("keys.not_now") });
  }
}
