/** What may be clicked in the log, and who spoke last. */

import { describe, expect, it, vi } from "vitest";
import { Timeline } from "../src/chat/timeline";
import type { Ui } from "../src/chat/view/context";
import { Log, openChoices } from "../src/chat/view/log";
import words from "../src/chat/words/fr";

const offered = [{ id: "article:a", label: "A" }, { id: "human", label: "Quelqu’un" }];
const at = "2026-01-01T10:00:00Z";

function story(): Timeline {
  const timeline = new Timeline();
  timeline.event({ seq: 1, kind: "message", author: "customer", text: "ma question", client_message_id: "m1", at });
  timeline.event({ seq: 2, kind: "message", author: "bot", text: "Voici.", feedback: true, choices: offered, at });
  return timeline;
}

const empty = (): Log =>
  new Log({ words, locale: "fr", title: "Aide", unfolded: new Set(), need: vi.fn(), answer: () => undefined } as unknown as Ui);

const drawn = (timeline: Timeline): HTMLElement => {
  const log = empty();
  log.redraw(timeline);
  return log.pane;
};

describe("the log", () => {
  it("keeps choices and the question open after a message that was refused for good", () => {
    const timeline = story();
    timeline.queued({ id: "m2", kind: "messages", body: {}, text: "trop long", at: Date.parse(at) });
    expect(openChoices(timeline.list())).toEqual([]);
    expect(drawn(timeline).querySelector("div.helped")).toBeNull();
    timeline.refused("m2", "Ce message est trop long.");
    expect(openChoices(timeline.list())).toEqual(offered);
    const pane = drawn(timeline);
    expect(pane.querySelectorAll(".choices button")).toHaveLength(2);
    expect(pane.querySelector("div.helped")).not.toBeNull();
    timeline.event({ seq: 3, kind: "message", author: "bot", text: "Autre chose ?", choices: [offered[1]!], at });
    expect(openChoices(timeline.list())).toEqual([offered[1]]);
  });

  it("closes both with what the customer says or who takes over", () => {
    const said = story();
    said.event({ seq: 3, kind: "message", author: "customer", text: "merci", client_message_id: "m3", at });
    expect(openChoices(said.list())).toEqual([]);
    expect(drawn(said).querySelector("div.helped")).toBeNull();
    const handed = story();
    handed.event({ seq: 3, kind: "handover", author: "bot", text: "Une personne arrive." });
    expect(openChoices(handed.list())).toEqual([]);
  });

  it("offers each choice once, those of the newest message that has any", () => {
    const timeline = story();
    timeline.event({ seq: 3, kind: "message", author: "bot", text: "…", choices: [offered[0]!, offered[0]!], at });
    timeline.event({ seq: 4, kind: "message", author: "bot", text: "Et voilà.", at });
    expect(openChoices(timeline.list())).toEqual([offered[0]]);
  });

  it("says of the newest message alone that it was sent", () => {
    const timeline = story();
    timeline.queued({ id: "m2", kind: "messages", body: {}, text: "bonjour", at: Date.parse(at) });
    timeline.sent("m2", 3);
    const sent = (): number => drawn(timeline).textContent!.split(words.sent).length - 1;
    expect(sent()).toBe(1);
    timeline.queued({ id: "m3", kind: "messages", body: {}, text: "encore", at: Date.parse(at) });
    expect(sent()).toBe(0);
    timeline.refused("m3", "Non.");
    expect(sent()).toBe(1);
  });

  it("draws each change of day once, also where a day comes twice", () => {
    const timeline = new Timeline();
    timeline.event({ seq: 1, kind: "message", author: "bot", text: "Hier.", at: "2026-01-01T10:00:00Z" });
    timeline.queued({ id: "m1", kind: "messages", body: {}, text: "trop long", at: Date.parse("2026-01-01T11:00:00Z") });
    timeline.refused("m1", "Trop long.");
    timeline.event({ seq: 2, kind: "message", author: "agent", text: "Bonjour.", at: "2026-01-02T10:00:00Z" });
    const log = empty();
    for (let i = 0; i < 3; i++) log.redraw(timeline);
    const kinds = [...log.list.children].map((row) => row.className.split(" ")[0]);
    expect(kinds).toEqual(["day", "msg", "day", "msg", "day", "msg"]);
  });

  it("does not call older messages new when they are drawn above", () => {
    const timeline = new Timeline();
    for (let seq = 1; seq <= 200; seq++) timeline.event({ seq, kind: "message", author: "bot", text: `n° ${seq}`, at });
    const log = empty();
    Object.defineProperties(log.pane, { scrollHeight: { value: 9000 }, clientHeight: { value: 500 } });
    log.redraw(timeline);
    expect([log.list.querySelectorAll("li.msg").length, log.jumper.hidden]).toEqual([150, true]);
    log.pane.scrollTop = 100;
    log.pane.dispatchEvent(new Event("scroll"));
    expect([log.list.querySelectorAll("li.msg").length, log.jumper.hidden]).toEqual([200, true]);
    log.pane.scrollTop = 1000;
    timeline.event({ seq: 201, kind: "message", author: "bot", text: "n° 201", at });
    log.redraw(timeline);
    expect(log.jumper.hidden).toBe(false);
  });
});
