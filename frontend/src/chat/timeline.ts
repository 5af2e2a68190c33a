/**
 * One list out of two sources: events from the server and what this browser has yet to deliver.
 *
 * A message of the customer exists once, whichever of the answer to its POST and its event comes
 * first. Events stand in the order of their `seq`; what the server does not have yet follows.
 */

import type { ChatEvent, Delivery, Entry } from "./types";

export interface Item {
  /** Stable while the item lives; the key of its element on the page. */
  key: string;
  seq: number;
  event: ChatEvent;
  /** Only for messages this browser sent. */
  state?: Delivery;
  /** Why it was refused, in words for the customer. */
  detail?: string;
}

export class Timeline {
  private readonly items = new Map<string, Item>();
  private readonly bySeq = new Map<number, string>();

  clear(): void {
    this.items.clear();
    this.bySeq.clear();
  }

  /** An event with a `seq`; the same again changes nothing. Returns whether it is news. */
  event(event: ChatEvent): boolean {
    const seq = Number(event.seq) || 0;
    if (!seq) return false;
    const id = event.client_message_id;
    const key = this.bySeq.get(seq) ?? (id && this.items.has(id) ? id : `s${seq}`);
    const old = this.items.get(key);
    this.bySeq.set(seq, key);
    this.items.set(key, {
      key,
      seq,
      event: old?.state ? { ...old.event, ...event, text: event.text || old.event.text || "" } : event,
      ...(old?.state ? { state: "sent" as const } : {}),
    });
    return !old || !old.seq;
  }

  /** The customer wrote this; the server may not have it yet. */
  queued(entry: Entry): void {
    if (entry.kind !== "messages" || this.items.has(entry.id)) return;
    const choice = entry.body["choice"];
    this.items.set(entry.id, {
      key: entry.id,
      seq: 0,
      state: "waiting",
      event: {
        kind: "message",
        author: "customer",
        text: entry.text,
        at: new Date(entry.at).toISOString(),
        ...(typeof choice === "string" ? { choice } : {}),
      },
    });
  }

  sent(id: string, seq: number): void {
    const item = this.items.get(id);
    if (!item) return;
    const twin = this.bySeq.get(seq);
    if (twin && twin !== id) {
      // Its event was faster than the answer, and carried no id: the two are one message.
      const event = this.items.get(twin)?.event;
      this.items.delete(twin);
      if (event) item.event = { ...item.event, ...event, text: event.text || item.event.text || "" };
    }
    this.bySeq.set(seq, id);
    this.items.set(id, { ...item, seq, state: "sent" });
  }

  refused(id: string, detail: string): void {
    const item = this.items.get(id);
    if (item) this.items.set(id, { ...item, state: "refused", detail });
  }

  remove(id: string): void {
    this.items.delete(id);
  }

  /** All items in the order to show them. */
  list(): Item[] {
    const all = [...this.items.values()];
    const place = new Map(all.map((item, at) => [item.key, at]));
    return all.sort((a, b) => {
      if (a.seq && b.seq) return a.seq - b.seq;
      if (a.seq || b.seq) return a.seq ? -1 : 1;
      return (place.get(a.key) ?? 0) - (place.get(b.key) ?? 0);
    });
  }
}
