/** Days and times as the reader writes them, by the server's clock where this one is wrong. */

import { skew } from "../api";
import type { Words } from "../words/types";

const parse = (at: string | undefined): Date | undefined => {
  const date = new Date(at ?? NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
};

const dayOf = (date: Date): string => date.toDateString();

/** Key of the calendar day, for separators. */
export const day = (at: string | undefined): string => {
  const date = parse(at);
  return date ? dayOf(date) : "";
};

export function dayLabel(at: string | undefined, locale: string, words: Words): string {
  const date = parse(at);
  if (!date) return "";
  const now = new Date(Date.now() + skew);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (dayOf(date) === dayOf(now)) return words.today;
  if (dayOf(date) === dayOf(yesterday)) return words.yesterday;
  return date.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
}

export const clock = (at: string | undefined, locale: string): string =>
  parse(at)?.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }) ?? "";

/** "lundi 8:00" for a moment within the week, else with its date. */
export function moment(at: string, locale: string): string {
  const date = parse(at);
  if (!date) return at;
  const near = Math.abs(date.getTime() - Date.now() - skew) < 6 * 86_400_000;
  return date.toLocaleString(locale, {
    weekday: "long",
    ...(near ? {} : { day: "numeric", month: "long" }),
    hour: "2-digit",
    minute: "2-digit",
  });
}
