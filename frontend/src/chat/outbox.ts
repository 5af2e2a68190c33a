/**
 * The outbox: what the customer said is kept until the server has it.
 *
 * Entries leave one at a time and in the order they were written; the next is not tried before the
 * one ahead has arrived or has been refused for good. Only a file that has to wait (too many a minute,
 * too slow a line) lets words pass. Ids are made here, and the server does nothing for an id it already
 * has, so sending again (after a lost answer, from a second tab) is harmless.
 */

import { backoff, Sleeper } from "./backoff";
import type { Shelf } from "./keep";
import type { Entry, Outcome } from "./types";

export interface OutboxEvents {
  /** The entry stands in the queue, from this page or one before it. */
  queued(entry: Entry): void;
  sent(entry: Entry, seq: number): void;
  refused(entry: Entry, detail: string): void;
  /** False while attempts fail, true again after one succeeds. */
  reachable(yes: boolean): void;
}

export class Outbox {
  private backlog: Entry[] = [];
  private running: boolean | undefined;
  private failures = 0;
  private readonly sleeper = new Sleeper();
  /** What was written before is someone else's, also where it is still being read. */
  private cleared = 0;

  constructor(
    private readonly shelf: Shelf,
    private readonly send: (entry: Entry) => Promise<Outcome>,
    private readonly on: OutboxEvents,
    private readonly delay: (attempt: number) => number = backoff,
  ) {}

  /** Number of entries the server does not have yet. */
  get size(): number {
    return this.backlog.length;
  }

  /** Take up what an earlier page left behind. Resolves when it is listed, not when it is sent. */
  async restore(): Promise<void> {
    const left = await this.shelf.all().catch(() => []);
    const old = left.filter(({ id, at }) => at >= this.cleared && !this.backlog.some((entry) => entry.id === id));
    this.backlog = [...old, ...this.backlog];
    old.forEach((entry) => this.on.queued(entry));
    void this.run();
  }

  /** Keep and send. The entry counts from now on, whether or not the browser could store it. */
  put(entry: Entry): void {
    this.backlog.push(entry);
    this.on.queued(entry);
    // Stored before the first attempt ends; where storing fails, memory still holds it.
    void this.shelf.add(entry).catch(() => undefined);
    this.nudge();
  }

  /** Tell again of all that waits: another conversation is shown. */
  again(): void {
    this.backlog.forEach((entry) => this.on.queued(entry));
  }

  /** Forget what was written before a moment: it was someone else's. */
  async clear(before: number): Promise<void> {
    this.cleared = before;
    this.backlog = this.backlog.filter((entry) => entry.at >= before);
    const all = await this.shelf.all().catch(() => []);
    all.forEach(({ id, at }) => at < before && this.drop(id));
  }

  /** Forget an entry: it arrived, or the customer took its words back to write them anew. */
  drop(id: string): void {
    void this.shelf.remove(id).catch(() => undefined);
  }

  /** Try at once: the network came back, the page woke up, the customer asked. */
  nudge(): void {
    this.sleeper.nudge();
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (let entry = this.next(); entry; entry = this.next()) await this.attempt(entry);
    } finally {
      this.running = false;
    }
  }

  /** The entry to try. While attempts fail, files stand behind words, each in the order written. */
  private next(): Entry | undefined {
    if (this.failures) this.backlog.sort((a, b) => +!!a.file - +!!b.file);
    return this.backlog[0];
  }

  private async attempt(entry: Entry): Promise<void> {
    const outcome = await this.send(entry).catch((): Outcome => ({ ok: false, retry: true }));
    if (!outcome.ok && outcome.retry) {
      this.failures += 1;
      // Others may get through where this one has to wait.
      if (this.next() === entry) {
        this.on.reachable(false);
        await this.sleeper.sleep(outcome.after ?? this.delay(this.failures));
      }
      return;
    }
    this.failures = 0;
    this.on.reachable(true);
    this.backlog = this.backlog.filter((other) => other.id !== entry.id);
    if (outcome.ok) this.on.sent(entry, outcome.seq);
    else this.on.refused(entry, outcome.detail);
    // Words that were refused stay for the next page too, until the customer takes them back.
    if (outcome.ok || !entry.body["text"]) this.drop(entry.id);
  }
}
