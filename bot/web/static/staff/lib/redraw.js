/** Draws a form again under the hands of whoever writes in it. */

/** Run `draw`, which makes the inside of `panel` anew: what fields hold, focus and caret stay, by the fields' ids. */
export function redraw(panel, draw) {
  const held = panel.contains(document.activeElement) && document.activeElement.id ? document.activeElement : null;
  const { selectionStart, selectionEnd, scrollTop } = held ?? {};
  const written = [...panel.querySelectorAll("input[id], textarea[id], select[id]")].map(({ id, value }) => [id, value]);
  draw();
  for (const [id, value] of written) {
    const same = document.getElementById(id);
    if (same && same.value !== value) same.value = value;
  }
  const same = held && document.getElementById(held.id);
  if (!same) return;
  same.focus({ preventScroll: true });
  if (typeof selectionStart === "number") same.setSelectionRange(selectionStart, selectionEnd);
  same.scrollTop = scrollTop;
}
