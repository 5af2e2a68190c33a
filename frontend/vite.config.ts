import { defineConfig } from "vite";

const STATIC = "../bot/web/static";

/**
 * Two builds. `chat` is the page inside the iframe: one module, one style sheet, one small file per
 * language. `launcher` is the single classic script a host page embeds; it comes second and adds to
 * the folder above what the first build wrote.
 */
export default defineConfig(({ mode }) =>
  mode === "launcher"
    ? {
        build: {
          outDir: STATIC,
          emptyOutDir: false,
          copyPublicDir: false,
          target: "es2020",
          lib: {
            entry: "src/launcher/main.ts",
            formats: ["iife"],
            name: "RelaisLauncher",
            fileName: () => "widget.js",
          },
        },
      }
    : {
        base: "./",
        build: {
          outDir: `${STATIC}/widget`,
          emptyOutDir: true,
          copyPublicDir: false,
          target: "es2020",
          modulePreload: false,
          minify: "terser",
          terserOptions: { module: true, compress: { passes: 3, unsafe_arrows: true, pure_getters: true }, mangle: true },
          cssCodeSplit: false,
          rollupOptions: {
            input: { chat: "src/chat/main.ts" },
            output: {
              entryFileNames: "[name].js",
              chunkFileNames: "words-[name]-[hash].js",
              assetFileNames: "chat[extname]",
            },
          },
        },
        test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
      },
);
