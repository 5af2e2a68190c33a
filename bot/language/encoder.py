"""The sentence encoder behind one small interface.

``load_encoder()`` gives the encoder that Relais ships: an int8 ONNX model run by onnxruntime on one
thread, without importing torch (a process is ready in a fraction of a second). Any other source is
a sentence-transformers model, a local folder or a name on the Hugging Face hub, loaded lazily.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from bot.errors import EncoderError
from bot.language.onnx_session import OnnxSentenceSession

Kind = Literal["query", "passage"]
Vectors = npt.NDArray[np.float32]

SHIPPED = Path(__file__).parent / "weights" / "relais-encoder"
_E5_PREFIXES: dict[Kind, str] = {"query": "query: ", "passage": "passage: "}


@runtime_checkable
class Encoder(Protocol):
    """Texts in, unit vectors out."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def name(self) -> str:
        """What to call this encoder in reports."""

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and settings: a cache of vectors is valid while it stays the same."""

    def encode(self, texts: Sequence[str], *, kind: Kind = "query") -> Vectors:
        """One row of unit length (float32) for each text."""


class ShippedEncoder:
    """The encoder in a folder written by ``bot.language.training.export``."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self._session = OnnxSentenceSession(folder, threads=threads)
        self.dimension = self._session.dimension
        self.name = self._session.name
        self.fingerprint = self._session.fingerprint

    def encode(self, texts: Sequence[str], *, kind: Kind = "query") -> Vectors:
        """Queries and passages are encoded alike."""
        return self._session.encode(texts)


class SentenceTransformersEncoder:
    """Any sentence-transformers model; adds the prefixes that E5 models were trained with."""

    def __init__(self, source: str, *, threads: int = 1) -> None:
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EncoderError(
                f"The encoder {source} needs the sentence-transformers package, "
                "which is not installed."
            ) from error
        try:
            model = SentenceTransformer(source, device="cpu")
        except Exception as error:  # the library raises whatever its backends raise
            raise EncoderError(
                f"The encoder {source} cannot be loaded: it is neither a sentence-transformers "
                "folder here nor a model that could be fetched."
            ) from error
        torch.set_num_threads(threads)
        self._model: Any = model
        self.name = Path(source).name if Path(source).is_dir() else source
        dimension = len(np.asarray(model.encode(["x"])[0]))
        self.dimension = dimension
        self._prefixes = _prefixes(source, model)
        self.fingerprint = _fingerprint(source, model, self._prefixes)

    def encode(self, texts: Sequence[str], *, kind: Kind = "query") -> Vectors:
        """One unit row a text."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        prefix = self._prefixes[kind]
        rows = self._model.encode(
            [prefix + text for text in texts],
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(rows, dtype=np.float32)


def _prefixes(source: str, model: Any) -> dict[Kind, str]:
    """The model's own prompts where it has them, E5's where its name says E5, else none."""
    prompts = getattr(model, "prompts", None) or {}
    if prompts.get("query") or prompts.get("passage") or prompts.get("document"):
        passage = prompts.get("passage") or prompts.get("document") or ""
        return {"query": prompts.get("query") or "", "passage": passage}
    names = [Path(source).name.lower()]
    for part in model:
        config = getattr(getattr(part, "auto_model", None), "config", None)
        names.append(str(getattr(config, "_name_or_path", "")).lower())
    is_e5 = any("e5" in name.replace("_", "-").replace("/", "-").split("-") for name in names)
    return _E5_PREFIXES if is_e5 else {"query": "", "passage": ""}


def _fingerprint(source: str, model: Any, prefixes: dict[Kind, str]) -> str:
    """Hash of the files of a local folder, else of the parameters themselves."""
    digest = hashlib.sha256(json.dumps(prefixes, sort_keys=True).encode())
    folder = Path(source)
    if folder.is_dir():
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md"):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    else:
        digest.update(source.encode())
        for name, tensor in sorted(model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]


def load_encoder(source: str | Path | None = None, *, threads: int = 1) -> Encoder:
    """Load an encoder; ``None`` is the one that Relais ships.

    Raises ``EncoderError`` with one clear sentence where it cannot be loaded.
    """
    folder = SHIPPED if source is None else Path(source)
    if source is None or OnnxSentenceSession.is_written_in(folder):
        return ShippedEncoder(folder, threads=threads)
    return SentenceTransformersEncoder(str(source), threads=threads)
