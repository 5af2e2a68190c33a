"""Step 4 on a small machine: contrast through the upper layers only.

The lower layers are frozen, so what they make of each text is computed once and kept; a step then
costs a fifth of a full one. The objective is that of ``contrast`` without the intent sets. Noise is
drawn once a text, and pieces are dropped anew at each step.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from bot.language.training.contrast import Themes, held_out_recall, topic_loss
from bot.language.training.corpus import (
    HELD_OUT_FOLD,
    LANGUAGES,
    Topic,
    generator,
    read_topics,
    training_topics,
)
from bot.language.training.distil import Example, examples, loss_of, targets_of
from bot.language.training.layers import attention_bias, embed, run_layer
from bot.language.training.noise import noisy
from bot.language.training.student import Student
from bot.language.training.teacher import load_teacher, mean_pool

States = torch.Tensor  # (pieces, width), half precision


class Halves:
    """The student cut in two at a layer."""

    def __init__(self, student: Student, cut: int) -> None:
        self.student = student
        self.body = student.body
        self.lower = list(student.body.encoder.layer)[:cut]
        self.upper = list(student.body.encoder.layer)[cut:]
        self.heads = int(student.body.config.num_attention_heads)

    @torch.inference_mode()
    def below(self, texts: list[str], most: int, batch: int = 96) -> list[States]:
        """What the lower layers make of texts."""
        rows = [row[:most] for row in self.student.rows(texts)]
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        result: list[States] = [torch.empty(0)] * len(rows)
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            width = max(len(rows[index]) for index in some)
            ids = torch.zeros(len(some), width, dtype=torch.long)
            mask = torch.zeros(len(some), width)
            for place, index in enumerate(some):
                ids[place, : len(rows[index])] = torch.tensor(rows[index])
                mask[place, : len(rows[index])] = 1
            states, bias = embed(self.body, ids), attention_bias(mask)
            for layer in self.lower:
                states = run_layer(layer, states, bias, self.heads)
            for place, index in enumerate(some):
                result[index] = states[place, : len(rows[index])].half().clone()
        return result

    def above(self, kept: list[States], chunks: int = 1) -> torch.Tensor:
        """Unit vectors from what the lower layers made."""
        order = sorted(range(len(kept)), key=lambda index: len(kept[index]))
        size = -(-len(kept) // chunks)
        parts = []
        for start in range(0, len(order), size):
            some = [kept[index] for index in order[start : start + size]]
            states = torch.nn.utils.rnn.pad_sequence([one.float() for one in some], True)
            lengths = torch.tensor([len(one) for one in some])
            mask = (torch.arange(states.shape[1])[None, :] < lengths[:, None]).float()
            bias = attention_bias(mask)
            for layer in self.upper:
                states = run_layer(layer, states, bias, self.heads)
            parts.append(mean_pool(states, mask))
        back = torch.empty(len(kept), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(kept))
        return torch.cat(parts)[back]


@dataclass
class Kept:
    """One topic's texts below the cut."""

    french: list[States] = field(default_factory=list)
    others: list[States] = field(default_factory=list)
    titles: list[States] = field(default_factory=list)
    passage: States = field(default_factory=lambda: torch.empty(0))


def keep_topics(
    topics: list[Topic], halves: Halves, noise: float, rng: random.Random
) -> list[Kept]:
    """French phrasings, one phrasing in each other language, three titles, the passage."""
    texts: list[str] = []
    places: list[tuple[int, str]] = []
    for number, topic in enumerate(topics):
        others = [lang for lang in LANGUAGES if lang != "fr" and lang in topic.titles]
        chosen = [("french", noisy(text, "fr", rng, noise)) for text in topic.phrasings["fr"]]
        chosen += [
            ("others", noisy(rng.choice(topic.phrasings[lang]), lang, rng, noise))
            for lang in others
        ]
        titles = ["fr", *rng.sample(others, min(2, len(others)))]
        chosen += [("titles", topic.titles[lang]) for lang in titles]
        chosen.append(("passage", topic.passage))
        texts += [text for _, text in chosen]
        places += [(number, kind) for kind, _ in chosen]
    result = [Kept() for _ in topics]
    for (number, kind), states in zip(places, halves.below(texts, 64), strict=True):
        if kind == "passage":
            result[number].passage = states
        else:
            getattr(result[number], kind).append(states)
    return result


