"""Step 2: half the layers learn to do what all of them did.

Where a sentence is read as it was written, the student's last state of every piece is pulled to the teacher's (as in
Sun et al. 2020, "MobileBERT"); its vector is pulled to the teacher's in any case, and must be nearer to it than to
those of the other sentences of the batch. Texts in all six languages need no translations: the teacher knows them all.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from bot.language.training.lessons import Lesson, prepared
from bot.language.training.student import Optimiser, Student, mean_pool, pad
from bot.language.training.vocabulary import carry

_ALIKE = 0.97


def vector_loss(vectors: torch.Tensor, targets: torch.Tensor, temperature: float = 0.05) -> torch.Tensor:
    """Distance to the teacher's vectors and contrast among those of the batch."""
    distance = 1.0 - (vectors * targets).sum(-1).mean()
    scores = vectors @ targets.T / temperature
    same = targets @ targets.T > _ALIKE
    same.fill_diagonal_(False)
    wanted = torch.arange(len(vectors))
    return 10.0 * distance + functional.cross_entropy(scores.masked_fill(same, -1e4), wanted)


def state_loss(states: torch.Tensor, lesson: Lesson) -> torch.Tensor:
    """Distance of the pieces' states from the teacher's, in direction and in length."""
    clean = [(number, state) for number, state in enumerate(lesson.states) if state is not None]
    if not clean:
        return states.sum() * 0.0
    ours = torch.cat([states[number, : len(state)] for number, state in clean])
    theirs = torch.from_numpy(np.concatenate([state for _, state in clean]))
    direction = 1.0 - functional.cosine_similarity(ours, theirs, dim=-1).mean()
    return direction + 0.5 * functional.mse_loss(ours, theirs) / theirs.pow(2).mean()


def lesson_loss(student: Student, lesson: Lesson) -> torch.Tensor:
    """Vectors and states together."""
    ids, mask = pad(lesson.rows)
    states = student.body(input_ids=ids, attention_mask=mask).last_hidden_state
    vectors = mean_pool(states, mask)
    return vector_loss(vectors, torch.from_numpy(lesson.vectors)) + 3.0 * state_loss(states, lesson)


def main() -> None:
    """Distil for ``--minutes`` and write ``student.pt``, with a checkpoint every few minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="folder written by vocabulary or by this step")
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    parser.add_argument("--teacher", default=None)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--table-rate", type=float, default=3e-4)
    parser.add_argument("--body-rate", type=float, default=2.5e-4)
    parser.add_argument("--noise", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=1, help="beside one for the teacher")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    student = Student.load(args.start)
    student.train()
    carry(args.start, args.work)
    steps = Optimiser(student, table_rate=args.table_rate, body_rate=args.body_rate)
    start = saved = time.monotonic()
    seen, running = 0, 0.0
    options = {"data": args.data, "start": args.start, "size": args.batch, "noise": args.noise, "seed": args.seed}
    with prepared(args.teacher, **options) as lessons:
        for number, lesson in enumerate(lessons):
            done = (time.monotonic() - start) / (args.minutes * 60)
            if done >= 1:
                break
            ramp = min(1.0, (number + 1) / 50) * max(0.05, 0.5 * (1 + math.cos(math.pi * done)))
            steps.pace(ramp, ramp)
            loss = lesson_loss(student, lesson)
            steps.step(loss)
            seen += len(lesson.rows)
            running = loss.item() if number == 0 else 0.97 * running + 0.03 * loss.item()
            if number % 40 == 0:
                print(f"{(time.monotonic() - start) / 60:.1f} min, {seen} examples, loss {running:.3f}", flush=True)
            if time.monotonic() - saved > 240:
                student.save(args.work)
                saved = time.monotonic()
    student.save(args.work)
    print(f"{seen} examples")


if __name__ == "__main__":
    main()
