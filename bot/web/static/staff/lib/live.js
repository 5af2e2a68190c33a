/** Server-sent events with an honest sign of whether they arrive. */

import { onSignOut, staffUrl } from "./api.js";

/**
 * Listen to the staff stream. `onEvent(data)` for each event, `onState("live" | "lost")` when the
 * connection comes or goes; after a loss `onReturn()` once it is back, since events may have been missed.
 * Returns a function that stops listening.
 */
export function listen({ onEvent, onState, onReturn }) {
  let source = null;
  let lost = false;
  let delay = 1000;
  let timer = 0;

  const receive = (event) => {
    try {
      onEvent(JSON.parse(event.data));
    } catch (error) {
      console.error("An event could not be used.", error);
    }
  };

  const open = () => {
    source = new EventSource(staffUrl("events"));
    source.onopen = () => {
      delay = 1000;
      onState("live");
      if (lost) onReturn();
      lost = false;
    };
    source.onmessage = receive;
    source.onerror = () => {
      onState("lost");
      lost = true;
      if (source.readyState === EventSource.CLOSED) {
        // The browser gave up (an error status): we do not.
        clearTimeout(timer);
        timer = setTimeout(open, delay);
        delay = Math.min(delay * 2, 30_000);
      }
    };
  };
  open();
  const stop = () => {
    clearTimeout(timer);
    source?.close();
  };
  addEventListener("pagehide", stop, { once: true });
  onSignOut(stop);
  return stop;
}
