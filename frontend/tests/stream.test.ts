import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Stream, type StreamEvents } from "../src/chat/stream";
import type { ChatEvent } from "../src/chat/types";

const to = { id: "c", token: "t" };
const event = (seq: number): string => `data: ${JSON.stringify({ seq, kind: "message", text: `m${seq}` })}\n\n`;

/** A server-sent stream that the test writes to. */
class Pipe {
  private control!: ReadableStreamDefaultController<Uint8Array>;
  readonly response = new Response(
    new ReadableStream<Uint8Array>({ start: (control) => void (this.control = control) }),
    { headers: { "Content-Type": "text/event-stream" } },
  );

  write(text: string): void {
    this.control.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.control.close();
  }

  fail(): void {
    this.control.error(new TypeError("network"));
  }
}

interface Asked {
  url: string;
  headers: Headers;
  signal: AbortSignal;
}

/** Hands out answers in turn; a request that finds none waits until it is aborted. */
function network(...answers: (Pipe | Response | Error)[]): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    asked.push({ url, headers: init.headers as Headers, signal: init.signal as AbortSignal });
    const answer = answers.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer instanceof Pipe) {
      init.signal?.addEventListener("abort", () => answer.fail());
      return Promise.resolve(answer.response);
    }
    if (answer) return Promise.resolve(answer);
    return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  });
  return asked;
}

function listener(): StreamEvents & { seen: ChatEvent[]; links: string[]; ended: number } {
  const out = { seen: [] as ChatEvent[], links: [] as string[], ended: 0 };
  return Object.assign(out, {
    event: (e: ChatEvent) => void out.seen.push(e),
    link: (state: string) => void out.links.push(state),
    gone: () => void (out.ended += 1),
  });
}

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

const pass = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the stream of events", () => {
  it("gives each event once and in order, and goes on behind the last after a cut", async () => {
    const [first, second] = [new Pipe(), new Pipe()];
    const asked = network(first, second);
    const on = listener();
    const stream = new Stream(to, on);
    stream.start();
    await pass(10);
    first.write(event(1) + event(2));
    await pass(10);
    first.end();
    await pass(3000);
    second.write(event(2) + event(3));
    await pass(10);
    expect(on.seen.map((e) => e.seq)).toEqual([1, 2, 3]);
    expect(asked[1]?.url).toContain("after=2");
    expect(asked[1]?.headers.get("Last-Event-ID")).toBe("2");
    stream.stop();
  });

  it("polls where the way swallows two streams without a byte", async () => {
    const asked = network(new Pipe(), new Pipe(), json({ events: [{ seq: 1, kind: "message" }] }));
    const on = listener();
    const stream = new Stream(to, on);
    stream.start();
    await pass(60_000);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked[2]?.url).toContain("wait=25");
    expect(on.seen.map((e) => e.seq)).toEqual([1]);
    stream.stop();
  });

  it("lets a poll that has just begun bring the answer", async () => {
    const asked = network(new Pipe(), new Pipe(), json({ events: [{ seq: 1, kind: "message" }] }));
    const stream = new Stream(to, listener());
    stream.start();
    await pass(27_000);      // twice ten seconds of silence, then a poll that was answered, then one that waits
    const waiting = asked[asked.length - 1];
    expect(waiting?.url).toContain("wait=25");
    stream.nudge();
    await pass(100);
    expect(waiting?.signal.aborted).toBe(false);
    stream.stop();
  });

  it("says offline from the second failure on, tries again, and is live when it works", async () => {
    const back = new Pipe();
    network(new TypeError("down"), new TypeError("down"), back);
    const on = listener();
    const stream = new Stream(to, on);
    stream.start();
    await pass(4000);
    back.write(event(1));
    await pass(30_000);
    expect(on.links).toEqual(["offline", "live"]);
    expect(on.seen).toHaveLength(1);
    stream.stop();
  });

  it("is done where the conversation is gone, and only where our server says so", async () => {
    network(json({ detail: "Cette conversation n’existe plus." }, 404));
    const on = listener();
    new Stream(to, on).start();
    await pass(100);
    expect(on.ended).toBe(1);
    const asked = network(new Response("<h1>404</h1>", { status: 404 }));
    const still = listener();
    const stream = new Stream(to, still);
    stream.start();
    await pass(5000);
    expect(still.ended).toBe(0);
    expect(asked.length).toBeGreaterThan(1);
    stream.stop();
  });

  it("leaves a connection without a heartbeat at the first nudge, and one that beats alone", async () => {
    const pipe = new Pipe();
    const asked = network(pipe);
    const stream = new Stream(to, listener());
    stream.start();
    await pass(10);
    pipe.write(": beat\n\n");
    await pass(5000);
    stream.nudge();
    await pass(10);
    expect(asked).toHaveLength(1);
    await pass(21_000);      // asleep: no beat came, and the silence is not yet long enough to be noticed
    expect(asked).toHaveLength(1);
    stream.nudge();
    await pass(5000);
    expect(asked).toHaveLength(2);
    stream.stop();
  });
});
