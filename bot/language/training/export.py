"""Step 4: the trained student as an int8 ONNX graph that sentence-transformers loads.

The piece embeddings are stored in int8 with one scale a row; the body's matrices are quantised
dynamically by onnxruntime. Needs the ``onnx`` package (1.16) at export time only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from bot.language.onnx_session import CONFIG
from bot.language.training.corpus import own_topics
from bot.language.training.layers import attention_bias, run_layer, with_positions
from bot.language.training.smooth import smooth
from bot.language.training.student import MAX_TOKENS, Student

MODEL = "model.int8.onnx"
_SHOWN = 80      # topics whose texts show how large activations get


class Graph(torch.nn.Module):
    """The student as plain tensor operations: piece ids and mask in, unit vectors out."""

    table: torch.Tensor
    scales: torch.Tensor

    def __init__(self, student: Student, texts: Sequence[str]) -> None:
        super().__init__()
        self.even = smooth(student, texts)
        weight = student.table.detach()
        scales = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127.0
        self.register_buffer("table", (weight / scales).round().to(torch.int8))
        self.register_buffer("scales", scales)
        self.body = student.body
        self.heads = int(student.body.config.num_attention_heads)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """BERT, then the mean of the real pieces at unit length."""
        pieces = self.table[input_ids].float() * self.scales[input_ids].squeeze(-1).unsqueeze(-1)
        states = with_positions(self.body, pieces)
        mask = attention_mask.float()
        bias = attention_bias(mask)
        for layer, even in zip(self.body.encoder.layer, self.even, strict=True):
            states = run_layer(layer, states, bias, self.heads, even)
        weight = mask.unsqueeze(-1)
        pooled = (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)
        return pooled / pooled.pow(2).sum(-1, keepdim=True).sqrt().clamp(min=1e-9)


def to_onnx(student: Student, path: Path, texts: Sequence[str]) -> None:
    """Export in float, then quantise the body's matrices; ``texts`` show what they read."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    student.eval()
    graph = Graph(student, texts).eval()
    ids, mask = torch.ones(2, 7, dtype=torch.long), torch.ones(2, 7, dtype=torch.long)
    axes = {0: "batch", 1: "length"}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "model.onnx"
        torch.onnx.export(
            graph,
            (ids, mask),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            str(plain),
            str(path),
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=False,
            weight_type=QuantType.QUInt8,
        )


def shown_texts() -> list[str]:
    """Passages and phrasings that show how large activations get."""
    topics = own_topics()
    return [text for topic in topics[:: len(topics) // _SHOWN] for text in (topic.passage, *topic.phrasings["fr"])]


def write(student: Student, folder: Path, name: str, texts: Sequence[str] | None = None) -> None:
    """The whole folder but the model card."""
    folder.mkdir(parents=True, exist_ok=True)
    to_onnx(student, folder / MODEL, texts or shown_texts())
    student.tokenizer.no_truncation()
    student.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    files = {
        file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
        for file in (MODEL, "tokenizer.json")
    }
    _write_json(
        folder / CONFIG,
        {
            "name": name,
            "dimension": int(student.body.config.hidden_size),
            "heads": int(student.body.config.num_attention_heads),
            "max_tokens": MAX_TOKENS,
            "model": MODEL,
            "sha256": files,
        },
    )
    _write_json(
        folder / "modules.json",
        [{"idx": 0, "name": "0", "path": "", "type": "bot.language.onnx_module.OnnxTransformer"}],
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": {},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def average(parts: Sequence[tuple[Path, float]]) -> Student:
    """One student from several stages of trainings that began alike, weights averaged by share.

    Contrast on few topics helps on those and hurts elsewhere; between the stages more of both is kept
    (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" and "Model soups").
    """
    total = sum(share for _, share in parts)
    student, *others = (Student.load(folder) for folder, _ in parts)
    states = [one.body.state_dict() for one in (student, *others)]
    if any(other.tokenizer.get_vocab() != student.tokenizer.get_vocab() for other in others):
        raise SystemExit("Only stages with one vocabulary can be averaged.")
    student.body.load_state_dict({
        name: torch.stack([state[name] * (share / total) for state, (_, share) in zip(states, parts, strict=True)]).sum(0)
        if weight.is_floating_point() else weight
        for name, weight in states[0].items()
    })
    return student


def _part(text: str) -> tuple[Path, float]:
    folder, _, share = text.rpartition(":")
    return (Path(folder), float(share)) if folder else (Path(text), 1.0)


def main() -> None:
    """Export one student, or the average of several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=_part, nargs="+", required=True, metavar="FOLDER[:SHARE]", help="folders with student.pt")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="relais-encoder")
    parser.add_argument("--card", type=Path, help="a MODEL_CARD.md to copy along")
    args = parser.parse_args()
    student = average(args.work)
    write(student, args.out, args.name)
    if args.card:
        shutil.copy(args.card, args.out / "MODEL_CARD.md")
    for path in sorted(args.out.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path.name}")


if __name__ == "__main__":
    main()
