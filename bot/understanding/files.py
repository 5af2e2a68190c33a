"""The files of a trained model: whether they are all there and whole, and how they reach the disk."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

#: What reading a cut or foreign file may raise: a power cut or a full disk leaves such files behind.
DAMAGED = (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile)
_TEXTS = ("model.json", "retriever/retriever.json")
_NUMBERS = ("intents.npz", "retriever/kernel.npz", "retriever/ranker.npz")


def whole(folder: Path) -> bool:
    """Whether a model's files are there to their last byte. Cheap: of the numbers only the directory is read."""
    try:
        for name in _TEXTS:
            json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all(zipfile.is_zipfile(folder / name) for name in _NUMBERS)


def to_disk(folder: Path) -> None:
    """Waits until every file of a folder is on the disk, so that what is renamed next is whole after a power cut."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
