import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/**", "dist/**"] },
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.ts", "tests/**/*.ts"],
    rules: {
      eqeqeq: "error",
      "no-console": ["error", { allow: ["warn"] }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "Text is only ever text: build nodes with h().",
        })),
        { object: "document", property: "write", message: "Build nodes with h()." },
      ],
      "no-eval": "error",
      "no-implied-eval": "error",
    },
  },
);
