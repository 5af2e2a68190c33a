/** One language at a time: each is a file of its own, loaded when asked for. */

import type { Words } from "./types";

const LOADERS: Record<string, () => Promise<{ default: Words }>> = {
  fr: () => import("./fr"),
  en: () => import("./en"),
  nl: () => import("./nl"),
  es: () => import("./es"),
  de: () => import("./de"),
  it: () => import("./it"),
};

export const LOCALES = Object.keys(LOADERS);

/** Words for a locale; French where it is not one of ours. Tries again while the network is down. */
export async function load(locale: string): Promise<Words> {
  const loader = LOADERS[locale] ?? (LOADERS["fr"] as () => Promise<{ default: Words }>);
  for (let attempt = 0; ; attempt++) {
    try {
      return (await loader()).default;
    } catch (error) {
      if (attempt > 4) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** attempt));
    }
  }
}

/** Put values in a text's placeholders. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
