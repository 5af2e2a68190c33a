/**
 * Which conversation this browser is in. Its id and token live in the storage of the iframe's own
 * origin, so that other tabs, a reload and the day after tomorrow find it; the host page never does.
 */

import * as api from "./api";
import { keep } from "./keep";

const KEY = "conversation";

/**
 * What was kept of a conversation that is left: answers given, what was read, who the host said was there,
 * and, where nothing was said in it yet, the language it was made in.
 */
export const forget = (): void => ["answers", "read", "said", "known", "made"].forEach((key) => keep.set(key, null));

export class Session {
  /** A conversation on its way. */
  making: Promise<api.Conversation> | undefined;

  /** `about()` gives what to say of the customer when a conversation is made. */
  constructor(private readonly about: () => { locale: string; page_url: string | undefined }) {}

  /** The conversation at hand, if there is one. */
  get current(): api.Conversation | undefined {
    const [id, token] = (keep.get(KEY) ?? "").split(" ");
    return id && token ? { id, token } : undefined;
  }

  /** The conversation at hand, or a new one; two tabs asking at once get the same. */
  ensure(): Promise<api.Conversation> {
    const known = this.current;
    if (known) return Promise.resolve(known);
    this.making ??= this.locked(async () => {
      const other = this.current;
      if (other) return other;
      const about = this.about();
      const made = await api.create(about);
      keep.set(KEY, `${made.id} ${made.token}`);
      keep.set("made", about.locale);
      return made;
    }).finally(() => {
      this.making = undefined;
    });
    return this.making;
  }

  /** Leave this conversation, unless another tab already has. */
  forget(id: string): void {
    if (this.current?.id === id) keep.set(KEY, null);
  }

  private async locked<T>(work: () => Promise<T>): Promise<T> {
    try {
      if (navigator.locks) return await (navigator.locks.request("relais", work) as Promise<T>);
    } catch (error) {
      // Locks are denied together with storage in some frames; a problem of the work itself is not that.
      if (error instanceof api.Problem) throw error;
    }
    return work();
  }
}

/**
 * Back from a mail: its link names the conversation and a pass for it ("id pass"). A browser that is in
 * that conversation already keeps its own key; one in another leaves that.
 */
export function comeBack(pass: string): void {
  if (!/ r1/.test(pass) || keep.get(KEY)?.startsWith(pass.slice(0, 36))) return;
  forget();
  keep.set(KEY, pass);
}

/** Call when another tab of this browser starts or leaves a conversation. */
export function onOtherTab(changed: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === `relais:${KEY}` || event.key === null) changed();
  });
}
