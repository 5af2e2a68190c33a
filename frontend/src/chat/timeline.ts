/**
 * One list out of two sources: events from the server and what this browser has yet to deliver.
 *
 * A message of the customer exists once, under the id this browser gave it, whichever of the answer
 * to its POST and its event comes first. Events stand in the order of their `seq`; what the server
 * does not have yet follows in the order it was written.
 */

import { skew } from "./api";
import type { ChatEvent, Delivery, Entry } from "./types";

export interface Item {
  /** Stable while the item lives; the key of its element on the page. */
  key: string;
  /** 0 until the server has it. */
  seq: number;
  event: ChatEvent;
  /** Only for messages of the customer. */
  state?: Delivery;
  /** Why it was refused, in words for the customer. */
  detail?: string;
}

export class Timeline {
  private readonly byKey = new Map<string, Item>();

  get size(): number {
    return this.byKey.size;
  }

  clear(): void {
    this.byKey.clear();
  }

  /** An event with a `seq`; the same again changes nothing. Returns whether it is news. */
  event(event: ChatEvent): boolean {
    const seq = Number(event.seq) || 0;
    const key = event.client_message_id || `s${seq}`;
    const old = this.byKey.get(key);
    if (!seq || old?.event.seq === seq) return false;
    this.byKey.set(key, { key, seq, event: { ...event, text: event.text || old?.event.text || "" }, state: "sent" });
    return true;
  }

  /** The customer wrote this; the server may not have it yet. */
  queued({ id, kind, text, at, file }: Entry): void {
    if (kind === "feedback" || this.byKey.has(id)) return;
    const event: ChatEvent = { kind: "message", author: "customer", text, at: new Date(at + skew).toISOString() };
    if (file) event.attachments = [{ id: "", name: file.name, size: file.size }];
    this.byKey.set(id, { key: id, seq: 0, state: "waiting", event });
  }

  sent(id: string, seq: number): void {
    this.change(id, { seq, state: "sent" });
  }

  refused(id: string, detail: string): void {
    this.change(id, { state: "refused", detail });
  }

  remove(id: string): void {
    this.byKey.delete(id);
  }

  private change(id: string, to: Partial<Item>): void {
    const item = this.byKey.get(id);
    if (item) this.byKey.set(id, { ...item, ...to });
  }

  /** All items in the order to show them; sorting is stable, and writing order is insertion order. */
  list(): Item[] {
    return [...this.byKey.values()].sort((a, b) => (a.seq || Infinity) - (b.seq || Infinity) || 0);
  }
}
