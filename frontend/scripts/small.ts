/**
 * Minifies all chunks of a build with terser under one table of names, so that properties that are
 * only ours get one-letter names and chunks still understand each other.
 *
 * A name may be mangled only where it crosses no border: not in JSON of the API or the protocol, not
 * a property of the DOM, not an attribute, not a key of a table read by a string. PRIVATE (and the words) is that
 * list, and is checked against the borders on every build.
 */

import { readFileSync } from "node:fs";
import { minify } from "terser";
import type { Plugin } from "vite";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const members = (path: string): string[] => [...read(path).matchAll(/^\s+(?:readonly )?(\w+)\??[:(]/gm)].map((m) => m[1] as string);

/** Names of our own classes, in order of how often they occur. */
const PRIVATE = `shell items wake queue element session sleeper composer timeline stream draw outbox
  visible trouble reachable drawn attempt jump hiddenSince grow bySeq begin stopped sleep shelf caughtUp
  typist streams running rename queued refused making follow failures drawing barren bannerText
  bannerButton menuButton closeButton writing wasDown voice unfolded typingText temporary spoken setUnread
  following ensure draft announce answers standing atBottom typingTimer speaking dozing choose restore
  personLabel deliver receive newest current helped survey download locked forget sign make
  temporary gone connection setLocale setContext identify unread follows unfolded newest feedback
  leave seen typing jumper entries spoken context identity heard awaited introduce depart known loading need earlier typed clip picker files why sound file save handover
  uplink linked shown nudge thread story backlog byKey redraw given owner pane more answer agent standing visitor passing moved handed anew says
  stage listen banner most poll about embedded field expect since again human
  catching look greeted spoke making line retry`.split(/\s+/);

/** Names that cross a border although they are also words of ours. */
const BORDERS = new Set([
  ...members("src/chat/types.ts"),
  ...members("src/protocol.ts"),
  ...members("src/launcher/types.ts"),
  ..."email phone chat text number date tel postcode code iban close send write open back download name title menu label person current".split(" "),
]);

export function small(): Plugin {
  return {
    name: "small",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const words = [...members("src/chat/words/types.ts"), ...members("src/chat/more/words/types.ts"), ...members("src/chat/more/kit.ts")];
      const names = [...new Set([...PRIVATE, ...words])].filter((name) => !BORDERS.has(name));
      const nameCache = {};
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        const done = await minify(chunk.code, {
          module: true,
          nameCache,
          ecma: 2022,
          compress: { passes: 4, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, booleans_as_integers: false },
          mangle: { properties: { regex: new RegExp(`^(${names.join("|")})$`) } },
          format: { comments: false },
        });
        chunk.code = `${done.code ?? ""}\n`;
      }
    },
  };
}
