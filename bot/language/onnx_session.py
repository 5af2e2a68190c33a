"""A sentence encoder as an ONNX graph: tokenizer, onnxruntime session, unit vectors.

Shared by ``bot.language.encoder`` (no torch) and ``bot.language.onnx_module`` (the same weights
through sentence-transformers), so that both give the same numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import EncoderError

#: From so many texts they are spread over the cores.
SPREAD_FROM = 64

CONFIG = "relais_encoder.json"


class OnnxSentenceSession:
    """The files of one folder, checked and loaded."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.folder = folder
        self.threads = threads
        config = _read_config(folder)
        self.name = str(config["name"])
        self.dimension = int(config["dimension"])
        self.max_tokens = int(config["max_tokens"])
        self.fingerprint = _check_files(folder, config)
        self._tokenizer = _load_tokenizer(folder / "tokenizer.json", self.max_tokens)
        self._session = _load_session(folder / str(config["model"]), threads)

    @staticmethod
    def is_written_in(folder: Path) -> bool:
        """Whether the folder holds such an encoder."""
        return (folder / CONFIG).is_file()

    def tokenize(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Token ids and mask, padded to the longest text."""
        encodings = self._tokenizer.encode_batch(list(texts))
        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        return ids, mask

    def run(
        self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Unit vectors of tokenized texts."""
        try:
            (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        except Exception as error:  # onnxruntime's own exceptions have no common public base
            raise EncoderError("The sentence encoder failed while it was running.") from error
        return np.asarray(vectors, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, in the order given.

        Dynamic quantisation takes its scales from the whole batch, so texts are run one at a time:
        a text has the same vector whatever it is encoded with.
        """
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)

        def one(index: int) -> None:
            ids, mask = self.tokenize([texts[index]])
            rows[index] = self.run(ids, mask)[0]

        if len(texts) < SPREAD_FROM:
            for index in range(len(texts)):
                one(index)
        else:      # the runtime lets go of the interpreter's lock: one text a core
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                list(pool.map(one, range(len(texts)), chunksize=16))
        return rows


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not path.is_file():
        raise EncoderError(f"No sentence encoder in {folder}: {CONFIG} is missing.")
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for key in ("name", "dimension", "max_tokens", "model", "sha256"):
            config[key]
    except (ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"The sentence encoder's {CONFIG} in {folder} is damaged.") from error
    return config


def _check_files(folder: Path, config: dict[str, Any]) -> str:
    """Compare the files with their recorded hashes; gives the encoder's fingerprint."""
    overall = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name, expected in sorted(config["sha256"].items()):
        path = folder / name
        if not path.is_file():
            raise EncoderError(
                f"The sentence encoder in {folder} is incomplete: {name} is missing."
            )
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            raise EncoderError(
                f"The sentence encoder's file {name} in {folder} is damaged: "
                "its checksum is not the recorded one."
            )
        overall.update(found.encode())
    return overall.hexdigest()[:16]


def _load_tokenizer(path: Path, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises plain Exception
        raise EncoderError(f"The sentence encoder's tokenizer {path} cannot be read.") from error
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _load_session(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's own exceptions have no common public base
        raise EncoderError(f"The sentence encoder's model {path} cannot be loaded.") from error
