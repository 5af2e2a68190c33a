"""The assistant without its dialogue engine: what it knows and how it reads a message.

Holds the understanding model, the article snapshot, the wording and the back office of a process, and
makes a :class:`TurnContext` out of a request (or of a Rasa tracker, for `rasa shell`). Thread-safe:
the model and the snapshot are replaced, never changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.assistant.catalogue import Catalogue
from bot.assistant.context import TurnContext
from bot.assistant.memory import Memory
from bot.assistant.pick import picked_by_words
from bot.assistant.policy import decide
from bot.assistant.protocol import TurnRequest
from bot.assistant.several import other_request
from bot.assistant.tone import second_thoughts
from bot.assistant.tongue import NOTE, tells
from bot.backoffice.factory import make_backoffice
from bot.backoffice.port import Backoffice
from bot.flows.types import Heard
from bot.language.wording import Wording, get_wording
from bot.settings import LOCALES, Settings, get_settings
from bot.understanding.context import ReadingContext, asks_why
from bot.understanding.model import Model
from bot.understanding.types import REFUSALS, Entity, Understanding

if TYPE_CHECKING:
    from rasa_sdk import Tracker

#: Intents whose text is a request worth quoting to an agent.
_REQUESTS = ("faq", "out_of_scope", "urgent")

#: The article about what each flow does: what "combien ça coûte ?" is about while it runs.
SUBJECT = {
    "choose_power": "choisir-puissance", "meter_reading": "relever-compteur", "explain_bill": "comprendre-facture",
    "payment_plan": "delai-paiement", "move_home": "demenager", "outage": "panne-courant",
    "payment_details": "prelevement-rib", "cancel_contract": "resilier-contrat",
}

#: How sure of its language a message about something else must be for the answer to be in it.
_SENTENCE = 0.8
#: How likely an article must be for an agent's note to point at it.
_NOTE_POINTS = 0.35


class Engine:
    """Everything a turn needs besides Rasa."""

    def __init__(
        self, settings: Settings, model: Model, catalogue: Catalogue, backoffice: Backoffice, wording: Wording
    ) -> None:
        self.settings = settings
        self.model = model
        self.catalogue = catalogue
        self.backoffice = backoffice
        self.wording = wording

    def understand(self, text: str, memory: Memory, locale: str | None, flow: str | None = None) -> Understanding:
        """Read a message with the conversation so far; in a ``flow``, with the article about what it does."""
        previous = (memory.language,) if memory.turns else ()
        offered = next((c.removeprefix("article:") for c in memory.offered if c.startswith("article:")), None)
        article = offered if memory.last == "options" and offered else memory.article or offered
        if flow is not None:
            shown = self.catalogue.get(memory.article, memory.language) if memory.article else None
            article = memory.article if shown is not None and shown.flow == flow else SUBJECT.get(flow, article)
        context = ReadingContext(article=article, theme=memory.theme)
        found = self.model.understand(text, locale_hint=locale, previous_languages=previous, context=context)
        if flow is not None and asks_why(text):      # why it is asked, not why something costs
            return replace(found, intent="repeat", confidence=1.0, articles=(), parts=())
        if flow is not None and "context" in found.notes:
            memory.article = article
        return second_thoughts(found)

    def context(self, request: TurnRequest, slots: dict[str, Any], loop: str | None = None) -> TurnContext:
        """The context of a turn, with the memory brought up to date by what was just heard. ``loop`` is the running form."""
        fresh = "memory" not in slots
        memory = Memory.load(slots.get("memory"))
        if fresh and request.locale in LOCALES:
            memory.language = str(request.locale)
        if request.note:
            self._take_note(memory, request.note[:500])
        if request.choice is None and memory.last == "options" and not slots.get("requested_slot"):
            named = picked_by_words(request.text, memory.offered, lambda choice: self._label(choice, memory.language))
            if named is not None:
                request = request.copy(update={"choice": named, "choice_label": request.text})
        if request.choice is not None:
            understanding = self._pressed(request, memory)
        else:
            understanding = self.understand(request.text, memory, request.locale, loop.removesuffix("_form") if loop else None)
        at = datetime.fromisoformat(request.at.replace("Z", "+00:00"))
        turn = TurnContext(
            heard=Heard(understanding, request.choice, at if at.tzinfo else at.replace(tzinfo=timezone.utc)),
            memory=memory, wording=self.wording, backoffice=self.backoffice, thresholds=self.model.thresholds,
            article=self.catalogue.get, articles=lambda: self.catalogue.all(memory.language),
            extract=lambda text: entities_of(text, memory.language),
            conversation_id=request.conversation_id, turn_id=request.turn_id,
            people_available=request.people_available, next_opening=request.next_opening,
            wait_seconds=request.wait_seconds,
        )
        self._listen(turn, active=bool(slots.get("requested_slot")))
        return turn

    def _label(self, choice: str, language: str) -> str:
        """What stands on a button of the last list; empty where that is not known."""
        kind, _, name = choice.partition(":")
        if kind == "article":
            article = self.catalogue.get(name, language)
            return article.title if article else ""
        key = f"theme.{name}" if kind == "theme" else f"choice.flow_{name}"
        return self.wording.variants(key, language)[0] if self.wording.has(key) else ""

    def _take_note(self, memory: Memory, note: str) -> None:
        """A person who hands the chat back says where it stands: what their words are about, the chat is about.

        The article they point at ranks first for what the customer says next, and may be shown again.
        """
        memory.note, memory.unknown, memory.anger, memory.pending = note, 0, 0, None
        found = self.model.understand(note)
        best = next(iter(found.articles), None)
        if best is None or best.probability < _NOTE_POINTS:
            return
        memory.article, memory.qualified = best.id, False
        memory.refused = [slug for slug in memory.refused if slug != best.id]
        article = self.catalogue.get(best.id, memory.language)
        memory.theme = article.theme if article else memory.theme

    def _pressed(self, request: TurnRequest, memory: Memory) -> Understanding:
        """A button says what it means: nothing has to be guessed. Its last request ranks what follows."""
        choice = str(request.choice)
        intent = {"human": "human"}.get(choice, "choice")
        if choice.startswith("flow:"):
            intent = f"flow_{choice.removeprefix('flow:')}"
        text = request.choice_label or ""
        articles = self.understand(memory.asks[-1], memory, None).articles if memory.asks and intent == "choice" else ()
        return Understanding(text=text, language=memory.language, language_confidence=1.0, intent=intent,
                             confidence=1.0, articles=articles)

    @staticmethod
    def _listen(turn: TurnContext, *, active: bool) -> None:
        memory, heard = turn.memory, turn.understanding
        memory.turns += 1
        first = memory.turns == 1
        least = 0.5 if first else 0.75
        if heard.intent == "out_of_scope":      # a name or a slip of the keyboard is no change of language, a sentence is
            least = _SENTENCE if tells(heard.text) else 2.0
        sure = heard.language_confidence >= least
        if heard.language in LOCALES and turn.heard.choice is None and sure:
            memory.language = heard.language
            memory.tongue = "" if tells(heard.text) else memory.tongue      # "ok" is said in any language
        if NOTE in heard.notes and not active:
            memory.tongue = heard.language
        request = heard.intent in _REQUESTS or heard.intent.startswith("flow_")
        if turn.heard.choice is None and request and not active and heard.text.strip():
            memory.asks.append(heard.text.strip()[:500])
        if turn.heard.choice is None and heard.intent in REFUSALS and not active:
            if memory.pending == "helped" and memory.article and memory.article not in memory.refused:
                memory.refused.append(memory.article)
                turn.effect("refused", article=memory.article)
            if memory.last == "options":
                refused = (c.removeprefix("article:") for c in memory.offered if c.startswith("article:"))
                memory.refused += [slug for slug in refused if slug not in memory.refused]

    def context_for_tracker(self, tracker: Tracker) -> TurnContext:
        """The same, where Rasa drives (`rasa shell`, `rasa run actions`, `rasa test`)."""
        message = tracker.latest_message or {}
        turn_id = f"{tracker.sender_id}:{message.get('message_id') or len(tracker.events)}"
        request = TurnRequest(conversation_id=tracker.sender_id, turn_id=turn_id, text=message.get("text") or "",
                              at=datetime.now(timezone.utc).isoformat())
        return self.context(request, dict(tracker.slots), (tracker.active_loop or {}).get("name"))

    def with_content(self, model: Model, catalogue: Catalogue) -> Engine:
        """The same engine over other content."""
        return Engine(self.settings, model, catalogue, self.backoffice, self.wording)


def build_engine(settings: Settings) -> Engine:
    """An engine from the checkout's content, trained if need be."""
    from bot.assistant.training import load_or_train

    model, articles = load_or_train(settings)
    return Engine(settings, model, Catalogue(articles), make_backoffice(settings), get_wording())


@lru_cache(maxsize=1)
def shared_engine() -> Engine:
    """The engine of a process that Rasa started."""
    return build_engine(get_settings())


def entities_of(text: str, language: str) -> tuple[Entity, ...]:
    """Entities of a message heard earlier."""
    from bot.language.entities import extract

    return tuple(extract(text, language))


def entity_dicts(entities: tuple[Entity, ...]) -> list[dict[str, Any]]:
    """Entities as Rasa writes them."""
    return [{"entity": e.name, "value": e.value, "start": e.start, "end": e.end, "extractor": "relais"} for e in entities]


def rasa_intent(turn: TurnContext) -> str:
    """The intent handed to Rasa's rules: a flow's only where the policy would start it."""
    understanding = turn.understanding
    if turn.heard.choice is None and understanding.intent.startswith("flow_"):
        decision = decide(understanding, turn.memory, turn.thresholds)
        # With a second request beside it, the flow is started by the reply that sees to that one.
        alone = decision.kind == "start_flow" and other_request(decision, turn) is None
        return f"flow_{decision.flow}" if alone else "faq"
    return understanding.intent
