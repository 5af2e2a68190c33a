/** One language at a time: each is a file of its own beside this one, loaded when asked for. */

import type { Words } from "./types";

/** Locales that have words; the same list as the service's. */
export const LOCALES = ["fr", "en", "nl", "es", "de", "it"];

type Load = (locale: string, attempt: number) => Promise<{ default: Words }>;

// The built files lie beside the chat and carry its version, so that two builds never mix. A module
// that could not be fetched may stay failed in the browser's memory: each try has its own address.
const fetchWords: Load = (locale, attempt) => {
  const { search } = new URL(import.meta.url);
  return import(/* @vite-ignore */ `./words-${locale}.js${search}${attempt ? `&${attempt}` : ""}`) as Promise<{ default: Words }>;
};

/** Words for a locale; French where it is not one of ours. Tries again while the network is down. */
export async function load(locale: string, by: Load = fetchWords): Promise<Words> {
  const known = LOCALES.includes(locale) ? locale : "fr";
  for (let attempt = 0; ; attempt++) {
    try {
      return (await by(known, attempt)).default;
    } catch (error) {
      if (attempt > 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** attempt));
    }
  }
}

/** Put values in a text's placeholders. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
