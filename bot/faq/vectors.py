"""Vectors of texts, remembered in memory and on disk so that nothing is encoded twice.

The file is named by the encoder's fingerprint: another encoder never reads these vectors.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.language.encoder import Encoder, Kind, ShippedEncoder

Floats = npt.NDArray[np.float32]

CHUNK = 1024      # texts encoded between two writes of the cache


class VectorCache:
    """An encoder with a memory. ``folder`` None keeps it in memory only; at most ``limit`` texts."""

    def __init__(self, encoder: Encoder, folder: Path | None = None, limit: int = 400_000) -> None:
        self._encoder = encoder
        self._limit = limit
        self._known: dict[bytes, npt.NDArray[np.float16]] = {}
        self._dirty = False
        self._path = folder / f"vectors-{encoder.fingerprint[:24]}.npz" if folder else None
        self.dimension = encoder.dimension
        self.fingerprint = encoder.fingerprint
        self.shipped = isinstance(encoder, ShippedEncoder)      # whose cosines the shipped calibration was made for
        if self._path and self._path.is_file():
            self._read(self._path)

    def encode(self, texts: Sequence[str], *, kind: Kind = "query") -> Floats:
        """Unit vectors, those known taken from memory."""
        keys = [hashlib.blake2b(f"{kind}\0{t}".encode("utf-8", "replace"), digest_size=16).digest() for t in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if missing:
            if len(self._known) + len(missing) > self._limit:
                self._known.clear()
            new, rows = list(missing), list(missing.values())
            for start in range(0, len(new), CHUNK):
                fresh = np.asarray(self._encoder.encode(rows[start : start + CHUNK], kind=kind), np.float16)
                self._known.update(zip(new[start : start + CHUNK], fresh, strict=True))
                self._dirty = True
                if len(new) > CHUNK:
                    self.save()      # a long encoding that is interrupted goes on where it was
            lost = [k for k in keys if k not in self._known]
            if lost:   # the memory was full and has been emptied
                return np.asarray(self._encoder.encode(list(texts), kind=kind), np.float32)
        if not keys:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([self._known[k] for k in keys]).astype(np.float32)

    def fresh(self, texts: Sequence[str]) -> Floats:
        """Vectors of customers' messages: made anew and remembered nowhere."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return np.asarray(self._encoder.encode(list(texts), kind="query"), np.float32)

    def save(self) -> None:
        """Writes what is new, atomically; a full disk is no reason to fail."""
        if self._path is None or not self._dirty or not self._known:
            return
        part = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                np.savez(stream, keys=np.frombuffer(b"".join(self._known), np.uint8).reshape(-1, 16),
                         vectors=np.stack(list(self._known.values())))
            part.replace(self._path)
            self._dirty = False
        except OSError:
            part.unlink(missing_ok=True)

    def _read(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as data:
                keys, vectors = data["keys"], data["vectors"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            return   # a damaged cache is rebuilt
        if vectors.ndim == 2 and vectors.shape[1] == self.dimension and len(keys) == len(vectors):
            self._known = {bytes(k): v for k, v in zip(keys, vectors, strict=True)}
