"""The student: half of the teacher's layers over the rows of the pieces that six languages use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from bot.language.training.teacher_file import Floats, PackedModel

MAX_TOKENS = 192
LAYERS = (0, 2, 4, 7, 9, 11)


def _matrices(size: int, inner: int) -> list[tuple[str, str, tuple[int, ...]]]:
    """BERT's names of a layer's parts, the file's, and their shapes."""
    square = (size, size)
    return [
        ("attention.self.query", "q", square),
        ("attention.self.key", "k", square),
        ("attention.self.value", "v", square),
        ("attention.output.dense", "ao", square),
        ("attention.output.LayerNorm", "aln", ()),
        ("intermediate.dense", "fi", (inner, size)),
        ("output.dense", "fo", (size, inner)),
        ("output.LayerNorm", "oln", ()),
    ]


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


class Student(torch.nn.Module):
    """Tokenizer, body, mean pooling."""

    def __init__(self, tokenizer: Tokenizer, body: BertModel) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.body = body

    @classmethod
    def from_teacher(cls, packed: PackedModel, tokenizer: Tokenizer, kept: Sequence[int]) -> Student:
        """Every other layer of the teacher (Sanh et al. 2019, "DistilBERT") over the rows of the pieces kept."""
        body = BertModel(
            BertConfig(
                vocab_size=len(kept),
                hidden_size=packed.hidden,
                num_hidden_layers=len(LAYERS),
                num_attention_heads=packed.heads,
                intermediate_size=packed.inner,
                max_position_embeddings=MAX_TOKENS,
                type_vocab_size=1,
                layer_norm_eps=1e-12,
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
            ),
            add_pooling_layer=False,
        )
        size, inner = packed.hidden, packed.inner
        state = {
            "embeddings.word_embeddings.weight": packed.tensor("emb.word", packed.vocabulary, size)[list(kept)],
            "embeddings.position_embeddings.weight": packed.tensor("emb.pos", -1, size)[:MAX_TOKENS],
            "embeddings.token_type_embeddings.weight": packed.tensor("emb.type", -1, size)[:1],
            "embeddings.LayerNorm.weight": packed.tensor("emb.ln.w"),
            "embeddings.LayerNorm.bias": packed.tensor("emb.ln.b"),
        }
        for number, layer in enumerate(LAYERS):
            for ours, theirs, shape in _matrices(size, inner):
                state[f"encoder.layer.{number}.{ours}.weight"] = packed.tensor(f"l{layer}.{theirs}.w", *shape)
                state[f"encoder.layer.{number}.{ours}.bias"] = packed.tensor(f"l{layer}.{theirs}.b")
        body.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in state.items()}, strict=False)
        return cls(tokenizer, body)

    @torch.no_grad()
    def centre(self, centre: Floats) -> None:
        """Take the teacher's mean out of the last layer's bias: E5's vectors all lie in one narrow cone."""
        last: Any = self.body.encoder.layer[-1]
        last.output.LayerNorm.bias -= torch.from_numpy(centre)

    @property
    def table(self) -> torch.nn.Parameter:
        """The piece embeddings."""
        weight = self.body.embeddings.word_embeddings.weight
        assert isinstance(weight, torch.nn.Parameter)
        return weight

    def rows(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]

    def forward(self, rows: Sequence[Sequence[int]], chunks: int = 1) -> torch.Tensor:
        """Unit vectors of tokenized texts; in ``chunks`` of like length to spare padding."""
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        parts = []
        size = -(-len(rows) // chunks)
        for start in range(0, len(rows), size):
            ids, mask = pad([rows[index] for index in order[start : start + size]])
            states = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
            parts.append(mean_pool(states, mask))
        back = torch.empty(len(rows), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(rows))
        return torch.cat(parts)[back]

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], batch: int = 128) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, as an array."""
        rows = self.rows(texts)
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        result = np.zeros((len(rows), self.body.config.hidden_size), dtype=np.float32)
        for start in range(0, len(rows), batch):
            some = order[start : start + batch]
            result[some] = self([rows[index] for index in some]).numpy()
        return result

    def save(self, folder: Path) -> None:
        """Write ``student.pt`` with tokenizer and settings."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "body.json").write_text(json.dumps(self.body.config.to_dict()))
        torch.save(self.body.state_dict(), folder / "student.tmp")
        (folder / "student.tmp").replace(folder / "student.pt")

    @classmethod
    def load(cls, folder: Path) -> Student:
        """Read what ``save`` wrote."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        body = BertModel(
            BertConfig(**json.loads((folder / "body.json").read_text())), add_pooling_layer=False
        )
        body.load_state_dict(torch.load(folder / "student.pt", weights_only=True))
        return cls(tokenizer, body)


class Optimiser:
    """Adam without decay; the table lazily (only the rows of a step) and at its own rate."""

    def __init__(self, student: Student, *, table_rate: float, body_rate: float) -> None:
        student.body.embeddings.word_embeddings.sparse = True
        self.body = [weight for weight in student.parameters() if weight is not student.table]
        self.rates = (table_rate, body_rate)
        betas = (0.9, 0.98)
        self._table = torch.optim.SparseAdam([student.table], lr=table_rate, betas=betas)
        self._body = torch.optim.AdamW(self.body, lr=body_rate, betas=betas, weight_decay=0.0)

    def pace(self, table: float, body: float) -> None:
        """Set the rates to these shares of the full ones; the body is frozen at none."""
        self._table.param_groups[0]["lr"] = self.rates[0] * table
        self._body.param_groups[0]["lr"] = self.rates[1] * body
        for weight in self.body:
            weight.requires_grad_(body > 0)

    def step(self, loss: torch.Tensor) -> None:
        """One step down the gradient."""
        self._table.zero_grad(set_to_none=True)
        self._body.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.body, 5.0)
        self._table.step()
        self._body.step()
