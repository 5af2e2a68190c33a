"""Training of the encoder: the teacher's file is read right, and the student is made of it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from bot.language.encoder import load_encoder
from bot.language.training.corpus import FOLDS, LANGUAGES, own_topics
from bot.language.training.export import write
from bot.language.training.noise import without_accents
from bot.language.training.restore import restore
from bot.language.training.student import LAYERS, Student
from bot.language.training.teacher import unigram
from bot.language.training.teacher_file import read

HIDDEN, INNER, POSITIONS = 32, 64, 200
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁facture", "▁", "fac", "ture", "▁trop"]


def _matrix(values: np.ndarray) -> bytes:  # type: ignore[type-arg]
    """Blocks of 32 weights: an fp16 scale, then the low and the high halves of sixteen bytes."""
    blocks = []
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7 or 1)
        levels = np.clip(np.round(block / np.float32(scale)), -8, 7).astype(np.int8) + 8
        blocks.append(scale.tobytes() + (levels[:16] | levels[16:] << 4).astype(np.uint8).tobytes())
    return b"".join(blocks)


@pytest.fixture(scope="module")
def packed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    tensors: dict[str, tuple[int, np.ndarray]] = {  # type: ignore[type-arg]
        "emb.word": (1, rng.normal(size=(len(PIECES), HIDDEN))),
        "emb.pos": (0, rng.normal(size=(POSITIONS, HIDDEN))),
        "emb.type": (0, np.zeros((2, HIDDEN))),
        "emb.ln.w": (0, np.ones(HIDDEN)),
        "emb.ln.b": (0, np.zeros(HIDDEN)),
    }
    shapes = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN),
              "fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}
    for layer in range(12):
        for name, shape in shapes.items():
            tensors[f"l{layer}.{name}.w"] = (1, rng.normal(size=shape) * 0.1)
            tensors[f"l{layer}.{name}.b"] = (0, np.full(shape[0], float(layer)))
        for name in ("aln", "oln"):
            tensors[f"l{layer}.{name}.w"] = (0, np.ones(HIDDEN))
            tensors[f"l{layer}.{name}.b"] = (0, np.zeros(HIDDEN))
    blob = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *(len(piece) for piece in blob)]).astype(np.uint32)
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, 12, 2, INNER, len(PIECES), POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, blob))) + ends.tobytes()
    head += np.array([0, 0, 0, -20, -3, -9, -8, -8, -4], np.float32).tobytes() + b"".join(blob)
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    place = len(head) + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    directory, bodies = b"", b""
    for name, (kind, values) in tensors.items():
        body = _matrix(values) if kind else values.astype(np.float32).tobytes()
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, values.size, place, len(body))
        place += len(body)
        bodies += body
    path = tmp_path_factory.mktemp("teacher") / "small.bin"
    path.write_bytes(head + directory + bodies)
    return path


def test_matrices_of_four_bits_and_vectors_come_back(packed_file: Path) -> None:
    packed = read(packed_file)
    assert (packed.hidden, packed.layers, packed.unknown, packed.pieces) == (HIDDEN, 12, 3, PIECES)
    words = packed.tensor("emb.word", len(PIECES), HIDDEN)
    wanted = np.random.default_rng(5).normal(size=(len(PIECES), HIDDEN))
    assert np.abs(words - wanted).max() < np.abs(wanted).max() / 7
    assert np.corrcoef(words.ravel(), wanted.ravel())[0, 1] > 0.99
    assert packed.tensor("l7.fi.b").tolist() == [7.0] * INNER


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ValueError, match="not a packed E5 model"):
        read(tmp_path / "other.bin")


def test_the_student_has_every_other_layer_and_the_kept_rows(packed_file: Path, tmp_path: Path) -> None:
    packed = read(packed_file)
    kept = [0, 1, 2, 3, 4, 5, 8]
    tokenizer = unigram([(packed.pieces[piece], packed.scores[piece]) for piece in kept], packed.unknown)
    student = Student.from_teacher(packed, tokenizer, kept)
    state = student.body.state_dict()
    biases = [float(state[f"encoder.layer.{n}.attention.self.query.bias"][0]) for n in range(len(LAYERS))]
    assert biases == list(map(float, LAYERS))
    np.testing.assert_array_equal(student.table.detach().numpy()[6], packed.tensor("emb.word", -1, HIDDEN)[8])
    before = student.encode(["Facture", "trop"])
    student.centre(np.full(HIDDEN, 0.5, np.float32))
    assert not np.allclose(before, student.encode(["Facture", "trop"]))
    student.save(tmp_path)
    np.testing.assert_allclose(Student.load(tmp_path).encode(["Facture"]), student.encode(["Facture"]), atol=1e-6)


def test_what_is_segmented_without_a_dropped_piece_is_segmented_as_before(packed_file: Path) -> None:
    packed = read(packed_file)
    whole = unigram(list(zip(packed.pieces, packed.scores, strict=True)), packed.unknown)
    kept = [0, 1, 2, 3, 4, 5, 8]
    part = unigram([(packed.pieces[piece], packed.scores[piece]) for piece in kept], packed.unknown)
    assert whole.encode("FACTURE  trop").tokens == ["<s>", "▁facture", "▁trop", "</s>"]
    assert part.encode("FACTURE  trop").tokens == whole.encode("FACTURE  trop").tokens


def test_an_exported_student_gives_the_same_vectors_and_can_be_trained_further(packed_file: Path, tmp_path: Path) -> None:
    packed = read(packed_file)
    tokenizer = unigram(list(zip(packed.pieces, packed.scores, strict=True)), packed.unknown)
    texts = ["facture", "trop", "facture trop trop", "trop facture"]
    student = Student.from_teacher(packed, tokenizer, range(len(PIECES)))
    before = student.encode(texts)
    write(student, tmp_path, "small", texts)
    exported = load_encoder(str(tmp_path)).encode(texts)
    restored = restore(tmp_path)
    assert (exported * before).sum(1).min() > 0.98
    assert (restored.encode(texts) * before).sum(1).min() > 0.98
    assert restored.body.config.num_attention_heads == packed.heads


def test_accents_are_dropped_and_nothing_else() -> None:
    assert without_accents("Ça a été résilié, übermorgen ¿qué?") == "Ca a ete resilie, ubermorgen ¿que?"


def test_own_topics_are_whole_and_never_in_the_held_out_fold() -> None:
    topics = own_topics()
    assert len({topic.passage for topic in topics}) == len(topics)
    for topic in topics:
        assert topic.fold == FOLDS
        assert len(topic.phrasings["fr"]) >= 4
        assert set(topic.titles) <= set(LANGUAGES)
        assert all(text.strip() for texts in topic.phrasings.values() for text in (topic.answer, *texts))
    assert {language for topic in topics for language in topic.phrasings} == set(LANGUAGES)
