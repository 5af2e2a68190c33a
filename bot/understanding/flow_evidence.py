"""What retrieval says of flows: which of them the best articles belong to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.faq.retriever import Retriever
from bot.understanding.data import FLOWS

Doubles = npt.NDArray[np.float64]

#: Of what the best article leaves, the shares that the second and the third get as evidence for their flows.
_LATER = (0.4, 0.15)


def flow_evidence(retriever: Retriever, best: Sequence[Sequence[str]], languages: Sequence[str], p: Doubles) -> Doubles:
    """Texts × flows: how likely the best articles (slugs, best first) are about what each flow does.

    Which flow a wish is about is what retrieval knows best; whether it is a wish is for the intent scores to say.
    """
    out = np.zeros((len(best), len(FLOWS)))
    for row, (slugs, language) in enumerate(zip(best, languages, strict=True)):
        for share, slug in zip((p[row], *((1 - p[row]) * s for s in _LATER)), slugs, strict=False):
            article = retriever.article(slug, language)
            if article is not None and article.flow in FLOWS:
                out[row, FLOWS.index(article.flow)] += share
    return out


def best_slugs(retriever: Retriever, topics: npt.NDArray[np.int64]) -> list[tuple[str, ...]]:
    """Slugs of the articles that :func:`flow_evidence` looks at, from rows of a ranking."""
    return [tuple(retriever.index.ids[t] for t in row[: 1 + len(_LATER)]) for row in topics]
