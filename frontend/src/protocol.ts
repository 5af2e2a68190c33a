/**
 * What passes between the host page (launcher) and the chat's iframe by `postMessage`.
 *
 * Both sides send to one exact origin and accept messages from one exact window and origin only.
 * Every message carries the protocol's version; what is not shaped as declared here is dropped.
 * The conversation's token never crosses this border.
 */

export const VERSION = 1;

/** What the page tells the assistant about where the customer is. Shown to agents, never trusted. */
export type Context = Record<string, string>;

/** Launcher → frame. */
export type ToFrame =
  | { type: "open"; focus: boolean; modal: boolean }
  | { type: "hide" }
  | { type: "locale"; locale: string }
  | { type: "context"; context: Context }
  | { type: "identify"; token: string }
  | { type: "ask"; choice: string; text: string };

/** Frame → launcher. */
export type ToHost =
  | { type: "ready" }
  | { type: "close" }
  | { type: "unread"; count: number }
  | { type: "keep"; keep: boolean }
  | { type: "event"; name: string; detail: string };

/** Fields by message, each with the name of its type. */
type Shapes = Record<string, string>;

const FRAME: Shapes = {
  open: "focus:boolean modal:boolean",
  hide: "",
  locale: "locale:string",
  context: "context:object",
  identify: "token:string",
  ask: "choice:string text:string",
};
const HOST: Shapes = {
  ready: "",
  close: "",
  unread: "count:number",
  keep: "keep:boolean",
  event: "name:string detail:string",
};

const fits = (value: unknown, kind: string | undefined): boolean =>
  typeof value === kind && !((value as string | null)?.length as number > 4000);

function unpack<T>(data: unknown, shapes: Shapes): T | undefined {
  const message = Object(data) as Record<string, unknown>;
  const type = message["type"];
  if (message["relais"] !== VERSION || typeof type !== "string" || !Object.keys(shapes).includes(type)) return undefined;
  const fields = (shapes[type] as string).split(" ").filter(Boolean).map((field) => field.split(":"));
  return fields.every(([name = "", kind]) => fits(message[name], kind)) ? (message as T) : undefined;
}

/** A table as texts: an order is often a number, and nothing is often what a page knows of it. */
export const texts = (table: Record<string, unknown> | null | undefined): Context =>
  Object.fromEntries(Object.entries(table ?? {}).map(([key, value]) => [key, String(value ?? "")]));

/** A message as it is posted. */
export const pack = <T extends ToFrame | ToHost>(message: T): T & { relais: number } => ({ ...message, relais: VERSION });

/** What the frame received, or undefined where it is not one of ours. */
export function unpackToFrame(data: unknown): ToFrame | undefined {
  const message = unpack<ToFrame>(data, FRAME);
  if (message?.type !== "context") return message;
  const values = message.context && Object.values(message.context);
  return values?.length <= 20 && values.every((value) => fits(value, "string")) ? message : undefined;
}

/** What the launcher received, or undefined where it is not one of ours. */
export const unpackToHost = (data: unknown): ToHost | undefined => unpack(data, HOST);
