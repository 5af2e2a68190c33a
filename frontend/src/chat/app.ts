/**
 * The chat: joins session, outbox, stream and timeline to what is on the page. Everything the
 * customer does is shown at once and kept; the network catches up when it can.
 */

import * as api from "./api";
import type { Shelf } from "./keep";
import { keep } from "./keep";
import { Outbox } from "./outbox";
import { onOtherTab, Session } from "./session";
import { Stream } from "./stream";
import { Timeline } from "./timeline";
import type { ChatEvent, Choice, Entry, InputKind, Link, Outcome } from "./types";
import { Composer } from "./view/composer";
import type { Ui } from "./view/context";
import { Shell } from "./view/frame";
import { h } from "./view/h";
import { Log } from "./view/log";
import { confirm, handover, menu } from "./view/sheets";
import { moment } from "./view/time";
import { fill, load } from "./words";
import type { Words } from "./words/types";

/** What the chat tells whoever embeds it. */
export interface Host {
  close(): void;
  unread(count: number): void;
  /** An answer is awaited: worth looking again on the next page. */
  keep(yes: boolean): void;
  event(name: string, detail: string): void;
}

export interface Options {
  words: Words;
  locale: string;
  title: string;
  logo: string;
  page: string;
  embedded: boolean;
  host: Host;
  shelf: Shelf;
}

/** Longest time the typing sign stands after a message without a word from the server. */
const TYPING_MS = 8000;
const SIGN_MS = 6000;

export class App implements Ui {
  words: Words;
  locale: string;
  title: string;
  readonly unfolded = new Set<string>();
  private readonly session = new Session();
  private readonly timeline = new Timeline();
  private readonly log: Log;
  private readonly composer: Composer;
  private readonly shell: Shell;
  private readonly outbox: Outbox;
  private stream: Stream | undefined;
  private link: Link = "connecting";
  private reachable = true;
  private wasDown = false;
  private visible = false;
  private unread = 0;
  private heard = 0;
  private caughtUp = false;
  private mode = "bot";
  private agent = "";
  private queue = "";
  private typist = "";
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private drawing = false;
  private follow = false;
  private identity = "";
  private context: Record<string, string> = {};

