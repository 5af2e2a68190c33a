/** Requests that few conversations make. */

import type { Desk } from "../actions";
import type { Conversation, Problem } from "../api";
import type { Slot } from "../types";
import type { Words } from "../words/types";
import type { Kit } from "./kit";

/** What to tell of a request that failed. */
export const why = (error: unknown, words: Words): string => {
  const { temporary, detail } = error as Partial<Problem>;
  return (!temporary && detail) || words.failed;
};

export const handover = async ({ post }: Kit, to: Conversation, channel: string, contact: string, slot: string): Promise<string> =>
  String((await post(`/${to.id}/handover`, { channel, contact: contact || undefined, slot: slot || undefined }, to.token))["ticket"] ?? "");

/** Moments a call may be asked for; none where calls are not offered. */
export const slots = async ({ call }: Kit, locale: string): Promise<Slot[]> =>
  ((await (await call(`/../callback-slots?locale=${locale}`)).json()) as { slots?: Slot[] }).slots ?? [];

/** Save a file of the conversation (`transcript`, or `attachments/…`) under a name. */
export async function save({ call, h }: Kit, desk: Desk, path: string, name: string): Promise<void> {
  const { current } = desk.uplink.thread;
  if (!current) return;
  try {
    const response = await call(`/${current.id}/${path}`, { token: current.token, headers: { Accept: "text/html, */*" } });
    const url = URL.createObjectURL(await response.blob());
    const link = h("a", { href: url });
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch {
    desk.trouble(desk.words.offline);
  }
}
