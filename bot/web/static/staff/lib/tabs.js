/** Tabs by the book: arrows move, the address remembers. */

/** `show(name)` is called for the tab to show; returns a function that selects one by name. */
export function tabs(list, show) {
  const buttons = [...list.querySelectorAll('[role="tab"]')];
  const select = (name) => {
    for (const button of buttons) {
      const on = button.dataset.tab === name;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      document.getElementById(button.getAttribute("aria-controls")).hidden = !on;
      if (on) button.scrollIntoView({ block: "nearest", inline: "center" });
    }
  };
  buttons.forEach((button, index) => {
    button.addEventListener("click", () => show(button.dataset.tab));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -index, End: buttons.length - 1 - index }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const next = buttons[(index + step + buttons.length) % buttons.length];
      next.focus();
      show(next.dataset.tab);
    });
  });
  return select;
}
