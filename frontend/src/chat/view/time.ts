/** Days and times as the reader writes them, by the server's clock where this one is wrong. */

import { skew } from "../api";
import type { Words } from "../words/types";

const date = (at: string | undefined): Date => new Date(at ?? NaN);

/** Key of the calendar day, for separators; "Invalid Date" where there is none. */
export const day = (at: string | undefined): string => date(at).toDateString();

export function dayLabel(at: string | undefined, locale: string, words: Words): string {
  const back = (days: number): string => new Date(Date.now() + skew - days * 86_400_000).toDateString();
  if (day(at) === back(0)) return words.today;
  if (day(at) === back(1)) return words.yesterday;
  return date(at).toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
}

/** Hours and minutes; empty where there is no time. */
export const clock = (at: string | undefined, locale: string): string =>
  at ? date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }) : "";

/** "lundi 30 novembre à 08:00". */
export const moment = (at: string, locale: string): string =>
  date(at).toLocaleString(locale, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
