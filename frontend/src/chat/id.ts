/** 128 random bits in hex; `crypto.randomUUID` exists in secure contexts only. */
export const freshId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
