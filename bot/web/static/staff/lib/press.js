/** Knows what is pressed at this moment, so that nothing moves away from under a mouse or a finger. */

/** From the release to its click, in ms: a mouse's comes in the same breath, a finger's a little later. */
const CLICK = 100;

let pressed = null;
let timer = 0;
const waiting = new Set();

function release() {
  pressed = null;
  const actions = [...waiting];
  waiting.clear();
  for (const action of actions) action();
}

addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button !== 0) return;
  clearTimeout(timer);
  pressed = event.target;
}, true);
const end = (wait) => () => {
  clearTimeout(timer);
  timer = setTimeout(release, wait);
};
addEventListener("pointerup", end(CLICK), true);
addEventListener("pointercancel", end(0), true);
addEventListener("click", end(0), true);
// A button let go outside the window tells nobody.
addEventListener("pointermove", (event) => {
  if (pressed && event.isPrimary && !event.buttons && event.pointerType === "mouse") release();
}, true);

/** Run `action` now, or once nothing inside `area` is pressed any more; asked twice meanwhile, it runs once. */
export function whenReleased(area, action) {
  if (pressed && area.contains(pressed)) waiting.add(action);
  else action();
}
