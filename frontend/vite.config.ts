import { defineConfig } from "vitest/config";
import { small } from "./scripts/small";
import { LOCALES } from "./src/chat/words/index";

const STATIC = "../bot/web/static";

/**
 * Two builds. `chat` is the page inside the iframe: one module, one style sheet, one small file per
 * language. `launcher` is the single classic script a host page embeds; it comes second and adds to
 * the folder above what the first build wrote.
 */
export default defineConfig(({ mode }) => ({
  plugins: [small()],
  build: {
    target: "es2022",
    copyPublicDir: false,
    minify: false,
    cssMinify: true,
    cssTarget: ["chrome111", "safari16.2", "firefox113"],
    outDir: mode === "launcher" ? STATIC : `${STATIC}/widget`,
    emptyOutDir: mode !== "launcher",
    lib:
      mode === "launcher"
        ? { entry: "src/launcher/main.ts", formats: ["iife"], name: "_", fileName: () => "widget.js" }
        : {
            entry: {
              chat: "src/chat/main.ts",
              more: "src/chat/more/index.ts",
              notify: "src/notify/page.ts",
              worker: "src/notify/worker.ts",
              ...Object.fromEntries(LOCALES.map((locale) => [`words-${locale}`, `src/chat/words/${locale}.ts`])),
              ...Object.fromEntries(LOCALES.map((locale) => [`more-${locale}`, `src/chat/more/words/${locale}.ts`])),
            },
            formats: ["es"],
            fileName: (_, name) => `${name}.js`,
            cssFileName: "chat",
          },
  },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
}));
