"""The reliability diagram as a picture: stated against true probability, with how sure each point is.

Above, one point a bin with its 95 % interval (Clopper–Pearson); below, how many questions each bin holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import BadInput
from bot.faq.calibration import upper_bound

ENDINGS = (".png", ".svg")
BLUE, GREY = "#1f5fa8", "0.55"


def check_plot(path: Path) -> None:
    """Raises :class:`BadInput` where :func:`reliability_plot` could not write: asked before the long part."""
    if path.suffix.lower() not in ENDINGS:
        raise BadInput(f"{path}: --plot writes .png or .svg.")
    if not path.parent.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist.")
    if path.is_dir():
        raise BadInput(f"{path}: is a folder, not a file.")


def interval(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper–Pearson interval of a share."""
    side = (1 + confidence) / 2
    return 1 - upper_bound(n - right, n, side), upper_bound(right, n, side)


def reliability_plot(bins: Sequence[dict[str, Any]], path: Path, ece: float | None = None) -> None:
    """Writes a PNG or SVG. ``bins`` have ``low``, ``high``, ``n``, ``stated`` and ``true``.

    Raises :class:`BadInput` for another ending or a place that cannot be written.
    """
    check_plot(path)
    from matplotlib.figure import Figure  # without pyplot: no window system, nothing left open
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(5.4, 6.8), constrained_layout=True)
    axes, counts = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (4, 1)})
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="as stated")
    stated, true = [b["stated"] for b in bins], [b["true"] for b in bins]
    spans = [interval(round(b["true"] * b["n"]), b["n"]) for b in bins]
    below = [max(0.0, t - low) for t, (low, _) in zip(true, spans, strict=True)]
    above = [max(0.0, high - t) for t, (_, high) in zip(true, spans, strict=True)]
    axes.errorbar(stated, true, yerr=[below, above], fmt="o", color=BLUE, ecolor=BLUE, elinewidth=1, capsize=3, label="measured, 95 % interval")
    total = sum(b["n"] for b in bins)
    expected = f", expected calibration error {ece:.3f}" if ece is not None else ""
    axes.set(ylabel="share that was right", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03),
             title=f"Reliability of the best article\n{total:,} question{'' if total == 1 else 's'}{expected}")
    axes.legend(loc="upper left", frameon=False)
    counts.bar([b["low"] for b in bins], [b["n"] for b in bins], width=[b["high"] - b["low"] for b in bins], align="edge",
               color=BLUE, edgecolor="white")
    for b in bins:
        counts.annotate(str(b["n"]), ((b["low"] + b["high"]) / 2, b["n"]), textcoords="offset points", xytext=(0, 2), ha="center", fontsize=8)
    counts.set(xlabel="stated probability", ylabel="questions")
    counts.margins(y=0.25)
    counts.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    for each in (axes, counts):
        each.spines[["top", "right"]].set_visible(False)
        each.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error}).") from error
