"""Import of spaCy without the deep-learning frameworks it looks for.

``thinc``, below spaCy, imports torch, tensorflow, jax, cupy and mxnet where they are installed: some
600 MB and ten seconds for backends that rule-based matching never touches. They are made
unimportable while spaCy is imported, and only then. Import this module before threads that may
import torch are started.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FRAMEWORKS = ("torch", "tensorflow", "jax", "cupy", "mxnet", "h5py", "spacy_transformers", "transformers")


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """``import name`` fails inside, for those of ``names`` that are not imported yet."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            if name in sys.modules and sys.modules[name] is None:
                del sys.modules[name]


with _without(_FRAMEWORKS):
    import spacy
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc

__all__ = ["Doc", "PhraseMatcher", "blank"]


def blank() -> Any:
    """A language-neutral tokenizer: texts arrive folded, so one serves all six languages."""
    return spacy.blank("xx")
