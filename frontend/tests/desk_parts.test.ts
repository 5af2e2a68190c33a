/** Small parts of the desk: promised calls as tags, both texts of a translated message, macros completed. */

import { afterEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { callTag } from "../../bot/web/static/staff/inbox/calls.js";
// @ts-expect-error plain JavaScript of the staff pages
import { complete } from "../../bot/web/static/staff/inbox/macros.js";
// @ts-expect-error plain JavaScript of the staff pages
import { lines } from "../../bot/web/static/staff/inbox/talk.js";

vi.hoisted(() => vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ "history.callback": "Call: {slot}", "code.callback_due": "Due: {contact}" }))));
afterEach(() => vi.useRealTimers());

describe("a promised call", () => {
  const slot = "2026-01-02T10:00:00.000Z";
  it.each([["2026-01-02T10:01:00Z", "tag tag-urgent"], ["2026-01-02T09:30:00Z", "tag tag-wait"], ["2026-01-01T10:00:00Z", "tag "]])("at %s", (now, shown) => {
    vi.useFakeTimers({ now: new Date(now) });
    expect(callTag({ status: "open", callback: { slot, done_at: null } }).className).toBe(shown);
  });

  it("is no tag once it was made or the request is settled", () => {
    expect(callTag({ status: "open", callback: { slot, done_at: slot } })).toBeNull();
    expect(callTag({ status: "solved", callback: { slot, done_at: null } })).toBeNull();
    expect(callTag({ status: "open", callback: null })).toBeNull();
  });

  it("stands in the history, and our note on it in the reader's language", () => {
    const history = [
      { id: 1, at: slot, action: "callback", author: "customer", detail: { slot } },
      { id: 2, at: slot, action: "note", author: "system", detail: { text: "Rappel à faire", code: "callback_due", contact: "06 39" } },
    ];
    const shown = lines([], history, String).map((line: { node: () => Element }) => line.node().textContent);
    expect(shown[0]).toContain("Call: ");
    expect(shown[1]).toContain("Due: 06 39");
  });
});

describe("a translated message", () => {
  const said = (author: string, translation?: object) => ({ seq: 1, at: "2026-01-02T10:00:00.000Z", kind: "message", author, text: "Hoe laat?", translation });
  const bubbles = (event: object) => [...lines([event], [], String)[0].node().querySelectorAll(".bubble")] as Element[];

  it("shows both texts, in their languages", () => {
    const [own, other] = bubbles(said("customer", { language: "fr", text: "À quelle heure ?" }));
    expect(own!.textContent).toBe("Hoe laat?");
    expect(other!.textContent).toBe("talk.translatedÀ quelle heure ?");
    expect(other!.querySelector("[lang]")!.getAttribute("lang")).toBe("fr");
    expect(bubbles(said("agent", { text: "À quelle heure ?" }))[1]!.textContent).toContain("talk.written");
  });

  it("is one text where there is none, or it could not be translated", () => {
    expect(bubbles(said("customer"))).toHaveLength(1);
    expect(bubbles(said("customer", { language: "fr", text: null }))).toHaveLength(1);
  });
});

it("a blank answer leaves the placeholder, which is refused when it is sent", () => {
  expect(complete("Le {{ask.jour}}, {{ask.heure}}", { "ask.jour": "", "ask.heure": "9 h" })).toBe("Le {{ask.jour}}, 9 h");
});
