import { afterEach, describe, expect, it, vi } from "vitest";
import { create, deliver, Problem } from "../src/chat/api";
import type { Entry } from "../src/chat/types";

const to = { id: "c", token: "t" };
const entry: Entry = { id: "m", kind: "messages", body: { text: "bonjour" }, text: "bonjour", at: 0 };

function answers(body: string, init: ResponseInit): void {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(body, init)));
}

const problem = (status: number, detail: string): [string, ResponseInit] => [
  JSON.stringify({ status, detail }),
  { status, headers: { "Content-Type": "application/problem+json" } },
];

afterEach(() => vi.unstubAllGlobals());

describe("what an answer means", () => {
  it("believes only what our server says", async () => {
    answers('{"seq": 7}', { status: 202 });
    expect(await deliver(to, entry)).toEqual({ ok: true, seq: 7 });
    answers(...problem(422, "Trop long."));
    expect(await deliver(to, entry)).toEqual({ ok: false, retry: false, detail: "Trop long." });
    answers(...problem(404, "Cette conversation n’existe pas."));
    await expect(deliver(to, entry)).rejects.toMatchObject({ gone: true });
  });

  it("keeps a message that a portal answers with a page of its own", async () => {
    answers("<h1>Bienvenue sur notre Wi-Fi</h1>", { status: 200 });
    expect(await deliver(to, entry)).toMatchObject({ ok: false, retry: true });
    await expect(create({})).rejects.toMatchObject({ temporary: true });
  });

  it.each([401, 403, 404, 410, 422])("takes a proxy's %i for trouble on the way, not for the end of the conversation", async (status) => {
    answers("<h1>Blocked</h1>", { status });
    expect(await deliver(to, entry)).toMatchObject({ ok: false, retry: true });
    await expect(create({})).rejects.toSatisfy((error) => error instanceof Problem && error.temporary && !error.gone);
  });

  it("does not try for ever what a proxy finds too large", async () => {
    answers("<h1>413</h1>", { status: 413 });
    expect(await deliver(to, entry)).toMatchObject({ ok: false, retry: false });
  });
});
