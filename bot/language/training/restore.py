"""Instead of steps 1 and 2: an exported encoder read back as a student, to train it further.

What int8 took away stays away, and the rest comes back: matrices times their scales, the factors that
:mod:`bot.language.training.smooth` moved into them taken out again. So a supplier can go on from the shipped weights
with texts of their own. Needs the ``onnx`` package (1.16), like export.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from bot.language.onnx_session import CONFIG
from bot.language.training.export import MODEL
from bot.language.training.student import MAX_TOKENS, Student
from bot.language.training.teacher import load_teacher
from bot.language.training.teacher_file import Floats
from bot.language.training.vocabulary import CENTRE, KEPT, centre

#: A layer's matrices in the order in which the graph multiplies by them.
_ORDER = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense",
)
_PLAIN = ("embeddings.position_embeddings.weight", "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias")


def _dequantised(model: Any) -> tuple[dict[str, Floats], Iterator[tuple[Floats, str]]]:
    """Every stored tensor by name; the matrices (inputs x outputs) in the graph's order with the name of what they read."""
    from onnx import numpy_helper

    tensors = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    tensors |= {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in model.graph.node if node.op_type == "Constant"
    }
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in tensors:      # how the exporter writes a tensor it has already
            tensors[node.output[0]] = tensors[node.input[0]]
    made = {name: node for node in model.graph.node for name in node.output}

    def matrices() -> Iterator[tuple[Floats, str]]:
        for node in model.graph.node:
            if node.op_type != "MatMulInteger":
                continue
            stem = node.input[1].removesuffix("_quantized")
            levels = tensors[node.input[1]].astype(np.float32) - tensors[f"{stem}_zero_point"].astype(np.float32)
            read = made[made[node.input[0]].input[0]]      # behind the quantisation of what it reads
            factor = next(name for name in read.input if name in tensors)
            yield np.asarray(levels * tensors[f"{stem}_scale"], np.float32), factor

    return tensors, matrices()


def restore(folder: Path) -> Student:
    """The student of an exported folder. Raises ``KeyError`` or ``ValueError`` where the graph is not one of ours."""
    import onnx

    model = onnx.load(str(folder / MODEL))
    tensors, matrices = _dequantised(model)
    (kind,) = (name for node in model.graph.node if node.op_type == "Add" for name in node.input if name.startswith("onnx::Add"))
    table = tensors["table"].astype(np.float32) * tensors["scales"]
    state: dict[str, Floats] = {"embeddings.word_embeddings.weight": table}
    state |= {name: tensors[f"body.{name}"] for name in _PLAIN}
    state["embeddings.token_type_embeddings.weight"] = tensors[kind][None, :]
    found = list(matrices)
    for number, (matrix, factor) in enumerate(found):
        name = f"encoder.layer.{number // len(_ORDER)}.{_ORDER[number % len(_ORDER)]}"
        state[f"{name}.weight"] = matrix.T * tensors[factor][None, :]
        state[f"{name}.bias"] = tensors[f"body.{name}.bias"]
    layers = len(found) // len(_ORDER)
    for number in range(layers):
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            for part in ("weight", "bias"):
                name = f"encoder.layer.{number}.{norm}.{part}"
                state[name] = tensors[f"body.{name}"]
    about = json.loads((folder / CONFIG).read_text())
    inner = state["encoder.layer.0.intermediate.dense.bias"].shape[0]
    config = BertConfig(
        vocab_size=len(table), hidden_size=about["dimension"], num_hidden_layers=layers, num_attention_heads=about["heads"], intermediate_size=inner,
        max_position_embeddings=MAX_TOKENS, type_vocab_size=1, layer_norm_eps=1e-12, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    body = BertModel(config, add_pooling_layer=False)
    body.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in state.items()}, strict=False)
    return Student(Tokenizer.from_file(str(folder / "tokenizer.json")), body)


def main() -> None:
    """Write the student, the teacher's ids of its pieces, and the teacher's mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=Path("bot/language/weights/relais-encoder"), help="an exported folder")
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    parser.add_argument("--teacher", default=None)
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    student = restore(args.weights)
    teacher = load_teacher(args.teacher)
    ids = {piece: number for number, piece in enumerate(teacher.packed.pieces)}
    vocabulary = student.tokenizer.get_vocab()
    pieces = sorted(vocabulary, key=lambda piece: vocabulary[piece])
    student.save(args.work)
    (args.work / KEPT).write_text(json.dumps([ids[piece] for piece in pieces]))
    np.save(args.work / CENTRE, centre(teacher, args.data, args.seed))
    print(f"{len(pieces)} pieces, {sum(weight.numel() for weight in student.parameters()):,} weights")


if __name__ == "__main__":
    main()
