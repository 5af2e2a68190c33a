/** What the launcher's badge counts: what nobody has looked at, on this page or one before it. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/chat/app";
import { NO_SHELF, keep } from "../src/chat/keep";
import type { ChatEvent } from "../src/chat/types";
import words from "../src/chat/words/fr";

const said = (seq: number, author: ChatEvent["author"] = "agent"): ChatEvent => ({ seq, kind: "message", author, text: `n° ${seq}` });

/** A server that has these events already and tells of more by `tell`. */
function server(history: ChatEvent[]): (event: ChatEvent) => void {
  const waiting: ((answer: Response) => void)[] = [];
  const json = (events: ChatEvent[]): Response => new Response(JSON.stringify({ events }), { headers: { "Content-Type": "application/json" } });
  vi.stubGlobal("fetch", (url: string) => {
    const after = Number(new URL(url, "http://x").searchParams.get("after") ?? NaN);
    if (after === 0) return Promise.resolve(json(history));
    return new Promise((resolve) => waiting.push(resolve));
  });
  return (event) => waiting.splice(0).forEach((answer) => answer(json([event])));
}

async function page(): Promise<{ app: App; unread: ReturnType<typeof vi.fn> }> {
  const unread = vi.fn();
  const owner = { close: vi.fn(), unread, keep: vi.fn(), event: vi.fn() };
  const app = new App(document.createElement("div"), {
    words, locale: "fr", title: "", logo: "", page: "", embedded: true, owner, shelf: NO_SHELF,
  });
  await vi.advanceTimersByTimeAsync(50);
  return { app, unread };
}

beforeEach(() => {
  vi.useFakeTimers();
  keep.set("conversation", "c1 token");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe("unread", () => {
  it("counts an answer that came between two pages, and what was read before it not", async () => {
    server([said(1, "bot"), said(2, "customer"), said(3)]);
    (await page()).app.open(false);
    expect(keep.get("read")).toBe("3");
    server([said(1, "bot"), said(2, "customer"), said(3), said(4), said(5)]);
    const { app, unread } = await page();
    expect(unread.mock.calls).toEqual([[1], [2]]);
    app.open(false);
    expect(unread.mock.lastCall).toEqual([0]);
    expect(keep.get("read")).toBe("5");
  });

  it("takes history for read where nothing is known of it, and counts what comes later", async () => {
    const tell = server([said(1, "bot"), said(2)]);
    const { unread } = await page();
    expect(unread).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2000);
    tell(said(3));
    await vi.advanceTimersByTimeAsync(50);
    expect(unread.mock.calls).toEqual([[1]]);
  });

  it("counts nothing where somebody looks, and forgets with the conversation", async () => {
    const tell = server([said(1, "bot")]);
    const { app, unread } = await page();
    app.open(false);
    await vi.advanceTimersByTimeAsync(2000);
    tell(said(2));
    await vi.advanceTimersByTimeAsync(50);
    expect(unread).not.toHaveBeenCalled();
    expect(keep.get("read")).toBe("2");
    app.uplink.leave();
    expect(keep.get("read")).toBeNull();
  });
});
