"""The student: the teacher's transformer body under a new table of piece embeddings."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from bot.language.training.teacher import Teacher, mean_pool, pad

MAX_TOKENS = 192


class Student(torch.nn.Module):
    """Tokenizer, body, mean pooling."""

    def __init__(self, tokenizer: Tokenizer, body: BertModel) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.body = body

    @classmethod
    def from_teacher(
        cls, teacher: Teacher, tokenizer: Tokenizer, embeddings: npt.NDArray[np.float32]
    ) -> Student:
        """The teacher's body with the new table in place of its own."""
        settings = teacher.body.config.to_dict()
        settings.update(
            vocab_size=len(embeddings),
            max_position_embeddings=MAX_TOKENS,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        body = BertModel(BertConfig(**settings), add_pooling_layer=False)
        state = teacher.body.state_dict()
        state["embeddings.word_embeddings.weight"] = torch.from_numpy(embeddings)
        positions = "embeddings.position_embeddings.weight"
        state[positions] = state[positions][:MAX_TOKENS].clone()
        for name in ("embeddings.position_ids", "embeddings.token_type_ids"):
            state.pop(name, None)
        missing, unexpected = body.load_state_dict(state, strict=False)
        if unexpected or [name for name in missing if not name.endswith("_ids")]:
            raise ValueError(f"the teacher's body does not fit: {missing} {unexpected}")
        return cls(tokenizer, body)

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


def by_length(
    items: Iterable[tuple[str, str, str]], batch: int, rng: random.Random, pool: int = 40
) -> Iterator[list[tuple[str, str, str]]]:
    """Batches of like length out of a shuffled stream: little padding, still random."""
    held: list[tuple[str, str, str]] = []
    for item in items:
        held.append(item)
        if len(held) == batch * pool:
            yield from _cut(held, batch, rng)
            held = []
    if held:
        yield from _cut(held, batch, rng)


def _cut(
    held: list[tuple[str, str, str]], batch: int, rng: random.Random
) -> list[list[tuple[str, str, str]]]:
    held.sort(key=lambda item: len(item[1]))
    batches = [held[start : start + batch] for start in range(0, len(held), batch)]
    rng.shuffle(batches)
    return batches
