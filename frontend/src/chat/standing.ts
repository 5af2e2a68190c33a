/** Who answers the customer now, and how long that may take, as the events tell it. */

import type { ChatEvent } from "./types";
import { moment } from "./view/time";
import { fill } from "./words";
import type { Words } from "./words/types";

export class Standing {
  stage: "bot" | "waiting" | "agent" = "bot";
  /** First name of the agent who wrote last. */
  agent = "";
  /** The event that last told of the queue; put into words when they are shown, in the language of then. */
  private line: ChatEvent | undefined;

  /** Another conversation: nobody has taken it yet. */
  clear(): void {
    this.stage = "bot";
    this.agent = "";
    this.line = undefined;
  }

  follows(event: ChatEvent): void {
    const agent = event.author === "agent";
    if (event.kind === "handover") {
      this.stage = event.to === "bot" ? "bot" : agent ? "agent" : "waiting";
    } else if (event.kind === "closed") this.stage = "bot";
    else if (agent && event.kind === "message") this.stage = "agent";
    if (agent && event.name) this.agent = event.name;
    // "queue" passes by while they wait: the place as it is by then.
    if (["handover", "ticket", "queue"].includes(event.kind)) this.line = event;
  }

  /** The line under the chat's name. */
  says(words: Words, locale: string): string {
    return this.stage === "agent"
      ? fill(words.withPerson, { name: this.agent || words.assistant })
      : this.stage === "waiting"
        ? place(this.line, words, locale) || words.waitingPerson
        : words.ready;
  }
}

/** Place in the queue, wait and opening as the server gave them; nothing where it gave nothing. */
function place(event: ChatEvent | undefined, words: Words, locale: string): string {
  if (!event) return "";
  const minutes = Math.ceil((event.wait_seconds ?? 0) / 60);
  return [
    event.position && (event.position === 1 ? words.next : fill(words.position, { n: event.position })),
    minutes && (minutes === 1 ? words.minute : fill(words.minutes, { n: minutes })),
    event.opening_at && fill(words.opens, { when: moment(event.opening_at, locale) }),
  ]
    .filter(Boolean)
    .join(" · ");
}
