/**
 * The link to the server: makes a conversation or finds it again, follows its events, delivers what was
 * written, and goes on in a new conversation where the old one is gone.
 */

import * as api from "./api";
import type { Shelf } from "./keep";
import type { OutboxEvents } from "./outbox";
import { Outbox } from "./outbox";
import type { Session } from "./session";
import { forget, onOtherTab } from "./session";
import { Stream } from "./stream";
import type { ChatEvent, Entry, Link, Outcome } from "./types";

export interface UplinkEvents extends Omit<OutboxEvents, "reachable"> {
  event(event: ChatEvent): void;
  /** Another conversation is followed from now on, or none; `before`: there was one. */
  moved(before: boolean): void;
  /** Whether the server can be reached may have changed; a sentence where it said why not. */
  linked(detail?: string): void;
  /** The conversation was erased elsewhere, or its token is void. */
  gone(): void;
  /** Tell the server who writes, before what is written. */
  introduce(): Promise<void>;
  /** Whether somebody looks: an unseen chat opens no conversation by itself. */
  seen(): boolean | undefined;
}

export class Uplink {
  readonly outbox: Outbox;
  private stream: Stream | undefined;
  private link: Link = "connecting";
  private reachable = true;
  private following: string | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly thread: Session,
    shelf: Shelf,
    private readonly on: UplinkEvents,
  ) {
    this.outbox = new Outbox(shelf, (entry) => this.deliver(entry), {
      ...on,
      sent: (entry, seq) => {
        this.stream?.nudge();
        on.sent(entry, seq);
      },
      reachable: (yes) => {
        this.reachable = yes;
        on.linked();
      },
    });
    onOtherTab(() => this.join());
    addEventListener("online", () => this.nudge());
    addEventListener("offline", () => on.linked());
    addEventListener("pageshow", () => this.nudge());
  }

  get down(): boolean {
    return navigator.onLine === false || !this.reachable || this.link === "offline";
  }

  /** Make the conversation, where there is none, so that its greeting can arrive. */
  async begin(): Promise<void> {
    if (this.stream) return;
    let detail: string | undefined;
    try {
      await this.thread.ensure();
      this.reachable = true;
    } catch (error) {
      this.reachable = false;
      if (error instanceof api.Problem && !error.temporary) detail = error.detail;
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.look(), 4000);
    }
    this.join();
    this.on.linked(detail);
  }

  /** Follow the conversation this browser is in now; does nothing where it already does. */
  join(): void {
    const current = this.thread.current;
    if (current?.id === this.following) return;
    this.stream?.stop();
    this.stream = undefined;
    const before = Boolean(this.following);
    this.following = current?.id;
    this.on.moved(before);
    if (!current) return;
    this.stream = new Stream(current, {
      event: (event) => this.on.event(event),
      link: (state) => {
        const back = state === "live" && this.link === "offline";
        this.link = state;
        if (back) this.outbox.nudge();
        this.on.linked();
      },
      gone: () => this.gone(current.id),
    });
    this.stream.start();
    this.on.linked();
    void this.on.introduce().catch(() => undefined);
  }

  /** Leave the conversation for good; the next one starts empty. */
  leave(): void {
    const current = this.thread.current;
    forget();
    if (current) this.thread.forget(current.id);
    this.join();
  }

  /** Look now: the network is back, the page woke up (maybe in another conversation than before), the customer asked. */
  nudge(): void {
    this.join();
    this.outbox.nudge();
    this.stream?.nudge();
    this.look();
    this.on.linked();
  }

  /** Nobody looks at a chat without a conversation. */
  look(): void {
    if (this.on.seen()) void this.begin();
  }

  /** Erased elsewhere, or its token is void: go on in a new one, with what was not sent yet. */
  private gone(id: string): void {
    if (this.thread.current?.id === id) {
      this.leave();
      this.on.gone();
    } else this.join();
    if (this.on.seen() || this.outbox.size) void this.begin();
  }

  private async deliver(entry: Entry): Promise<Outcome> {
    let conversation: api.Conversation;
    try {
      conversation = await this.thread.ensure();
    } catch (error) {
      return { ok: false, retry: true, after: error instanceof api.Problem ? error.after : undefined };
    }
    this.join();
    try {
      await this.on.introduce();
      if (this.thread.current?.id !== conversation.id) return { ok: false, retry: true, after: 300 };
      return await api.deliver(conversation, entry);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (error.temporary) return { ok: false, retry: true, after: error.after };
      // Feedback on a conversation that is gone has nothing left to say.
      if (entry.kind === "feedback") return { ok: true, seq: 0 };
      this.gone(conversation.id);
      return { ok: false, retry: true, after: 300 };
    }
  }
}
