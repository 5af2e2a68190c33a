import { describe, expect, it } from "vitest";
import { Standing } from "../src/chat/standing";
import words from "../src/chat/words/en";
import french from "../src/chat/words/fr";

describe("who answers, and how long it takes", () => {
  it("follows the queue while the customer waits, and forgets it when somebody comes", () => {
    const standing = new Standing();
    const after = (event: object): string => {
      standing.follows({ kind: "queue", author: "system", ...event });
      return standing.says(words, "en");
    };
    expect(after({ position: 3 })).toBe(words.ready);
    expect(after({ kind: "handover", position: 3, wait_seconds: 240 })).toContain("3");
    expect(after({ position: 2, wait_seconds: 100 })).toContain("2");
    expect(after({ position: 1, wait_seconds: 60 })).toContain(words.next);
    expect(standing.says(french, "fr")).toContain(french.next);
    expect(after({ kind: "handover", author: "agent", name: "Ana" })).toContain("Ana");
  });
});
