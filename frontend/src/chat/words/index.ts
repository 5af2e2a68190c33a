/** One language at a time: each is a file of its own beside this one, loaded when asked for. */

import type { Words } from "./types";

/** Locales that have words; the same list as the service's. */
export const LOCALES = ["fr", "en", "nl", "es", "de", "it"];

type Part = (name: string, attempt: number) => Promise<{ default: unknown }>;

// The built files lie beside the chat and carry its version, so that two builds never mix. A module
// that could not be fetched may stay failed in the browser's memory: each try has its own address.
const fetchPart: Part = (name, attempt) => {
  const { search } = new URL(import.meta.url);
  return import(/* @vite-ignore */ `./${name}.js${search}${attempt ? `&${attempt}` : ""}`) as Promise<{ default: unknown }>;
};

/** A built file beside this one. Tries again while the network is down; throws after some six tries. */
export async function load<T>(name: string, by: Part = fetchPart): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return (await by(name, attempt)).default as T;
    } catch (error) {
      if (attempt > 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** attempt));
    }
  }
}

/** Words for a locale; French where it is not one of ours. */
export const speak = (locale: string, by?: Part): Promise<Words> => load(named("words", locale), by);

/** Name of a file there is one of for each locale. */
export const named = (kind: string, locale: string): string => `${kind}-${LOCALES.includes(locale) ? locale : "fr"}`;

/** Put values in a text's placeholders. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
