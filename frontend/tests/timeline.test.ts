import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { call } from "../src/chat/api";
import { Timeline } from "../src/chat/timeline";
import type { ChatEvent, Entry } from "../src/chat/types";

const entry = (id: string): Entry => ({ id, kind: "messages", body: { text: id }, text: id, at: 1000 });
const event = (id: string, seq: number): ChatEvent => ({
  seq, kind: "message", author: "customer", text: id, client_message_id: id, at: "2026-01-01T00:00:00Z",
});

describe("timeline", () => {
  it("shows each message once and in the server's order, whatever comes first", () => {
    const ids = ["a", "b", "c", "d"];
    const steps = ids.flatMap((id, i) => [
      { id, seq: i + 1, what: "queued" as const },
      { id, seq: i + 1, what: "sent" as const },
      { id, seq: i + 1, what: "event" as const },
      { id, seq: i + 1, what: "event" as const },
    ]);
    fc.assert(
      fc.property(fc.shuffledSubarray(steps, { minLength: steps.length, maxLength: steps.length }), (order) => {
        const timeline = new Timeline();
        for (const { id, seq, what } of order) {
          if (what === "queued") timeline.queued(entry(id));
          else if (what === "sent") timeline.sent(id, seq);
          else timeline.event(event(id, seq));
        }
        expect(timeline.list().map((item) => [item.event.text, item.seq, item.state])).toEqual(
          ids.map((id, i) => [id, i + 1, "sent"]),
        );
      }),
    );
  });

  it("puts what is not sent yet last, as it was written", () => {
    const timeline = new Timeline();
    ["x", "y"].forEach((id) => timeline.queued(entry(id)));
    timeline.event({ seq: 7, kind: "message", author: "bot", text: "bot" });
    timeline.sent("y", 3);
    expect(timeline.list().map((item) => item.key)).toEqual(["y", "s7", "x"]);
    expect(timeline.list()[2]?.state).toBe("waiting");
  });

  it("tells news from what it knows", () => {
    const timeline = new Timeline();
    expect(timeline.event(event("a", 1))).toBe(true);
    expect(timeline.event(event("a", 1))).toBe(false);
    expect(timeline.event({ kind: "typing" })).toBe(false);
  });

  it("keeps the reason of a refusal and lets it go when it is edited", () => {
    const timeline = new Timeline();
    timeline.queued(entry("a"));
    timeline.refused("a", "trop long");
    expect(timeline.list()[0]).toMatchObject({ state: "refused", detail: "trop long" });
    timeline.remove("a");
    expect(timeline.list()).toEqual([]);
  });

  it("dates what is on its way by the server's clock", async () => {
    vi.stubGlobal("fetch", async () => new Response("{}", { headers: { Date: "Fri, 02 Jan 2026 00:10:00 GMT" } }));
    await call("/x");
    vi.unstubAllGlobals();
    const timeline = new Timeline();
    timeline.queued({ ...entry("a"), at: Date.now() });
    expect(timeline.list()[0]?.event.at).toMatch(/^2026-01-02T00:1/);
  });
});
