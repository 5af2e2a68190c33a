/** The staff pages' redraws: what stays on screen is the same node, in its place. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import fc from "fast-check";
// @ts-expect-error plain JavaScript of the staff pages
import { h, icon } from "../../bot/web/static/staff/lib/dom.js";
// @ts-expect-error plain JavaScript of the staff pages
import { arrange, keep } from "../../bot/web/static/staff/lib/keep.js";

let box: HTMLElement;
beforeEach(() => {
  box = document.body.appendChild(document.createElement("div"));
  return () => box.remove();
});

const row = (key: string, ...children: unknown[]) => h("li", { dataset: { key } }, ...children);
const rows = (...keys: string[]) => keys.map((key) => row(key, h("button", null, key)));
const at = (key: string) => box.querySelector(`[data-key="${key}"]`) as HTMLElement;
const text = () => [...box.children].map((node) => node.textContent);

/** Nodes that leave the page, if only for a moment, while `action` runs. */
function detached(action: () => void): Node[] {
  const seen = new MutationObserver(() => undefined);
  seen.observe(box, { childList: true, subtree: true });
  action();
  return seen.takeRecords().flatMap((record) => [...record.removedNodes]);
}

describe("keep", () => {
  it("leaves every node alone where nothing changed", () => {
    const draw = () => keep(box, h("p", { class: "quiet" }, "a", h("em", null, "b")), icon("clock"), rows("x", "y"));
    draw();
    const before = [...box.querySelectorAll("*")];
    const seen = new MutationObserver(() => undefined);
    seen.observe(box, { childList: true, subtree: true, attributes: true, characterData: true });
    draw();
    expect(seen.takeRecords()).toEqual([]);
    expect([...box.querySelectorAll("*")]).toEqual(before);
  });

  it("adds, removes and changes what did", () => {
    keep(box, rows("a", "b", "c"));
    const [a, c] = [at("a"), at("c")];
    keep(box, row("a", h("button", { class: "is-new" }, "A"), " more"), rows("d", "c"));
    expect(text()).toEqual(["A more", "d", "c"]);
    expect([at("a"), at("c")]).toEqual([a, c]);
    expect(a.firstElementChild!.className).toBe("is-new");
  });

  it("drops attributes that are gone, but not what the reader or an action set", () => {
    keep(box, h("details", { open: true, class: "card" }, h("button", { title: "x" }, "go")));
    const details = box.querySelector("details")!;
    details.open = false;
    box.querySelector("button")!.setAttribute("aria-busy", "true");
    keep(box, h("details", { open: true }, h("button", null, "go")));
    const attributes = [...box.querySelectorAll("*")].map((node) => node.getAttributeNames());
    expect(attributes).toEqual([[], ["aria-busy"]]);
    expect(details.isConnected).toBe(true);
  });

  it("calls the newest listeners on the oldest element, each once", () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const draw = (on: object) => keep(box, h("button", { on }, "go"));
    draw({ click: first });
    const button = box.querySelector("button")!;
    draw({ click: second });
    button.click();
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1]);
    draw({});
    button.click();
    expect(second).toHaveBeenCalledTimes(1);
    draw({ click: first });
    button.click();
    expect(first).toHaveBeenCalledTimes(1);
  });

  it("keeps what is typed and ticked", () => {
    const draw = () => keep(box, h("input", { id: "tag" }), h("input", { type: "checkbox", id: "tick" }));
    draw();
    const [tag, tick] = [...box.querySelectorAll("input")] as [HTMLInputElement, HTMLInputElement];
    tag.value = "half a w";
    tick.checked = true;
    draw();
    expect([tag.isConnected, tag.value, tick.checked]).toEqual([true, "half a w", true]);
  });

  it("draws anew what another kind of element now shows, and takes one key twice", () => {
    keep(box, h("p", { id: "a" }, "1"));
    keep(box, h("ul", { id: "a" }), rows("k", "k"));
    expect([...box.children].map((node) => node.tagName)).toEqual(["UL", "LI", "LI"]);
    keep(box, rows("k", "k", "k"));
    expect(box.children).toHaveLength(3);
  });

  it("gives the focus back to a row that moved", () => {
    keep(box, rows("a", "b", "c", "d"));
    const button = at("d").querySelector("button")!;
    button.focus();
    keep(box, rows("d", "a", "b", "c"));
    expect(document.activeElement).toBe(button);
  });
});

describe("arrange", () => {
  const nodes = Array.from({ length: 12 }, (_, place) => row(String(place)));
  const orders = fc.shuffledSubarray(nodes);

  it("makes any list of any other, moving no more than it must", () => {
    fc.assert(fc.property(orders, orders, (before: HTMLElement[], after: HTMLElement[]) => {
      box.replaceChildren(...before);
      const common = after.filter((node) => before.includes(node));
      const moved = new Set(detached(() => arrange(box, after)).filter((node) => after.includes(node as HTMLElement)));
      expect([...box.children]).toEqual(after);
      expect(moved.size).toBe(common.length - longest(common.map((node) => before.indexOf(node))));
    }));
  });
});

/** The length of the longest rising run, the plain way. */
function longest(places: number[]): number {
  const best: number[] = [];
  for (const [index, place] of places.entries()) best.push(1 + Math.max(0, ...best.filter((_, i) => i < index && places[i]! < place)));
  return Math.max(0, ...best);
}
