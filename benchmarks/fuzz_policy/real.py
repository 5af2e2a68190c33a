"""The real turn in process: model, Rasa, flows and the demo back office, over what people may write."""

from __future__ import annotations

import random
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from benchmarks.fuzz_policy.promises import Broken, Watch, handed_over
from bot.assistant.protocol import TurnRequest, TurnResponse
from bot.logs import configure
from bot.settings import LOCALES, ROOT, Settings

_NOISE = ("", "?", "😡😡", "12345678901234", "le 32 janvier", "<b>non</b>", "/restart", "/intent{\"a\": 1}", "a" * 300,
          "ἀρχή", "oui non peut-être", "10 kVA", "75011", "SELECT 1; --", "CE-2041873 75011", "\u202etxet")


def phrases(folder: Path = ROOT / "data") -> list[str]:
    """Everything the shipped content knows people to say."""
    said: list[str] = []
    for path in sorted((folder / "nlu").glob("*.yml")):
        said += [line.strip()[2:] for line in path.read_text("utf-8").splitlines() if line.strip().startswith("- ") and ":" not in line]
    for path in sorted((folder / "faq").glob("*.yml")):
        said += _texts(yaml.safe_load(path.read_text("utf-8")))
    return [text for text in said if 0 < len(text) < 300]


def _texts(found: Any) -> list[str]:
    if isinstance(found, dict):
        return [text for key, value in found.items() for text in _texts(value) if key not in ("answer", "body")]
    if isinstance(found, list):
        return [text for value in found for text in _texts(value)]
    return [found] if isinstance(found, str) and " " in found else []


class RealDialogue:
    """Loads once, then takes turns."""

    def __init__(self) -> None:
        from bot.assistant.engine import build_engine
        from bot.assistant.rasa_agent import RasaAgent
        from bot.assistant.training import train_rasa

        self._home = tempfile.TemporaryDirectory(prefix="relais-fuzz-")
        home = Path(self._home.name)
        models = ROOT / ".pytest_cache" / "models"
        models.mkdir(parents=True, exist_ok=True)
        (home / "models").symlink_to(models)
        settings = Settings(_env_file=None, home=home, log_level="error")
        self.engine = build_engine(settings)
        self.rasa = RasaAgent(train_rasa(settings, print))
        configure(settings, "fuzz")      # Rasa sets its own logging up on import
        self.phrases = phrases()

    async def turn(self, state: dict[str, Any] | None, chat: str, n: int, text: str, choice: str | None, locale: str) -> TurnResponse:
        """One turn."""
        from bot.assistant.turn import take_turn

        return await take_turn(self.engine, self.rasa, TurnRequest(
            conversation_id=chat, turn_id=f"{chat}:{n}", text="" if choice else text, choice=choice,
            choice_label=choice, locale=locale, at=datetime(2026, 9, 1, 10, n % 60, tzinfo=timezone.utc).isoformat(), state=state))


async def chat(dialogue: RealDialogue, rng: random.Random, name: str, turns: int, tell: Any = None) -> int:
    """One fuzzed chat; how many turns it had. Raises Broken."""
    watch, state, offered = Watch(), None, []
    locale = rng.choice(LOCALES)
    for n in range(turns):
        choice = rng.choice(offered) if offered and rng.random() < 0.4 else None
        text = rng.choice(_NOISE) if rng.random() < 0.1 else rng.choice(dialogue.phrases)
        if not choice and not text.strip():
            continue        # intake refuses these
        got = await dialogue.turn(state, name, n, text, choice, locale)
        if tell:
            tell(f"  {n}: {choice or text!r} → {[(r.reply, r.text[:70]) for r in got.replies]}")
        watch.turn(got.replies)
        if watch.handed_over:
            if sum(effect.kind == "handover" for effect in got.effects) != 1:
                raise Broken("handed over without a ticket, or with two")
            return n + 1
        state = got.state
        offered = [c.id for reply in got.replies for c in reply.choices] or offered
        await _check_way_out(dialogue, state, name, n, locale)
    return turns


async def _check_way_out(dialogue: RealDialogue, state: dict[str, Any], name: str, n: int, locale: str) -> None:
    asked = await dialogue.turn(state, f"{name}-out", n, "", "human", locale)
    if not handed_over(asked.replies):
        raise Broken("the way out was pressed, and no person came")


