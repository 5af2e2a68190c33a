import { IDBDatabase, IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { NO_SHELF, openShelf, type Shelf } from "../src/chat/keep";
import { Outbox, type OutboxEvents } from "../src/chat/outbox";
import type { Entry, Outcome } from "../src/chat/types";

const entry = (id: string): Entry => ({ id, kind: "messages", body: { text: id }, text: id, at: 0 });

function listener(): OutboxEvents & { sent: ReturnType<typeof vi.fn>; refused: ReturnType<typeof vi.fn> } {
  return { queued: vi.fn(), sent: vi.fn(), refused: vi.fn(), reachable: vi.fn() };
}

/** A server that numbers what it stores, once an id, and an unreliable way to it. */
class Server {
  readonly stored: string[] = [];
  private readonly numbers = new Map<string, number>();

  take(id: string): number {
    let seq = this.numbers.get(id);
    if (seq === undefined) {
      this.stored.push(id);
      seq = this.stored.length;
      this.numbers.set(id, seq);
    }
    return seq;
  }
}

/** What may happen to one attempt. */
type Fault = "fine" | "lost on the way" | "answer lost" | "busy" | "throws";

function through(server: Server, faults: Fault[]): (e: Entry) => Promise<Outcome> {
  let at = 0;
  return async ({ id }) => {
    const fault = faults[at++] ?? "fine";
    await Promise.resolve();
    if (fault === "throws") throw new TypeError("network");
    if (fault === "lost on the way") return { ok: false, retry: true };
    if (fault === "busy") return { ok: false, retry: true, after: 1 };
    const seq = server.take(id);
    return fault === "answer lost" ? { ok: false, retry: true } : { ok: true, seq };
  };
}

/** A shelf as IndexedDB is: by copy, in order of writing. */
function shelf(): Shelf & { kept: Entry[] } {
  const kept: Entry[] = [];
  return {
    kept,
    all: async () => kept.map((e) => ({ ...e })),
    add: async (e) => void kept.push({ ...e }),
    remove: async (id) => {
      const at = kept.findIndex((e) => e.id === id);
      if (at >= 0) kept.splice(at, 1);
    },
  };
}

const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 2000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 0));
  expect(done()).toBe(true);
};

const faults = fc.array(
  fc.constantFrom<Fault>("fine", "lost on the way", "answer lost", "busy", "throws"),
  { maxLength: 40 },
);

