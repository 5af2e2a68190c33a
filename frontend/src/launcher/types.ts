/** `window.Relais`: what a host page may call. Every method works before the chat has loaded. */

/** Where the customer is, as a page knows it. */
export type Context = Record<string, string | number | null | undefined>;

export interface Ask {
  /** Slug of an article to open in the chat, as in a help centre's "continue in chat". */
  article?: string | undefined;
  /** Words to send for the customer; only ever after a click of theirs. */
  text?: string | undefined;
}

/** Names of `on` and what their listeners get. */
export interface RelaisEvents {
  ready: string;
  open: string;
  close: string;
  /** Number of unread messages, as text. */
  unread: string;
  /** Author of a message that arrived: bot, agent or customer. Never its text. */
  message: string;
  /** Reference of the ticket that was opened. */
  ticket: string;
}

export interface RelaisApi {
  readonly version: number;
  open(ask?: Ask): void;
  close(): void;
  /**
   * Who is signed in on the page: a token the host's own server signed (JWT, HS256), so that nobody can
   * pose as someone else. `null` once nobody is: the conversation disappears from this browser.
   */
  identify(token: string | null): void;
  setLocale(locale: string): void;
  /** Adds to what agents are told of where the customer is: `page`, `order`, at most 20 short texts or numbers. */
  setContext(context: Context): void;
  /** Returns the function that stops listening. */
  on<K extends keyof RelaisEvents>(event: K, listener: (detail: string) => void): () => void;
}

declare global {
  interface Window {
    Relais?: RelaisApi;
  }
}