  constructor(
    root: HTMLElement,
    private readonly options: Options,
  ) {
    this.words = options.words;
    this.locale = options.locale;
    this.title = options.title || options.words.assistant;
    this.session.about = () => ({
      locale: this.locale,
      page_url: this.context["page"] || options.page || undefined,
      identity: this.identity || undefined,
    });
    this.log = new Log(this);
    this.composer = new Composer(
      { send: (text) => this.say(text), draft: (text) => keep.set("draft", text || null) },
      keep.get("draft") ?? "",
    );
    this.shell = new Shell(root, this.log, this.composer, {
      menu: () => this.menu(),
      close: () => options.host.close(),
      person: () => this.person(),
      retry: () => this.retry(),
    }, options.embedded);
    if (options.logo) this.shell.logo(options.logo);
    this.outbox = new Outbox(options.shelf, (entry) => this.deliver(entry), {
      queued: (entry) => {
        this.timeline.queued(entry);
        this.awaited();
        this.draw();
      },
      sent: (entry, seq) => {
        this.timeline.sent(entry.id, seq);
        // True only while an answer is being made: it may have come before the receipt.
        if (seq > this.heard && this.mode === "bot") this.typing(this.words.typing, TYPING_MS);
        this.stream?.wake();
        this.awaited();
        this.draw();
      },
      refused: (entry, detail) => {
        this.timeline.refused(entry.id, detail);
        if (entry.kind === "messages") this.shell.say(detail || this.words.refused);
        this.draw();
      },
      reachable: (yes) => {
        this.reachable = yes;
        this.connection();
      },
    });
    this.rename();
    onOtherTab(() => this.join());
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.connection());
    addEventListener("pageshow", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.wake();
      this.seen();
    });
    void this.outbox.restore();
    this.join();
  }

  // -- what the host page may ask ---------------------------------------------------------------

  /** The customer looks at the chat. */
  open(focus: boolean): void {
    this.visible = true;
    void this.begin();
    this.seen();
    if (focus) this.composer.focus();
    requestAnimationFrame(() => {
      this.composer.grow();
      this.log.bottom();
    });
  }

  hide(): void {
    this.visible = false;
    document.querySelector("dialog")?.close();
  }

  async setLocale(locale: string): Promise<void> {
    if (locale === this.locale) return;
    this.words = await load(locale);
    this.locale = locale;
    document.documentElement.lang = locale;
    if (!this.options.title) this.title = this.words.assistant;
    this.rename();
    this.draw();
  }

  setContext(context: Record<string, string>): void {
    this.context = { ...this.context, ...context };
  }

  identify(token: string): void {
    this.identity = token;
  }

  ask(choice: string, text: string): void {
    if (choice) this.choose({ id: choice, label: text || choice.replace(/^\w+:/, "").replace(/-/g, " ") });
    else if (text) this.say(text);
  }

  // -- what the customer does -------------------------------------------------------------------

  private say(text: string): void {
    this.put({ text }, text);
    this.composer.focus();
  }

  choose(choice: Choice): void {
    if (choice.id === "human") this.person();
    else {
      this.put({ choice: choice.id }, choice.label);
      this.composer.focus();
    }
  }

  private put(body: Record<string, unknown>, text: string): void {
    const id = uuid();
    this.follow = true;
    this.shell.writing("");
    this.outbox.put({ id, kind: "messages", body: { client_message_id: id, ...body }, text, at: Date.now() });
    this.options.host.event("message", "customer");
  }

  helped(seq: number, yes: boolean): void {
    this.feedback(seq, yes ? "y" : "n", { helped: yes });
  }

  survey(seq: number, csat: number, comment: string): void {
    this.feedback(seq, String(csat), { csat, comment: comment || undefined });
  }

  edit(key: string, text: string): void {
    this.timeline.remove(key);
    this.composer.edit(text);
    this.draw();
  }

  answer(seq: number): string | undefined {
    return this.answers()[seq];
  }

  private feedback(seq: number, mark: string, body: Record<string, unknown>): void {
    keep.set("answers", JSON.stringify({ ...this.answers(), [seq]: mark }));
    this.outbox.put({ id: uuid(), kind: "feedback", body, text: "", at: Date.now() });
    // "No" is also an answer to the assistant, which then offers something else.
    if (mark === "n") this.put({ choice: "helped:no" }, this.words.no);
    else this.shell.say(this.words.thanks);
    this.draw();
    this.composer.focus();
  }

  private answers(): Record<number, string> {
    return JSON.parse(keep.get("answers") ?? "{}") as Record<number, string>;
  }

  private person(): void {
    const { words } = this;
    handover(words, async (channel, contact) => {
      try {
        const reference = await api.handover(await this.session.ensure(), channel, contact);
        this.options.host.event("ticket", reference);
        this.join();
        this.stream?.wake();
        return undefined;
      } catch (error) {
        return (error instanceof api.Problem && !error.temporary && error.detail) || words.failed;
      }
    });
  }

  private menu(): void {
    const { words } = this;
    menu(words, [
      { label: words.download, run: () => void this.download() },
      { label: words.restart, run: () => void this.restart() },
      { label: words.erase, run: () => void this.erase(), grave: true },
    ]);
  }

  private async download(): Promise<void> {
    const current = this.session.current;
    if (!current) return;
    try {
      const url = URL.createObjectURL(await api.transcript(current));
      const link = h("a", { href: url });
      link.download = `${this.words.conversation}.html`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch {
      this.shell.trouble(this.words.offline);
    }
  }

  private async restart(): Promise<void> {
    const { words } = this;
    if (!(await confirm(words, words.restart, words.restartAsk, words.restart, false))) return;
    this.leave();
    await this.begin();
    this.composer.focus();
  }

  private async erase(): Promise<void> {
    const { words } = this;
    const current = this.session.current;
    if (!(await confirm(words, words.erase, words.eraseAsk, words.eraseYes, true))) return;
    try {
      if (current) await api.erase(current);
    } catch (error) {
      if (!(error instanceof api.Problem && error.status === 404)) {
        this.shell.trouble(words.failed);
        return;
      }
    }
    keep.set("draft", null);
    this.leave();
    this.shell.trouble(words.erased);
    setTimeout(() => this.connection(), 6000);
    await this.begin();
  }

  private retry(): void {
    this.outbox.wake();
    this.stream?.wake();
    void this.begin();
  }

  // -- the conversation -------------------------------------------------------------------------

  /** Make the conversation, where there is none, so that its greeting can arrive. */
  private async begin(): Promise<void> {
    if (this.stream) return;
    try {
      await this.session.ensure();
      this.reachable = true;
    } catch (error) {
      this.reachable = false;
      if (error instanceof api.Problem && error.detail && !error.temporary) this.shell.trouble(error.detail);
      setTimeout(() => this.visible && void this.begin(), 4000);
    }
    this.join();
    this.connection();
  }

  /** Follow the conversation this browser is in now; does nothing where it already does. */
  private join(): void {
    const current = this.session.current;
    if (current?.id === this.following) return;
    this.stream?.stop();
    this.stream = undefined;
    if (this.following) this.forget();
    this.following = current?.id;
    if (!current) return;
    this.caughtUp = false;
    setTimeout(() => (this.caughtUp = true), 1500);
    this.stream = new Stream(current, {
      event: (event) => this.receive(event),
      link: (state) => {
        const back = state === "live" && this.link === "offline";
        this.link = state;
        if (back) this.outbox.wake();
        this.connection();
      },
      gone: () => this.gone(current.id),
    });
    this.stream.start();
    this.connection();
  }

  private following: string | undefined;

  private forget(): void {
    this.timeline.clear();
    this.log.clear();
    this.mode = "bot";
    this.heard = 0;
    this.agent = this.queue = "";
    this.typing("", 0);
    this.rename();
  }

  private leave(): void {
    const current = this.session.current;
    keep.set("answers", null);
    if (current) this.session.forget(current.id);
    this.join();
    this.setUnread(0);
    this.awaited();
  }

  /** Erased elsewhere, or its token is void: go on in a new one, with what was not sent yet. */
  private gone(id: string): void {
    if (this.session.current?.id === id) {
      this.leave();
      this.shell.trouble(this.words.fresh);
      setTimeout(() => this.connection(), 6000);
    }
    if (this.visible || this.outbox.size) void this.begin();
  }

  private async deliver(entry: Entry): Promise<Outcome> {
    let conversation: api.Conversation;
    try {
      conversation = await this.session.ensure();
    } catch (error) {
      return { ok: false, retry: true, after: error instanceof api.Problem ? error.after : undefined };
    }
    this.join();
    try {
      return await api.deliver(conversation, entry);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      // Feedback on a conversation that is gone has nothing left to say.
      if (entry.kind === "feedback") return { ok: true, seq: 0 };
      this.gone(conversation.id);
      this.timeline.queued(entry);
      return { ok: false, retry: true, after: 300 };
    }
  }

  private receive(event: ChatEvent): void {
    if (event.kind === "typing") {
      if (event.author !== "customer") {
        const name = event.name || this.agent;
        this.typing(event.author === "agent" && name ? fill(this.words.typingName, { name }) : this.words.typing, SIGN_MS);
      }
      return;
    }
    if (!this.timeline.event(event)) return;
    this.follows(event);
    const theirs = event.author !== "customer";
    if (theirs) this.heard = event.seq ?? 0;
    if (theirs && event.kind !== "message" && this.caughtUp && event.text) this.announce(event);
    if (theirs && event.kind === "message") {
      this.typing("", 0);
      this.composer.expect((event.input?.kind ?? "text") as InputKind);
      if (this.caughtUp) {
        this.announce(event);
        if (!this.visible || document.hidden) this.setUnread(this.unread + 1);
        this.options.host.event("message", event.author ?? "");
      }
    }
    this.draw();
  }

  /** Keep up with who answers and how long it takes. */
  private follows(event: ChatEvent): void {
    const agent = event.author === "agent";
    if (event.kind === "handover") {
      this.mode = event.to === "bot" ? "bot" : agent ? "agent" : "waiting";
    } else if (event.kind === "closed") this.mode = "bot";
    else if (agent && event.kind === "message") this.mode = "agent";
    if (agent && event.name) this.agent = event.name;
    if (event.kind === "handover" || event.kind === "ticket") this.queue = this.standing(event);
    this.awaited();
    this.rename();
  }

  /** Place in the queue, wait and opening as the server gave them; nothing where it gave nothing. */
  private standing(event: ChatEvent): string {
    const { words, locale } = this;
    const minutes = Math.ceil((event.wait_seconds ?? 0) / 60);
    return [
      event.position && (event.position === 1 ? words.next : fill(words.position, { n: event.position })),
      minutes && (minutes === 1 ? words.minute : fill(words.minutes, { n: minutes })),
      event.opening_at && fill(words.opens, { when: moment(event.opening_at, locale) }),
    ]
      .filter(Boolean)
      .join(" · ");
  }

  /** Something is under way: the next page is to load the chat also where nobody opens it. */
  private awaited(): void {
    this.options.host.keep(this.mode !== "bot" || this.outbox.size > 0);
  }

  private announce(event: ChatEvent): void {
    const parts = [event.author === "agent" && event.name ? `${event.name}: ` : "", event.text ?? ""];
    if (event.picture) parts.push(" ", event.picture.alt);
    this.shell.say(parts.join(""));
  }

  // -- what is on the page ----------------------------------------------------------------------

  private wake(): void {
    this.outbox.wake();
    this.stream?.wake();
    this.connection();
  }

  private seen(): void {
    if (this.visible && !document.hidden) this.setUnread(0);
  }

  private setUnread(count: number): void {
    if (count !== this.unread) this.options.host.unread(count);
    this.unread = count;
  }

  private connection(): void {
    const down = navigator.onLine === false || !this.reachable || this.link === "offline";
    if (down) this.shell.trouble(this.words.offline);
    else {
      this.shell.trouble("");
      if (this.wasDown) this.shell.say(this.words.back);
    }
    this.wasDown = down;
    document.documentElement.toggleAttribute("data-offline", down);
  }

  private typing(text: string, ms: number): void {
    clearTimeout(this.typingTimer);
    this.typist = text;
    this.shell.writing(text);
    if (text) {
      this.draw();
      this.typingTimer = setTimeout(() => this.typing("", 0), ms);
    }
  }

  private rename(): void {
    const { words } = this;
    this.shell.words(words, this.title);
    this.composer.words(words);
    this.shell.state(
      this.mode === "agent"
        ? fill(words.withPerson, { name: this.agent || words.assistant })
        : this.mode === "waiting"
          ? this.queue || words.waitingPerson
          : words.ready,
    );
  }

  /** Many events in one tick are one redraw. */
  private draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      this.log.draw(this.timeline, this.follow);
      this.follow = false;
      if (this.typist) this.shell.writing(this.typist);
    });
  }
}

/** A random (version 4) UUID; `crypto.randomUUID` itself exists in secure contexts only. */
const uuid = (): string =>
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => {
    const random = (crypto.getRandomValues(new Uint8Array(1))[0] as number) & (15 >> (Number(digit) / 4));
    return (Number(digit) ^ random).toString(16);
  });
