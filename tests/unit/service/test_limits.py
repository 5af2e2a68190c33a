"""The sliding window, and what the web process imports."""

from __future__ import annotations

import subprocess
import sys

from bot.web.limits import Limiter


def test_a_window_slides_and_says_how_long_to_wait():
    limiter = Limiter(3, 60)
    assert [limiter.hit("a", now) for now in (0, 10, 20)] == [0, 0, 0]
    assert limiter.hit("a", 30) == 30
    assert limiter.hit("b", 30) == 0
    assert limiter.hit("a", 61) == 0
    assert limiter.hit("a", 62) == 8
    limiter.forget("a")
    assert limiter.hit("a", 62) == 0


def test_the_web_process_imports_nothing_heavy():
    heavy = ("rasa", "torch", "tensorflow", "sklearn", "scipy", "numpy", "spacy", "faiss", "onnxruntime", "transformers")
    code = f"import sys, bot.web.app, bot.web.main, bot.worker; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
