/** While another request loads, nothing that is pressed or filled in reaches the one still on screen. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { pickMacro, prepare } from "../../bot/web/static/staff/inbox/macros.js";
// @ts-expect-error plain JavaScript of the staff pages
import { TicketView } from "../../bot/web/static/staff/inbox/ticket.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Problem } from "../../bot/web/static/staff/lib/api.js";

const answers = vi.hoisted(() => {
  const given: Record<string, object> = {};
  vi.stubGlobal("fetch", async (url: string) => new Response(JSON.stringify(given[url] ?? {})));
  return given;
});

const [SHOWN, NEXT] = ["SOL-AAAAAA", "SOL-BBBBBB"];

/** A view on one ticket; the next one comes when it is let through. */
function view() {
  let arrive!: (ticket: object) => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<object>((resolve, reject) => {
    [arrive, fail] = [resolve, reject];
  });
  const shown = Object.assign(Object.create(TicketView.prototype), {
    ticket: { reference: SHOWN, locale: "fr" }, opening: null, asked: 0, drawn: 0, macro: null, api: { ticket: () => promise }, presence: { leave: vi.fn() },
    composer: { insert: vi.fn(() => true), translate: vi.fn(), translating: () => false },
    draw(ticket: { reference: string; locale: string }) {
      this.ticket = ticket;
    },
  });
  return { shown, arrive, fail };
}

const inert = () => document.getElementById("ticket")!.inert;
const press = () => document.getElementById("action-resolve")!;

beforeEach(() => {
  for (const id of ["toasts", "ticket", "ticket-empty"]) document.body.append(Object.assign(document.createElement("div"), { id }));
  document.getElementById("ticket")!.append(Object.assign(document.createElement("button"), { id: "action-resolve" }));
  HTMLDialogElement.prototype.showModal ??= vi.fn();
});
afterEach(() => document.body.replaceChildren());

describe("a request on its way", () => {
  it("takes no key and no click until it is drawn", async () => {
    const { shown, arrive } = view();
    const clicked = vi.fn();
    press().addEventListener("click", clicked);
    const opened = shown.open(NEXT);
    expect(inert()).toBe(true);
    shown.press("resolve");
    expect(clicked).not.toHaveBeenCalled();
    arrive({ reference: NEXT });
    await opened;
    expect(inert()).toBe(false);
    shown.press("resolve");
    expect(clicked).toHaveBeenCalledTimes(1);
  });

  it("that cannot be read leaves the one on screen as it was", async () => {
    const { shown, fail } = view();
    const opened = shown.open(NEXT);
    fail(new Problem("Pas de connexion."));
    await expect(opened).rejects.toThrow();
    expect([inert(), shown.shows(SHOWN)]).toEqual([false, true]);
  });

  it("may be the same one again, which stays at hand; leaving frees the page", () => {
    const { shown } = view();
    void shown.open(SHOWN);
    expect(inert()).toBe(false);
    void shown.open(NEXT);
    shown.leave();
    expect(inert()).toBe(false);
  });
});

describe("a filled macro", () => {
  const filled = { reference: SHOWN, id: 3, locale: "fr", text: "Bonjour Anne" };

  it("goes into its customer's box only", () => {
    const { shown } = view();
    void shown.open(NEXT);
    shown.insert(filled);
    shown.opening = null;
    shown.ticket = { reference: NEXT };
    shown.insert(filled);
    expect([shown.composer.insert.mock.calls, shown.macro]).toEqual([[], null]);
    shown.ticket = { reference: SHOWN };
    shown.insert(filled);
    expect([shown.composer.insert.mock.calls, shown.macro]).toEqual([[["Bonjour Anne"]], 3]);
  });

  it("is not counted where the request is somebody else's by now, and that is said", () => {
    const { shown } = view();
    shown.composer.insert = () => false;
    shown.insert(filled);
    expect([shown.macro, document.querySelector(".toast-error p")?.textContent]).toEqual([null, "composer.reply_closed"]);
  });

  it("asks for what is missing, or which one, about the request at hand only", async () => {
    answers[`/api/v1/staff/tickets/${SHOWN}/macros/3`] = { text: "Le {{ask.jour}}", missing: ["ask.jour"], locale: "fr", name: "Passage" };
    answers["/api/v1/staff/macros"] = { macros: [] };
    expect(await prepare(SHOWN, 3, () => false)).toBeNull();
    expect(await pickMacro(SHOWN, () => false)).toBeNull();
    expect(document.querySelector("dialog")).toBeNull();
    void prepare(SHOWN, 3, () => true);
    await vi.waitFor(() => expect(document.querySelector("dialog")).not.toBeNull());
  });
});
