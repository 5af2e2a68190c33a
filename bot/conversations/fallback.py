"""What the web process says by itself when no dialogue process answered: help pages, or a person.

It never stays silent and never answers with another question: articles found by words alone are
offered as titles (their probability is not calibrated, so none is asserted), an article picked is
shown, and everything else becomes a ticket with an apology.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from bot.assistant.protocol import ArticleRef, Choice, Effect, Reply, TurnResponse
from bot.conversations.courtesy import asks_for_person, is_courtesy, is_greeting
from bot.conversations.model import Event
from bot.conversations.wording import say
from bot.faq.articles import Article
from bot.flows.danger import detect_danger
from bot.understanding.polarity import declines_person

_log = structlog.get_logger(__name__)
_ENOUGH = 0.9        # LexicalSearch's own scale: 1 for the best words, up to 2 for a near phrasing
_SHOWN = 3


class Fallback:
    """Answers from the articles of ``load``, indexed when first needed and again when they change."""

    def __init__(self, load: Callable[[], tuple[int, Sequence[Article]]]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._version: int | None = None
        self._articles: Sequence[Article] = ()
        self._search: object | None = None

    def plan(self, message: Event, recent: Sequence[Event], language: str) -> TurnResponse:
        """A turn's result without a dialogue; blocking, so call it in a thread. Never raises."""
        try:
            return self._plan(message, recent, language)
        except Exception as error:  # the last resort must not have a condition
            _log.error("fallback failed", error=repr(error))
            return _ticket(message, language, "fallback_ticket", "assistant unavailable")

    def person(self, message: Event, language: str) -> TurnResponse:
        """Apology and ticket, without looking anything up."""
        if danger := detect_danger(message.text, language):
            return _ticket(message, language, "fallback_urgent", "urgent", danger=danger)
        return _ticket(message, language, "fallback_ticket", "assistant unavailable")

    def search(self, text: str, language: str) -> list[dict[str, object]]:
        """Articles found by words alone, best first, as staff pages list them; blocking."""
        with self._lock:
            self._refresh()
            found = self._search.search(text, language=language, k=5) if self._search else []  # type: ignore[attr-defined]
        return [{"id": hit.id, "locale": hit.locale} for hit in found]

    def warm(self) -> None:
        """Build the index now, so that the first outage does not wait for it. Never raises."""
        try:
            with self._lock:
                self._refresh()
        except Exception as error:
            _log.error("no index for the fallback", error=repr(error))

    def _plan(self, message: Event, recent: Sequence[Event], language: str) -> TurnResponse:
        text, choice = message.text, str(message.payload.get("choice") or "")
        if danger := detect_danger(text, language):
            return _ticket(message, language, "fallback_urgent", "urgent", danger=danger)
        if choice == "human" or (not choice and asks_for_person(text) and not declines_person(text, language)):
            return _ticket(message, language, "fallback_human", "asked")
        if not choice and is_greeting(text):
            if _just_said(recent, say("fallback_hello", language)):    # no title answers a greeting
                return _ticket(message, language, "fallback_ticket", "assistant unavailable")
            return _small_talk("fallback_hello", language)
        if not choice and is_courtesy(text):
            return _small_talk("fallback_thanks", language)
        with self._lock:
            self._refresh()
            articles, search = self._articles, self._search
        if choice.startswith("article:"):
            article = _localised(articles, choice.removeprefix("article:"), language)
            if article is not None:
                return _answer(article, language)
        if not choice and not _already_offered(recent):
            hits = search.search(text, language=language, k=_SHOWN) if search else []  # type: ignore[attr-defined]
            found = [a for hit in hits if hit.score >= _ENOUGH
                     and (a := _localised(articles, hit.id, language)) is not None]
            if found:
                return _options(found, language)
        return _ticket(message, language, "fallback_ticket", "assistant unavailable")

    def _refresh(self) -> None:
        from bot.faq.lexical import LexicalSearch  # scipy: half a second, only when needed

        version, articles = self._load()
        if version != self._version:
            self._articles, self._version = articles, version
            self._search = LexicalSearch(articles) if articles else None


def _localised(articles: Sequence[Article], slug: str, language: str) -> Article | None:
    same = [article for article in articles if article.id == slug]
    return next((a for a in same if a.locale == language), None) or next(
        (a for a in same if a.locale == "fr"), same[0] if same else None
    )


def _just_said(recent: Sequence[Event], words: str) -> bool:
    """Whether the last bot message was this very sentence."""
    return next((e.text for e in reversed(recent) if e.author == "bot" and e.kind == "message"), "") == words


def _already_offered(recent: Sequence[Event]) -> bool:
    """Whether the last bot message already was an offer: a second one would be a loop."""
    for event in reversed(recent):
        if event.author == "bot" and event.kind == "message":
            return event.payload.get("reply") in ("options", "nonanswer")
    return False


def _result(language: str, replies: list[Reply], effects: list[Effect], intent: str) -> TurnResponse:
    return TurnResponse(state={}, replies=replies, effects=effects, language=language,
                        intent=intent, confidence=0.0)


def _answer(article: Article, language: str) -> TurnResponse:
    ref = ArticleRef(id=article.id, title=article.title, locale=article.locale, probability=1.0,
                     body=article.body)
    reply = Reply(text=article.answer or article.title, reply="answer", articles=[ref],
                  choices=[Choice(id="human", label=say("choice_human", language))], feedback=True)
    effect = Effect(kind="answered", key="fallback:answered",
                    payload={"article": article.id, "locale": article.locale,
                             "theme": article.theme, "probability": 1.0})
    return _result(language, [reply], [effect], "faq")


def _options(found: Sequence[Article], language: str) -> TurnResponse:
    refs = [ArticleRef(id=a.id, title=a.title, locale=a.locale, probability=0.0) for a in found]
    choices = [Choice(id=f"article:{a.id}", label=a.title) for a in found]
    choices.append(Choice(id="human", label=say("choice_human", language)))
    reply = Reply(text=say("fallback_options", language), reply="options", choices=choices,
                  articles=refs)
    return _result(language, [reply], [], "faq")


def _small_talk(key: str, language: str) -> TurnResponse:
    human = Choice(id="human", label=say("choice_human", language))
    return _result(language, [Reply(text=say(key, language), reply="smalltalk", choices=[human])], [], "greet")


def _ticket(
    message: Event, language: str, key: str, reason: str, *, danger: str | None = None
) -> TurnResponse:
    reply = Reply(text=say(key, language), reply="handover")
    effect = Effect(kind="handover", key="fallback:handover",
                    payload={"reason": reason, "urgent": danger is not None, "instructed": danger,
                             "theme": "urgence" if danger else None})
    return _result(language, [reply], [effect], "urgent" if danger else "human")