def thinned(states: States, rng: random.Random, rate: float = 0.1, most: int = 40) -> States:
    """Some pieces left out, never the first: no single word may decide."""
    kept = [0, *(i for i in range(1, min(len(states), most)) if rng.random() >= rate)]
    return states[kept] if len(kept) > 3 else states[:most]


def main() -> None:
    """Train the upper layers for ``--minutes`` from ``--start`` and write to ``--work``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="folder with student.pt")
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    parser.add_argument("--teacher", default=None)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--cut", type=int, default=3, help="layers below are frozen")
    parser.add_argument("--topics", type=int, default=14, help="topics in a step")
    parser.add_argument("--sentences", type=int, default=4000, help="parallel sentences kept")
    parser.add_argument("--parallel", type=int, default=32, help="of them in a step")
    parser.add_argument("--temperature", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--noise", type=float, default=0.35)
    parser.add_argument("--refresh", type=int, default=120)
    parser.add_argument("--held-out", type=int, default=HELD_OUT_FOLD)
    parser.add_argument("--check", action="store_true", help="recall on the fold at the end")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = generator(args.seed)
    student = Student.load(args.start)
    halves = Halves(student, args.cut)
    every = read_topics(args.data)
    topics = training_topics(every, args.held_out)
    start = time.monotonic()
    kept = keep_topics(topics, halves, args.noise, rng)
    chosen: list[Example] = sorted(
        examples(args.data, rng)[: args.sentences], key=lambda e: len(e[0])
    )
    teacher = load_teacher(args.teacher)
    targets = torch.cat(
        [targets_of(teacher, chosen[at : at + 128]) for at in range(0, len(chosen), 128)]
    )
    below = halves.below([noisy(text, lang, rng, 0.15) for _, text, lang in chosen], 40)
    print(f"kept in {(time.monotonic() - start) / 60:.1f} min", flush=True)
    for weight in student.parameters():
        weight.requires_grad_(False)
    weights = [weight for layer in halves.upper for weight in layer.parameters()]
    for weight in weights:
        weight.requires_grad_(True)
    steps = torch.optim.AdamW(weights, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01)
    memory = torch.empty(0)
    start, number, running = time.monotonic(), 0, 0.0
    stream = Themes(topics, rng)
    while (done := (time.monotonic() - start) / (args.minutes * 60)) < 1:
        if number % args.refresh == 0:
            with torch.no_grad():
                memory = halves.above([one.passage for one in kept], chunks=12)
        ramp = min(1.0, (number + 1) / 15) * max(0.03, 0.5 * (1 + math.cos(math.pi * done)))
        steps.param_groups[0]["lr"] = args.rate * ramp
        states: list[States] = []
        owners: list[int] = []
        for topic in stream.take(args.topics):
            own = kept[topic]
            some = [*rng.sample(own.french, 3), *rng.sample(own.others, min(2, len(own.others)))]
            some.append(own.passage if rng.random() < 0.25 else rng.choice(own.titles))
            states += [thinned(one, rng) for one in some]
            owners += [topic] * len(some)
        picked = rng.sample(range(len(below)), args.parallel)
        vectors = halves.above([*states, *(below[index] for index in picked)], chunks=4)
        contrast = topic_loss(
            vectors[: len(owners)], torch.tensor(owners), memory, args.temperature
        )
        regular = loss_of(vectors[len(owners) :], targets[picked])
        loss = contrast + 0.3 * regular
        steps.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 5.0)
        steps.step()
        running += (contrast.item() - running) * (1.0 if number == 0 else 0.05)
        if number % 25 == 0:
            minutes = (time.monotonic() - start) / 60
            print(f"{minutes:.1f} min, step {number}, contrast {running:.3f}, ", end="")
            print(f"distillation {regular.item():.3f}", flush=True)
        if number % 100 == 99:
            student.save(args.work)
        number += 1
    student.save(args.work)
    print(f"{number} steps", flush=True)
    if args.check:
        print(f"held out: {held_out_recall(student, every, args.held_out):.3f}", flush=True)


if __name__ == "__main__":
    main()
