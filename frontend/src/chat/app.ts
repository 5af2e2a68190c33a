/**
 * The chat: joins the link to the server with what is on the page. Everything the customer does is shown
 * at once and kept; the network catches up when it can.
 */

import type { Desk } from "./actions";
import { ask, person } from "./actions";
import * as api from "./api";
import { freshId } from "./id";
import { keep } from "./keep";
import type { Options } from "./page";
import { Page } from "./page";
import { Session } from "./session";
import type { Attachment, ChatEvent, Choice, Entry, InputKind } from "./types";
import { Uplink } from "./uplink";
import { Composer } from "./view/composer";
import { Shell } from "./view/frame";
import { Visitor } from "./visitor";
import { fill } from "./words";

/** Longest time the typing sign stands after a message without a word from the server. */
const TYPING_MS = 8000;
const SIGN_MS = 6000;

export class App extends Page implements Desk {
  readonly uplink: Uplink;
  readonly visitor: Visitor;
  protected readonly composer: Composer;
  protected readonly shell: Shell;
  private heard = 0;
  private caughtUp: boolean | undefined;
  private catching: ReturnType<typeof setTimeout> | undefined;
  private typed = 0;

  constructor(root: HTMLElement, given: Options) {
    super(given);
    const session = new Session(() => ({ locale: this.locale, page_url: this.visitor.page || undefined }));
    this.visitor = new Visitor(session, given.page, (before) => this.depart(before));
    this.composer = new Composer(
      { send: (text) => this.say(text), draft: (text) => this.draft(text), file: (file) => this.put("attachments", {}, "", file) },
      keep.get("draft") ?? "",
    );
    this.shell = new Shell(root, this.log, this.composer, {
      menu: () => void ask(this, (more) => more.menu(this)),
      close: () => given.owner.close(),
      person: () => void person(this),
      retry: () => this.uplink.nudge(),
    }, given.embedded);
    if (given.logo) this.shell.logo(given.logo);
    this.uplink = new Uplink(session, given.shelf, {
      event: (event) => this.receive(event),
      moved: (before) => this.moved(before),
      linked: (detail) => this.linked(this.uplink.down, detail),
      gone: () => this.trouble(this.words.fresh, true),
      introduce: () => this.visitor.introduce(),
      seen: () => this.shown,
      queued: (entry) => {
        this.story.queued(entry);
        this.awaited();
        this.redraw();
      },
      sent: (entry, seq) => {
        this.story.sent(entry.id, seq);
        this.spoke();
        // True only while an answer is being made: it may have come before the receipt.
        if (seq > this.heard && this.standing.stage === "bot") this.typing(this.words.typing, TYPING_MS);
        this.awaited();
        this.redraw();
      },
      refused: (entry, detail) => {
        this.story.refused(entry.id, detail);
        this.spoke();
        if (entry.kind === "messages") this.shell.say(detail || this.words.refused);
        this.redraw();
      },
    });
    this.rename();
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.uplink.nudge();
      this.seen();
    });
    // What waits from a page before may have arrived already: known once it is read.
    void this.uplink.outbox.restore().then(() => this.greeted());
    this.uplink.join();
  }

  // -- what the host page may ask ---------------------------------------------------------------

  /** The customer looks at the chat. */
  open(focus: boolean): void {
    this.shown = true;
    void this.uplink.begin();
    this.seen();
    if (focus) this.composer.focus();
    requestAnimationFrame(() => {
      this.composer.grow();
      this.log.bottom();
    });
  }

  hide(): void {
    this.shown = false;
    document.querySelector("dialog")?.close();
  }

  ask(choice: string, text: string): void {
    if (choice) this.choose({ id: choice, label: text || choice.replace(/^\w+:/, "").replace(/-/g, " ") });
    else if (text) this.say(text);
  }

  // -- what the customer does -------------------------------------------------------------------

  private say(text: string): void {
    this.put("messages", { text }, text);
    this.composer.focus();
  }

  choose(choice: Choice): void {
    if (choice.id === "human") void person(this);
    else {
      this.put("messages", { choice: choice.id }, choice.label);
      this.composer.focus();
    }
  }

  private put(kind: "messages" | "attachments", body: Record<string, unknown>, text: string, file?: File): void {
    const id = freshId();
    this.follow = true;
    this.shell.writing("");
    const entry: Entry = { id, kind, body: { client_message_id: id, ...body }, text, at: Date.now() };
    this.uplink.outbox.put(file ? { ...entry, file } : entry);
    this.given.owner.event("message", "customer");
  }

  /** Ask for a person by a message, which waits for the network like any other. */
  human(): void {
    this.put("messages", { choice: "human" }, this.words.person);
  }

  helped(seq: number, yes: boolean): void {
    this.feedback(seq, yes ? "y" : "n", { helped: yes });
  }

  survey(seq: number, effort: boolean, score: number, comment: string): void {
    this.feedback(seq, String(score), { [effort ? "effort" : "csat"]: score, comment: comment || undefined });
  }

  private feedback(seq: number, mark: string, body: Record<string, unknown>): void {
    keep.set("answers", JSON.stringify({ ...this.answers(), [seq]: mark }));
    this.uplink.outbox.put({ id: freshId(), kind: "feedback", body, text: "", at: Date.now() });
    // "No" is also an answer to the assistant, which then offers something else.
    if (mark === "n") this.put("messages", { choice: "helped:no" }, this.words.no);
    else this.shell.say(this.words.thanks);
    this.redraw();
    this.composer.focus();
  }

  answer(seq: number): string | undefined {
    return this.answers()[seq];
  }

  private answers(): Record<number, string> {
    return JSON.parse(keep.get("answers") ?? "{}") as Record<number, string>;
  }

  /** Kept over a reload; an agent who reads along sees that something is being written. */
  private draft(text: string): void {
    keep.set("draft", text || null);
    const { current } = this.uplink.thread;
    if (!text || !current || this.standing.stage !== "agent" || Date.now() - this.typed < 3000) return;
    this.typed = Date.now();
    void api.typing(current).catch(() => undefined);
  }

  fetch(file: Attachment): void {
    void ask(this, (more) => more.save(this, `attachments/${file.id}`, file.name));
  }

  edit(key: string, text: string): void {
    this.story.remove(key);
    this.uplink.outbox.drop(key);
    this.composer.edit(text);
    this.redraw();
  }

  handed(reference: string): void {
    this.given.owner.event("ticket", reference);
    this.uplink.nudge();
  }

  async anew(wipe: boolean): Promise<void> {
    if (wipe) {
      this.composer.clear();
      void this.uplink.outbox.clear(Infinity);
    }
    this.uplink.leave();
    await this.uplink.begin();
    this.composer.focus();
  }

  /** Someone else sits here now: nothing of the one before is shown, sent or kept. */
  private depart(before: number): void {
    void this.uplink.outbox.clear(before);
    this.composer.clear();
    this.leave();
  }

  /** The language is settled: a page in another one goes on in this conversation. */
  private spoke(): void {
    keep.set("made", null);
  }

  /** Greeted in another language, and nothing said since: begin anew in this one. */
  private greeted(): void {
    const made = keep.get("made");
    if (made && made !== this.locale && !this.uplink.outbox.size) this.leave();
  }

  override async setLocale(locale: string): Promise<void> {
    await super.setLocale(locale);
    // What is just being made is greeted in the language of before.
    await this.uplink.thread.making?.catch(() => undefined);
    this.greeted();
  }

  /** Out of this conversation; whoever looks is greeted anew. */
  private leave(): void {
    this.uplink.leave();
    this.uplink.look();
  }

  // -- the conversation -------------------------------------------------------------------------

  /** Another conversation than before: what is shown begins anew. */
  private moved(before: boolean): void {
    if (before) {
      this.story.clear();
      this.log.clear();
      this.uplink.outbox.again();
      this.heard = 0;
      this.standing.clear();
      this.typing("", 0);
      this.setUnread(0);
      this.awaited();
      this.rename();
    }
    this.caughtUp = false;
    clearTimeout(this.catching);
    this.catching = undefined;
  }

  /** What is there is read where somebody looks, on whatever page they do. */
  private seen(): void {
    if (!this.shown || document.hidden) return;
    this.setUnread(0);
    if (this.heard) keep.set("read", `${this.heard}`);
  }

  private receive(event: ChatEvent): void {
    const { standing, words } = this;
    if (event.kind === "typing") {
      if (event.author !== "customer") {
        const name = event.name || standing.agent;
        this.typing(event.author === "agent" && name ? fill(words.typingName, { name }) : words.typing, SIGN_MS);
      }
      return;
    }
    const passing = event.kind === "queue";
    if (!passing && !this.story.event(event)) return;
    // What comes at once is history: counted from its first word, however slow the line is.
    this.catching ??= setTimeout(() => (this.caughtUp = true), 1500);
    standing.follows(event);
    this.awaited();
    this.rename();
    this.redraw();
    if (event.author !== "bot") this.spoke();
    if (passing || event.author === "customer") return;
    this.heard = event.seq as number;
    this.seen();
    const message = event.kind === "message";
    if (this.caughtUp && (message || event.text)) this.announce(event);
    if (!message) return;
    this.typing("", 0);
    this.composer.expect((event.input?.kind ?? "text") as InputKind);
    // It may have come between two pages; where nothing is known of before, what is old counts as read.
    const fresh = this.heard > Number(keep.get("read") ?? (this.caughtUp ? 0 : Infinity));
    if (fresh) this.setUnread(this.unread + 1);
    if (!this.caughtUp) return;
    if (fresh && keep.get("sound")) void this.need().then((more) => more?.beep());
    this.given.owner.event("message", event.author ?? "");
  }

  /** Something is under way: the next page is to load the chat also where nobody opens it. */
  private awaited(): void {
    this.given.owner.keep(this.standing.stage !== "bot" || this.uplink.outbox.size > 0);
  }

}
