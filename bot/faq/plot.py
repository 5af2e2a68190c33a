"""The reliability diagram as a picture: stated against true probability, with the count of each bar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import BadInput


def reliability_plot(bins: Sequence[dict[str, Any]], path: Path) -> None:
    """Writes a PNG or SVG; raises :class:`BadInput` for another ending or a place that cannot be written."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise BadInput(f"{path}: --plot writes .png or .svg.")
    if not path.parent.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist.")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot([b["stated"] for b in bins], [b["true"] for b in bins], marker="o")
    for b in bins:
        axes.annotate(str(b["n"]), (b["stated"], b["true"]), textcoords="offset points", xytext=(6, -10), fontsize=8)
    axes.set(xlabel="stated probability", ylabel="share right", xlim=(0, 1), ylim=(0, 1), title="Reliability")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
