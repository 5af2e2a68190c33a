/** When one conversation ends for this browser and another begins. */

import { IDBDatabase, IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keep, openShelf } from "../src/chat/keep";
import words from "../src/chat/words/fr";
import { end, page, Server } from "./server_support";

vi.mock("../src/chat/words", async (original) => ({ ...(await original<object>()), speak: async () => words }));

const soon = (ms = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

let server: Server;
beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
});
afterEach(() => {
  end();
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe("who signs out", () => {
  it("leaves nothing on the screen, also where the browser lost what it kept", async () => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    const opening = openShelf();
    await soon();
    const { app, root } = await page("fr", await opening);
    app.open(false);
    await soon();
    keep.set("known", "1");
    app.ask("", "mon contrat");
    await soon();
    expect(root.textContent).toContain("mon contrat");
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
      throw new DOMException("Connection to Indexed Database server lost", "InvalidStateError");
    });
    app.visitor.identify("");
    await soon();
    expect(root.textContent).not.toContain("mon contrat");
    expect(server.made).toHaveLength(2);
  });
});

describe("a page that comes back", () => {
  const back = (): unknown => dispatchEvent(new Event("pageshow"));

  it("shows the conversation this browser is in by then", async () => {
    const { app, root } = await page();
    app.open(false);
    await soon();
    // No page hears of another's storage while it is put by.
    keep.set("conversation", "other t");
    server.stories["other"] = [{ seq: 1, kind: "message", author: "bot", text: "L’autre" }];
    back();
    await soon();
    expect(root.textContent).toContain("L’autre");
    expect(root.textContent).not.toContain("Bonjour");
  });

  it("begins anew where the conversation was left or erased meanwhile", async () => {
    const { app, root } = await page();
    app.open(false);
    await soon();
    app.ask("", "à oublier");
    await soon();
    keep.set("conversation", null);
    back();
    await soon();
    expect(root.textContent).not.toContain("à oublier");
    expect(keep.get("conversation")).toBe("c2 t");
    app.hide();
    keep.set("conversation", null);
    back();
    await soon();
    expect(server.made).toHaveLength(2);
  });

  it("goes on where its stream ends before it looks", async () => {
    const { app, root } = await page();
    app.open(false);
    await soon();
    keep.set("conversation", null);
    delete server.stories["c1"];
    server.look();
    await soon();
    expect(keep.get("conversation")).toBe("c2 t");
    expect(root.querySelectorAll("li.msg")).toHaveLength(1);
  });

  it("asks the server no oftener while it cannot be reached", async () => {
    const asked = vi.fn(() => Promise.reject(new Error("down")));
    vi.stubGlobal("fetch", asked);
    const { app } = await page();
    app.open(false);
    for (let i = 0; i < 5; i++) {
      back();
      await soon();
    }
    asked.mockClear();
    await soon(8100);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
  });
});

describe("another language", () => {

  it("greets anew where nothing was said yet, at once and on the next page", async () => {
    const { app, root } = await page();
    app.open(false);
    await soon();
    await app.setLocale("en");
    await soon();
    expect(server.made).toEqual(["fr", "en"]);
    expect(root.textContent).toContain("Bonjour (en)");
    expect(root.textContent).not.toContain("Bonjour (fr)");
    end();
    const next = await page("nl");
    next.app.open(false);
    await soon();
    expect(server.made).toEqual(["fr", "en", "nl"]);
    expect(next.root.textContent).not.toContain("Bonjour (en)");
  });

  it("greets anew also where it was chosen while the conversation was being made", async () => {
    let go = (): void => undefined;
    server.hold = (made) => (go = made);
    const { app, root } = await page();
    app.open(false);
    await soon();
    const changed = app.setLocale("en");
    await soon();
    server.hold = undefined;
    go();
    await changed;
    await soon();
    expect(server.made).toEqual(["fr", "en"]);
    expect(root.textContent).toContain("Bonjour (en)");
  });

  it("goes on with what was said, now or on the next page", async () => {
    const { app } = await page();
    app.open(false);
    await soon();
    app.ask("", "ma facture");
    await app.setLocale("en");
    await soon();
    await app.setLocale("de");
    const next = await page("nl");
    next.app.open(false);
    await soon();
    expect(server.made).toEqual(["fr"]);
    expect(next.root.textContent).toContain("ma facture");
  });

  it("goes on where a person was asked for by the form", async () => {
    const { app } = await page();
    app.open(false);
    await soon();
    server.tell("c1", { seq: 2, kind: "handover", author: "system", text: "Une personne arrive.", position: 3 });
    await soon();
    await app.setLocale("en");
    await soon();
    expect(server.made).toEqual(["fr"]);
  });
});

describe("history", () => {
  it("is neither announced nor told to the page, however late it comes", async () => {
    keep.set("conversation", "c0 t");
    keep.set("read", "2");
    server.stories["c0"] = [];
    const { root, event } = await page();
    await soon(5000);
    server.stories["c0"]?.push({ seq: 1, kind: "message", author: "bot", text: "Un" });
    server.tell("c0", { seq: 2, kind: "message", author: "bot", text: "Deux" });
    await soon(1000);
    server.tell("c0", { seq: 3, kind: "message", author: "bot", text: "Trois" });
    await soon(400);
    expect(event).not.toHaveBeenCalled();
    expect(root.querySelector("[role=status]")?.textContent).toBe("");
    await soon(1000);
    server.tell("c0", { seq: 4, kind: "message", author: "bot", text: "Quatre" });
    await soon(400);
    expect(event.mock.calls).toEqual([["message", "bot"]]);
    expect(root.querySelector("[role=status]")?.textContent).toBe("Quatre");
  });

  it("goes on where words of a page before may have arrived already", async () => {
    keep.set("conversation", "c0 t");
    keep.set("made", "fr");
    server.stories["c0"] = [{ seq: 1, kind: "message", author: "bot", text: "Bonjour" },
                            { seq: 2, kind: "message", author: "customer", text: "ma facture", client_message_id: "m1" }];
    const waits = { id: "m1", text: "ma facture", at: Date.now(), context: {} };
    const shelf = { durable: true, all: async () => [waits], put: async () => undefined, drop: async () => undefined };
    const { app } = await page("nl", shelf as never);
    app.open(false);
    await soon();
    expect(server.made).toEqual([]);
    expect(keep.get("conversation")).toBe("c0 t");
  });
});
