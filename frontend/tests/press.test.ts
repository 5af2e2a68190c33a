/** Nothing is drawn under a pressed mouse: it waits for the release and its click. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { whenReleased } from "../../bot/web/static/staff/lib/press.js";

/** jsdom has no pointer events of its own. */
function pointer(type: string, target: EventTarget, more: object = {}) {
  const event = new MouseEvent(type, { bubbles: true, button: 0, buttons: 1, ...more });
  target.dispatchEvent(Object.assign(event, { isPrimary: true, pointerType: "mouse" }));
}

describe("whenReleased", () => {
  let area: HTMLElement;
  let inside: HTMLElement;
  let outside: HTMLElement;
  beforeEach(() => {
    vi.useFakeTimers();
    area = document.body.appendChild(document.createElement("div"));
    inside = area.appendChild(document.createElement("button"));
    outside = document.body.appendChild(document.createElement("button"));
  });
  afterEach(() => {
    pointer("pointerup", window);
    vi.runAllTimers();
    vi.useRealTimers();
    document.body.replaceChildren();
  });

  it("acts at once where nothing in the area is pressed", () => {
    const action = vi.fn();
    whenReleased(area, action);
    pointer("pointerdown", outside);
    whenReleased(area, action);
    pointer("pointerdown", inside, { button: 2 });
    whenReleased(area, action);
    expect(action).toHaveBeenCalledTimes(3);
  });

  it("waits for the click, and acts once", () => {
    const order: string[] = [];
    const action = () => order.push("drawn");
    inside.addEventListener("click", () => order.push("clicked"));
    pointer("pointerdown", inside);
    whenReleased(area, action);
    whenReleased(area, action);
    vi.runAllTimers();
    expect(order).toEqual([]);
    pointer("pointerup", inside);
    inside.click();
    vi.runAllTimers();
    expect(order).toEqual(["clicked", "drawn"]);
    whenReleased(area, action);
    expect(order).toHaveLength(3);
  });

  it.each([["pointercancel", 1], ["pointermove", 0]])("does not wait for ever: %s", (type, buttons) => {
    const action = vi.fn();
    pointer("pointerdown", inside);
    whenReleased(area, action);
    pointer(type, outside, { buttons });
    vi.runAllTimers();
    expect(action).toHaveBeenCalledTimes(1);
  });

  it("a second press within a moment counts as pressed", () => {
    const action = vi.fn();
    pointer("pointerdown", inside);
    pointer("pointerup", inside);
    pointer("pointerdown", inside);
    vi.runAllTimers();
    whenReleased(area, action);
    expect(action).not.toHaveBeenCalled();
  });
});