describe("outbox", () => {
  it("delivers every message once and in order, whatever happens to attempts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 15 }), faults, async (count, plan) => {
        const server = new Server();
        const on = listener();
        const outbox = new Outbox(NO_SHELF, through(server, plan), on, () => 0);
        const ids = Array.from({ length: count }, (_, i) => `m${i}`);
        ids.forEach((id) => outbox.put(entry(id)));
        await until(() => outbox.size === 0);
        expect(server.stored).toEqual(ids);
        expect(on.sent.mock.calls.map(([e, seq]) => [e.id, seq])).toEqual(ids.map((id, i) => [id, i + 1]));
      }),
      { numRuns: 60 },
    );
  });

  it("survives a page that ends at any moment: the next page sends the rest, nothing twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 20 }), faults, async (count, life, plan) => {
        const server = new Server();
        const store = shelf();
        const ids = Array.from({ length: count }, (_, i) => `m${i}`);
        let attempts = 0;
        const send = through(server, plan);
        // The first page stops answering after `life` attempts: closed, crashed, asleep.
        const first = new Outbox(store, (e) => (attempts++ < life ? send(e) : new Promise(() => undefined)), listener(), () => 0);
        ids.forEach((id) => first.put(entry(id)));
        await until(() => first.size === 0 || attempts > life);
        const second = new Outbox(store, through(server, plan), listener(), () => 0);
        await second.restore();
        await until(() => second.size === 0);
        expect(server.stored).toEqual(ids);
        await until(() => store.kept.length === 0);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps each tab's order where two tabs send the same store's entries", async () => {
    const server = new Server();
    const store = shelf();
    const a = new Outbox(store, through(server, ["busy", "answer lost", "fine", "throws"]), listener(), () => 0);
    ["a1", "a2", "a3"].forEach((id) => a.put(entry(id)));
    const b = new Outbox(store, through(server, ["throws", "fine", "busy"]), listener(), () => 0);
    await b.restore();
    b.put(entry("b1"));
    await until(() => a.size === 0 && b.size === 0);
    expect([...server.stored].sort()).toEqual(["a1", "a2", "a3", "b1"]);
    expect(server.stored.filter((id) => id.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  });

  it("gives a refused message back and goes on with the next", async () => {
    const on = listener();
    const outbox = new Outbox(
      NO_SHELF,
      async ({ id }) => (id === "bad" ? { ok: false, retry: false, detail: "trop long" } : { ok: true, seq: 1 }),
      on,
    );
    outbox.put(entry("bad"));
    outbox.put(entry("good"));
    await until(() => outbox.size === 0);
    expect(on.refused.mock.calls.map(([e, detail]) => [e.id, detail])).toEqual([["bad", "trop long"]]);
    expect(on.sent.mock.calls.map(([e]) => e.id)).toEqual(["good"]);
  });

  it("lets words pass a file that has to wait, and sends it when its time has come", async () => {
    const on = listener();
    const taken: string[] = [];
    let full = true;
    const photo = (id: string): Entry => ({ ...entry(id), kind: "attachments", file: new File(["x"], id) });
    const outbox = new Outbox(
      NO_SHELF,
      async ({ id, file }) => {
        if (file && full) return { ok: false, retry: true, after: 60_000 };
        taken.push(id);
        return { ok: true, seq: taken.length };
      },
      on,
    );
    ["f1", "f2"].forEach((id) => outbox.put(photo(id)));
    ["m1", "m2"].forEach((id) => outbox.put(entry(id)));
    await until(() => taken.length === 2);
    outbox.put(entry("m3"));
    await until(() => taken.length === 3);
    expect(taken).toEqual(["m1", "m2", "m3"]);
    full = false;
    outbox.nudge();
    await until(() => outbox.size === 0);
    expect(taken).toEqual(["m1", "m2", "m3", "f1", "f2"]);
  });

  it("keeps what was written before and after a file in order while all goes well", async () => {
    const server = new Server();
    const outbox = new Outbox(NO_SHELF, through(server, []), listener());
    outbox.put(entry("m1"));
    outbox.put({ ...entry("f"), kind: "attachments", file: new File(["x"], "f") });
    outbox.put(entry("m2"));
    await until(() => outbox.size === 0);
    expect(server.stored).toEqual(["m1", "f", "m2"]);
  });

  it("keeps refused words for the next page, until they are taken back", async () => {
    const store = shelf();
    const refuse = async (): Promise<Outcome> => ({ ok: false, retry: false, detail: "trop long" });
    const first = new Outbox(store, refuse, listener(), () => 0);
    first.put(entry("long"));
    first.put({ ...entry("choice"), body: { choice: "x" } });
    await until(() => first.size === 0 && store.kept.length === 1);
    const on = listener();
    const second = new Outbox(store, refuse, on, () => 0);
    await second.restore();
    await until(() => on.refused.mock.calls.length === 1);
    second.drop("long");
    await until(() => store.kept.length === 0);
  });

  it("forgets what was written before somebody else sat down, refused or waiting, and nothing since", async () => {
    const store = shelf();
    const never = (): Promise<Outcome> => new Promise(() => undefined);
    const outbox = new Outbox(store, async ({ id }) => (id === "refused" ? { ok: false, retry: false, detail: "" } : never()), listener(), () => 0);
    outbox.put({ ...entry("refused"), at: 1 });
    await until(() => outbox.size === 0);
    outbox.put({ ...entry("hers"), at: 2 });
    outbox.put({ ...entry("his"), at: 5 });
    void outbox.clear(5);
    expect(outbox.size).toBe(1);
    await until(() => store.kept.length === 1);
    expect(store.kept[0]?.id).toBe("his");
  });

  it("does not bring back what was cleared while it was still being read", async () => {
    let read: (all: Entry[]) => void = () => undefined;
    const slow: Shelf = { ...NO_SHELF, all: () => new Promise((resolve) => (read = resolve)) };
    const on = listener();
    const send = vi.fn(async (): Promise<Outcome> => ({ ok: true, seq: 1 }));
    const outbox = new Outbox(slow, send, on, () => 0);
    const restored = outbox.restore();
    const found = read;
    void outbox.clear(5);
    found([{ ...entry("hers"), at: 2 }]);
    await restored;
    expect([outbox.size, vi.mocked(on.queued).mock.calls.length, send.mock.calls.length]).toEqual([0, 0, 0]);
  });

  it("tells again of what waits when another conversation is shown", () => {
    const on = listener();
    const outbox = new Outbox(NO_SHELF, () => new Promise(() => undefined), on, () => 0);
    ["a", "b", "c"].forEach((id) => outbox.put(entry(id)));
    outbox.again();
    expect(vi.mocked(on.queued).mock.calls.slice(3).map(([e]) => e.id)).toEqual(["a", "b", "c"]);
  });

  it("keeps sending where the shelf refuses to store", async () => {
    const broken: Shelf = {
      all: () => Promise.reject(new Error("denied")),
      add: () => Promise.reject(new DOMException("full", "QuotaExceededError")),
      remove: () => Promise.reject(new Error("denied")),
    };
    const server = new Server();
    const outbox = new Outbox(broken, through(server, ["busy"]), listener(), () => 0);
    await outbox.restore();
    ["x", "y"].forEach((id) => outbox.put(entry(id)));
    await until(() => outbox.size === 0);
    expect(server.stored).toEqual(["x", "y"]);
  });

  it("tries at once when woken, instead of waiting for its turn", async () => {
    const server = new Server();
    const outbox = new Outbox(NO_SHELF, through(server, ["throws"]), listener(), () => 60_000);
    outbox.put(entry("m"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(server.stored).toEqual([]);
    outbox.nudge();
    await until(() => outbox.size === 0);
    expect(server.stored).toEqual(["m"]);
  });
});

describe("the shelf", () => {
  const lost = (): never => {
    throw new DOMException("Connection to Indexed Database server lost", "InvalidStateError");
  };

  it("is opened again where the browser ended the connection", async () => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    const shelf = await openShelf();
    await shelf.add(entry("m1"));
    const begin = vi.spyOn(IDBDatabase.prototype, "transaction");
    begin.mockImplementationOnce(lost);
    await shelf.add(entry("m2"));
    begin.mockImplementationOnce(lost);
    expect((await shelf.all()).map(({ id }) => id)).toEqual(["m1", "m2"]);
    begin.mockImplementationOnce(lost);
    await shelf.remove("m1");
    expect((await shelf.all()).map(({ id }) => id)).toEqual(["m2"]);
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it("does not hold up who leaves where it is lost for good", async () => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    const shelf = await openShelf();
    const outbox = new Outbox(shelf, () => new Promise(() => undefined), listener());
    outbox.put(entry("hers"));
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(lost);
    await outbox.clear(5);
    expect(outbox.size).toBe(0);
    await expect(shelf.all()).rejects.toThrow("lost");
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
});
