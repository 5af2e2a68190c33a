"""Step 2: starting embeddings for the new vocabulary, without a gradient.

Each new piece starts as the mean of the teacher's own word-piece embeddings that it is most often
the translation of. The weights are posterior alignment counts of IBM model 1 (Brown et al. 1993)
between the pieces of a text and the teacher's pieces of its English side. It plays the part of the
nearest English words in a bilingual space in WECHSEL (Minixhofer et al. 2022), needs no static
vectors, and learns from the same pairs. English pieces that the teacher spells in one way start as
exactly that.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from tokenizers import Tokenizer

from bot.language.training.corpus import (
    balanced,
    generator,
    read_pairs,
    read_topics,
    training_topics,
)
from bot.language.training.teacher import load_teacher

Ints = npt.NDArray[np.int64]
_SPECIAL_NAMES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def _bitext(data: Path, seed: int, limit: int) -> list[tuple[str, str]]:
    """(text, English) pairs, thinned so that no source or language drowns the others."""
    rng = generator(seed)
    pairs = list(read_pairs(data))
    weights = {
        "tatoeba_anki/fr": 0.75, "tatoeba_anki/de": 0.5, "tatoeba_anki/es": 0.7,
        "tatoeba_anki/nl": 0.9, "omw_wordnet": 0.7, "iobroker_home_energy": 0.4,
        "solidus_ecommerce": 0.4,
    }  # fmt: skip
    chosen = [
        p for p in balanced(pairs, weights, rng) if len(p.text) < 160 and len(p.english) < 160
    ]
    chosen = chosen[:limit]
    bitext = [(pair.text, pair.english) for pair in chosen]
    bitext += [(pair.english, pair.english) for pair in chosen if rng.random() < 0.15]
    for topic in training_topics(read_topics(data)):
        if "en" in topic.titles:
            bitext += [(title, topic.titles["en"]) for title in topic.titles.values()] * 2
    return bitext


def _cells(
    bitext: list[tuple[str, str]], student: Tokenizer, teacher: Tokenizer, width: int
) -> tuple[Ints, Ints]:
    """For every (piece, English piece) that meet in a pair: their cell and the piece's position."""
    left = student.encode_batch([text for text, _ in bitext], add_special_tokens=False)
    right = teacher.encode_batch([english for _, english in bitext], add_special_tokens=False)
    cells: list[Ints] = []
    positions: list[Ints] = []
    position = 0
    for one, other in zip(left, right, strict=True):
        pieces = np.asarray(one.ids, dtype=np.int64)
        english = np.asarray([0, *other.ids], dtype=np.int64)  # 0 = aligned with nothing
        if len(pieces) == 0 or len(english) > 50:
            continue
        cells.append((pieces[:, None] * width + english[None, :]).ravel())
        positions.append(np.repeat(np.arange(position, position + len(pieces)), len(english)))
        position += len(pieces)
    return np.concatenate(cells), np.concatenate(positions)


def align(
    cells: Ints, positions: Ints, width: int, rounds: int
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Expectation maximisation of IBM model 1; gives the cells and their expected counts."""
    unique, index = np.unique(cells, return_inverse=True)
    index = index.astype(np.int32)
    positions = positions.astype(np.int32)
    _, column = np.unique(unique % width, return_inverse=True)
    chance = np.ones(len(unique))
    counts: npt.NDArray[np.float64] = chance
    for _ in range(rounds):
        weight = chance[index]
        total = np.bincount(positions, weights=weight)
        counts = np.bincount(
            index, weights=weight / total[positions], minlength=len(unique)
        ).astype(np.float64)
        chance = counts / np.bincount(column, weights=counts)[column]
    return unique, counts


def initial_embeddings(
    student: Tokenizer,
    teacher: Tokenizer,
    teacher_embeddings: npt.NDArray[np.float32],
    bitext: list[tuple[str, str]],
    rounds: int = 6,
) -> npt.NDArray[np.float32]:
    """The starting table of the new vocabulary."""
    width = len(teacher_embeddings)
    unique, counts = align(*_cells(bitext, student, teacher, width), width, rounds)
    real = unique % width != 0
    table = sparse.csr_matrix(
        (counts[real], (unique[real] // width, unique[real] % width)),
        shape=(student.get_vocab_size(), width),
    )
    result = np.zeros((student.get_vocab_size(), teacher_embeddings.shape[1]), dtype=np.float32)
    mean = teacher_embeddings[1000:].mean(axis=0)
    norm = float(np.linalg.norm(teacher_embeddings[1000:], axis=1).mean())
    rng = np.random.default_rng(0)
    known = 0
    for piece, number in student.get_vocab().items():
        row = table.getrow(number)
        best = np.argsort(row.data)[::-1][:6]
        weight = row.data[best] ** 1.5
        if weight.sum() > 0.2:
            vector = (weight / weight.sum()) @ teacher_embeddings[row.indices[best]]
            known += 1
        else:  # never aligned: what the teacher makes of its letters
            ids = teacher.encode(piece, add_special_tokens=False).ids
            vector = teacher_embeddings[ids].mean(axis=0) if ids else mean
        vector = vector + rng.normal(0, 1e-3, size=vector.shape)
        result[number] = vector * (norm / max(float(np.linalg.norm(vector)), 1e-6))
    for name in _SPECIAL_NAMES:
        result[student.token_to_id(name)] = teacher_embeddings[teacher.token_to_id(name)]
    print(f"{known} of {len(result)} pieces aligned")
    return result


def main() -> None:
    """Write ``embeddings.npy`` beside ``tokenizer.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with tokenizer.json")
    parser.add_argument("--teacher", default=None, help="folder of the teacher, else the package's")
    parser.add_argument("--pairs", type=int, default=420_000)
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    teacher = load_teacher(args.teacher)
    student = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    table = initial_embeddings(
        student,
        teacher.tokenizer,
        teacher.word_embeddings(),
        _bitext(args.data, args.seed, args.pairs),
    )
    np.save(args.work / "embeddings.npy", table)


if __name__ == "__main__":
    main()
