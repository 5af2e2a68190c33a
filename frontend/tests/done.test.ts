/** What an agent did is done, also where the ticket cannot be read again just then. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { TicketView } from "../../bot/web/static/staff/inbox/ticket.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Problem } from "../../bot/web/static/staff/lib/api.js";

// The pages' dictionary is read as they load.
vi.hoisted(() => vi.stubGlobal("fetch", async () => new Response("{}")));

const REFERENCE = "SOL-AAAAAA";

/** A ticket on show without its page: what an action needs, and a server that takes it but cannot be read. */
function view(api: object) {
  return Object.assign(Object.create(TicketView.prototype), {
    ticket: { reference: REFERENCE, assignee: null }, opening: null, asked: 0, drawn: 0, macro: null, sending: new Map(),
    changed: vi.fn(), toEnd: vi.fn(), composer: { focus: vi.fn(), translating: () => false, answered: vi.fn() }, files: { ids: () => [] as string[], sent: vi.fn(), uploaded: async () => true },
    api: { ticket: () => Promise.reject(new Problem("Le serveur ne répond pas.")), ...api },
  });
}

const errors = () => [...document.querySelectorAll(".toast-error p")].map((one) => one.textContent);

beforeEach(() => {
  document.body.append(Object.assign(document.createElement("div"), { id: "toasts" }));
});
afterEach(() => document.body.replaceChildren());

describe("after an action", () => {
  it("a stored reply or note counts as sent", async () => {
    const api = { reply: vi.fn(async () => ({})), note: vi.fn(async () => ({})) };
    const shown = view(api);
    await shown.send("reply", "Bonjour");
    await shown.send("note", "à suivre");
    expect(errors()).toEqual(["Le serveur ne répond pas.", "Le serveur ne répond pas."]);
    expect([api.reply.mock.calls.length, api.note.mock.calls.length, shown.changed.mock.calls.length]).toEqual([1, 1, 2]);
  });

  it("a request that was taken goes on to its reply box", async () => {
    const shown = view({ take: vi.fn(async () => ({})) });
    await shown.take(document.createElement("button"));
    expect(shown.composer.focus).toHaveBeenCalledWith("reply");
  });

  it("a reply that was not stored is still told, under the same id when sent again", async () => {
    const reply = vi.fn<(reference: string, text: string, more: { client_message_id: string }) => Promise<object>>();
    reply.mockRejectedValue(new Problem("Pas de connexion."));
    const shown = view({ reply });
    await expect(shown.send("reply", "Bonjour")).rejects.toThrow("Pas de connexion.");
    await expect(shown.send("reply", "Bonjour")).rejects.toThrow("Pas de connexion.");
    const [first, second] = reply.mock.calls.map(([, , more]) => more.client_message_id);
    expect(second).toBe(first);
  });

  it("a reply does not leave without a file that did not arrive", async () => {
    const reply = vi.fn(async () => ({}));
    const shown = view({ reply });
    shown.files.uploaded = async () => false;
    await expect(shown.send("reply", "Bonjour")).rejects.toThrow("file.not_sent");
    expect(reply).not.toHaveBeenCalled();
  });

  it("a reply sent again with a file more is another one; one to somebody else between changes nothing", async () => {
    const reply = vi.fn<(reference: string, text: string, more: { client_message_id: string }) => Promise<object>>();
    reply.mockRejectedValue(new Problem("Pas de connexion."));
    const shown = view({ reply });
    const send = async (reference: string, ids: string[]) => {
      shown.ticket = { reference };
      shown.files.ids = () => ids;
      await expect(shown.send("reply", "Bonjour")).rejects.toThrow();
      return reply.mock.lastCall![2].client_message_id;
    };
    const first = await send(REFERENCE, []);
    const other = await send("SOL-BBBBBB", []);
    expect(await send(REFERENCE, [])).toBe(first);
    expect(new Set([first, other, await send(REFERENCE, ["file-1"])]).size).toBe(3);
    // What arrived is over: the same words again are a new message.
    reply.mockResolvedValueOnce({});
    shown.ticket = { reference: "SOL-BBBBBB" };
    shown.files.ids = () => [];
    await shown.send("reply", "Bonjour");
    expect(await send("SOL-BBBBBB", [])).not.toBe(other);
  });
});
