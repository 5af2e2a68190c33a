/** Where the customer is; agents see it. At most 20 entries, names up to 40 characters, values up to 500 once they are text. */
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

/** `window.Relais`. Every method works before the chat has loaded. */
export interface RelaisApi {
  readonly version: number;
  open(ask?: Ask): void;
  close(): void;
  /**
   * Who is signed in on the page: a token the host's own server signed (JWT, HS256), so that nobody can
   * pose as someone else. `null` once nobody is: the conversation disappears from this browser.
   */
  identify(token: string | null): void;
  /** fr, en, nl, es, de or it, with or without a region; French for any other. */
  setLocale(locale: string): void;
  /** Adds to what agents are told of where the customer is: `page`, `order`, at most 20 short texts or numbers. */
  setContext(context: Context): void;
  /** Returns the function that stops listening. */
  on<K extends keyof RelaisEvents>(event: K, listener: (detail: string) => void): () => void;
}

export interface Options {
  /** Address of the Relais server, as in "https://support.example". */
  server: string;
  /** Language of the chat; the page's own where it is left out. */
  locale?: string;
  /** Name of the assistant. */
  title?: string;
  /** Words on the button. */
  label?: string;
  /** A colour of CSS (#rrggbb, #rgb, a name, rgb). Darkened, with a warning on the console, where white cannot be read on it. */
  accent?: string;
  /** An https: address or a data: image (PNG, SVG, WebP). */
  logo?: string;
  /** light or dark; the customer's own preference where it is left out. */
  scheme?: "light" | "dark";
  /** Side of the page in reading direction; end by default. */
  position?: "start" | "end";
}

/** Put the launcher on the page (once, however often it is called); rejects where the server is not reached. */
export function load(options: Options): Promise<RelaisApi>;

declare global {
  interface Window {
    Relais?: RelaisApi;
  }
}
