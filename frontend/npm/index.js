/**
 * Puts the launcher of a Relais server on the page, once, and resolves with its API.
 * Types and documentation: index.d.ts.
 */
export function load({ server, ...options }) {
  if (window.Relais) return Promise.resolve(window.Relais);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${String(server).replace(/\/+$/, "")}/widget.js`;
    script.async = true;
    for (const [name, value] of Object.entries(options)) if (value !== undefined) script.dataset[name] = value;
    addEventListener("relais:ready", () => resolve(window.Relais), { once: true });
    script.onerror = () => {
      script.remove();
      reject(new Error(`The chat could not be loaded from ${script.src}.`));
    };
    document.head.append(script);
  });
}
