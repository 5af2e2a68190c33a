/** The opened request shows what the customers of merged duplicates wrote, and agents' answers once. */

import { describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { lines, together } from "../../bot/web/static/staff/inbox/talk.js";

vi.hoisted(() => vi.stubGlobal("fetch", async () => new Response('{"talk.mail_subject": "Mail: {subject}", "talk.mail_from": "From: {from}"}')));

const said = (seq: number, author: string, text: string, at: string, kind = "message") => ({ seq, author, text, kind, at: `2026-01-02T${at}Z` });
const texts = (ticket: object) => lines(together(ticket), [], String).map((line: { node: () => Element | null }) => line.node()?.querySelector(".bubble")?.textContent ?? null).filter(Boolean);

describe("a mail", () => {
  const drawn = (event: object) => lines([{ ...said(1, "customer", "Bonjour", "10:00:00.000"), ...event }], [], String)[0].node().textContent;

  it("shows its subject, and who sent it where that is not the contact", () => {
    const mail = { via: "email", subject: "Ma facture de mars" };
    expect(drawn(mail)).toContain("Ma facture de mars");
    expect(drawn(mail)).not.toContain("@");
    expect(drawn({ ...mail, from: "kim@exemple.org" })).toContain("kim@exemple.org");
    expect(drawn({})).not.toContain("Mail");
  });
});

describe("together", () => {
  const transcript = [said(1, "customer", "Ma facture est fausse", "10:00:00.000"), said(4, "agent", "Je regarde.", "10:10:00.000")];
  const merged = [
    { conversation_id: "b", transcript: [
      said(1, "customer", "Et alors ?", "10:05:00.000"), said(2, "agent", "Bonjour.", "10:06:00.000"), said(3, "system", "…", "10:07:00.000", "handover"),
      said(4, "agent", "Je regarde.", "10:10:00.012"), said(5, "customer", "Je regarde.", "10:10:01.000"),
    ] },
    { conversation_id: "c", transcript: [said(2, "agent", "Bonjour.", "10:06:00.010"), said(4, "customer", "Merci", "10:20:00.000")] },
  ];

  it("puts every customer's words in the order of time", () => {
    expect(texts({ transcript, merged })).toEqual(["Ma facture est fausse", "Et alors ?", "Bonjour.", "Je regarde.", "Je regarde.", "Merci"]);
  });

  it("gives every line a key of its own", () => {
    const keys = lines(together({ transcript, merged }), [], String).map((line: { key: string }) => line.key);
    expect(keys).toEqual(["e1", "eb:1", "eb:2", "e4", "eb:5", "ec:4"]);
  });

  it("keeps an answer said again later, and a request without duplicates as it is", () => {
    const again = [{ conversation_id: "b", transcript: [said(9, "agent", "Je regarde.", "11:00:00.000")] }];
    expect(texts({ transcript, merged: again })).toEqual(["Ma facture est fausse", "Je regarde.", "Je regarde."]);
    expect(together({ transcript })).toEqual(transcript);
    expect(together({})).toEqual([]);
  });
});
