/**
 * Events of a conversation, each once and in order: server-sent events read with fetch (so that the
 * token travels in a header and never in an address), long polling where a proxy holds the stream
 * back, and a slow poll while the page has been hidden for a while.
 */

import * as api from "./api";
import { backoff, Sleeper } from "./backoff";
import { SseReader } from "./sse";
import type { ChatEvent, Link } from "./types";

/** No byte for this long, heartbeats included: the connection is dead whatever the socket says. */
const SILENCE = 40_000;
/** The server beats every 15 seconds. */
const BEAT = 20_000;
const HIDDEN_AFTER = 60_000;
const HIDDEN_POLL = 20_000;

export interface StreamEvents {
  event(event: ChatEvent): void;
  link(state: Link): void;
  gone(): void;
}

export class Stream {
  private seq = 0;
  private stopped: boolean | undefined;
  private streams = true;
  private barren = 0;
  private attempt = 0;
  private control = new AbortController();
  private readonly sleeper = new Sleeper();
  private hiddenSince = 0;
  /** When the connection last gave a byte. */
  private last = 0;

  constructor(
    private readonly to: api.Conversation,
    private readonly on: StreamEvents,
  ) {}

  start(): void {
    void this.loop();
  }

  stop(): void {
    this.stopped = true;
    this.control.abort();
    this.sleeper.nudge();
  }

  /** Look now: back from sleep, from another network, from a hidden tab. */
  nudge(): void {
    this.attempt = 0;
    // A heartbeat is overdue: what slept or changed its network does not wait for the silence to be long enough.
    if (Date.now() - this.last > BEAT) this.control.abort();
    this.sleeper.nudge();
  }

  private get dozing(): boolean {
    if (!document.hidden) this.hiddenSince = 0;
    else this.hiddenSince ||= Date.now();
    return this.hiddenSince > 0 && Date.now() - this.hiddenSince > HIDDEN_AFTER;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      this.control = new AbortController();
      try {
        if (this.dozing) {
          await this.poll(0);
          await this.sleeper.sleep(HIDDEN_POLL);
        } else if (this.streams) await this.listen();
        else await this.poll(25);
        this.attempt = 0;
      } catch (error) {
        if (this.stopped) return;
        if (error instanceof api.Problem && error.gone) {
          this.on.gone();
          return;
        }
        this.attempt += 1;
        if (this.attempt > 1 || navigator.onLine === false) this.on.link("offline");
        const after = error instanceof api.Problem ? error.after : undefined;
        await this.sleeper.sleep(after ?? backoff(this.attempt));
      }
    }
  }

  private async poll(wait: number): Promise<void> {
    this.last = Date.now();
    const events = await api.poll(this.to, this.seq, wait, this.control.signal);
    this.on.link("live");
    events.forEach((event) => this.take(event));
    // A server that ignores `wait` must not be asked in a tight loop.
    if (!events.length && wait) await this.sleeper.sleep(400);
  }

  private async listen(): Promise<void> {
    let bytes: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = (): void => {
      this.last = Date.now();
      clearTimeout(timer);
      timer = setTimeout(() => this.control.abort(), bytes ? SILENCE : SILENCE / 4);
    };
    try {
      watch();
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.seq) headers["Last-Event-ID"] = String(this.seq);
      const response = await api.call(
        `/${this.to.id}/events?after=${this.seq}`,
        { token: this.to.token, headers, signal: this.control.signal },
        15_000,
      );
      const type = response.headers.get("Content-Type") ?? "";
      if (!response.body || !type.startsWith("text/event-stream")) {
        this.streams = false;
        return;
      }
      this.on.link("live");
      bytes = 0;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const sse = new SseReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        bytes += value.length;
        watch();
        sse.push(value).forEach((data) => this.parse(data));
      }
      // A server that restarts ends all streams at once: not everyone comes back in the same instant.
      await this.sleeper.sleep(1500 * Math.random());
    } finally {
      clearTimeout(timer);
      // Twice open and not a byte: something between us and the server swallows the stream.
      if (bytes !== undefined) this.barren = bytes ? 0 : this.barren + 1;
      if (this.barren > 1) this.streams = false;
    }
  }

  private parse(data: string): void {
    try {
      this.take(JSON.parse(data) as ChatEvent);
    } catch {
      // One unreadable event must not end the stream; it comes again with the next connection.
    }
  }

  private take(event: ChatEvent): void {
    const seq = Number(event.seq) || 0;
    // Typing passes by and is not numbered; whatever number it carries is another event's.
    if (seq && event.kind !== "typing") {
      if (seq <= this.seq) return;
      this.seq = seq;
    }
    this.on.event(event);
  }
}
