/** Tells colleagues that this request is open here, or being answered; and learns who else is there. */

import { post } from "../lib/api.js";

const EVERY = 10_000;
const WRITING = 6_000;

export class Presence {
  constructor(show) {
    this.show = show;
    this.reference = null;
    this.typedAt = 0;
    this.timer = setInterval(() => void this.tell(), EVERY);
    document.addEventListener("visibilitychange", () => void this.tell());
    addEventListener("pagehide", () => this.leave());
  }

  follow(reference) {
    if (reference === this.reference) return;
    this.leave();
    this.reference = reference;
    this.typedAt = 0;
    void this.tell();
  }

  leave() {
    if (!this.reference) return;
    const reference = this.reference;
    this.reference = null;
    void post(`tickets/${encodeURIComponent(reference)}/presence`, { state: "left" }, { keepalive: true }).catch(() => {});
  }

  /** Someone writes here: told at once the first time, then with the next beat. */
  typed() {
    const fresh = Date.now() - this.typedAt > WRITING;
    this.typedAt = Date.now();
    if (fresh) void this.tell();
  }

  async tell() {
    const { reference } = this;
    if (!reference || document.hidden) return;
    const state = Date.now() - this.typedAt < WRITING ? "replying" : "viewing";
    try {
      const { present } = await post(`tickets/${encodeURIComponent(reference)}/presence`, { state });
      if (this.reference === reference) this.show(present);
    } catch {
      // The next beat tries again; the stream says whether we are connected.
    }
  }
}
