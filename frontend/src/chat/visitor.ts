/** Who the customer is, where the host's server vouches for it, and where they are. */

import * as api from "./api";
import { keep } from "./keep";
import type { Session } from "./session";

export class Visitor {
  private identity = "";
  private context: Record<string, string> = {};
  /** When the host last said who is there: what was written since is theirs. */
  private since = 0;

  /** `depart()` is called where the conversation at hand, and what was written before, is someone else's. */
  constructor(
    private readonly thread: Session,
    private readonly owner: string,
    private readonly depart: (before: number) => void,
  ) {}

  get page(): string {
    return this.context["page"] || this.owner;
  }

  setContext(context: Record<string, string>): void {
    this.context = { ...this.context, ...context };
    void this.introduce().catch(() => undefined);
  }

  /** Who the host vouches for; nobody: whoever was is gone, and the conversation with them. */
  identify(token: string): void {
    this.identity = token;
    this.since = Date.now();
    if (token) void this.introduce().catch(() => undefined);
    else if (keep.get("known")) this.depart(this.since);
  }

  /** Tell the server, once for each conversation and change. */
  async introduce(): Promise<void> {
    const to = this.thread.current;
    const said = { identity: this.identity || undefined, context: { page: this.owner, ...this.context } };
    const sign = to?.id + JSON.stringify(said);
    if (!to || keep.get("said") === sign) return;
    try {
      await api.visitor(to, said);
    } catch (error) {
      if (!(error instanceof api.Problem) || error.temporary || error.gone) throw error;
      // Someone else's conversation; or a mistake of the host's, which is for its console.
      if (error.status === 409) return this.depart(this.since);
      console.warn(`Relais: ${error.detail}`);
    }
    if (this.identity) keep.set("known", "1");
    keep.set("said", sign);
  }
}
