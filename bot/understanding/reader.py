"""Reads one message: what :class:`bot.understanding.model.Model` does with what it has learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bot.faq.articles import Article
from bot.faq.aspects import asked_for
from bot.faq.calibration import Calibrator
from bot.faq.retriever import Ranking, Retriever
from bot.language.detect import Detection, detect
from bot.language.normalise import clean
from bot.understanding import polarity
from bot.understanding.answers import FLOW_COLUMNS, article_signals
from bot.understanding.context import ReadingContext, leans, own_words
from bot.understanding.data import FAQ, FLOWS, INTENTS, OUT_OF_SCOPE
from bot.understanding.decision import Decision
from bot.understanding.details import detail_alone, wants_call
from bot.understanding.exact import ExactLines
from bot.understanding.fitting import inputs_of
from bot.understanding.flow_evidence import best_slugs, flow_evidence
from bot.understanding.intents import IntentScorer
from bot.understanding.segments import lines_apart, requests, sentences
from bot.understanding.signs import of_signs
from bot.understanding.subject import SubjectWords, gives_way
from bot.understanding.thresholds import LIKELY, Evidence, Thresholds
from bot.understanding.types import REFUSALS, SMALLTALK, ArticleCandidate, Entity, Understanding
from bot.understanding.urgent import urgent

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

LONG_WORDS = 18          # from here a message is also read sentence by sentence
MAX_PIECES = 8
MAX_CHARS = 4000
#: Probability of what is known word for word.
EXACT = 0.97
#: Least probability to be believed: below, the message counts as a question (or as out of scope).
LEAST_FLOW, LEAST_TALK, LEAST_URGENT = 0.5, 0.4, 0.75
#: What is said of the last answer or of the chat itself, and asks nothing more ("mais ça ne m'aide pas"); from what probability.
_OF_THE_CHAT, LEAST_OF_THE_CHAT = frozenset({*REFUSALS, "cancel", "go_back", "start_over", "repeat"}), 0.5
_URGENT, _OUT, _HUMAN = INTENTS.index("urgent"), INTENTS.index(OUT_OF_SCOPE), INTENTS.index("human")
#: What a number or a date alone is not.
_NO_DETAIL = [INTENTS.index(name) for name in (*SMALLTALK, OUT_OF_SCOPE, "urgent")]


class Reader:
    """What was learnt, and the reading of messages by it. ``understand`` may be called from several threads."""

    def __init__(self, retriever: Retriever, scorer: IntentScorer, decision: Decision, articles: Calibrator,
                 evidence: Evidence, exact: ExactLines, max_wrong: float) -> None:
        self.retriever = retriever
        self.scorer = scorer
        self.decision = decision
        self.article_calibrator = articles
        self.evidence = evidence
        self.exact = exact
        self.max_wrong = max_wrong
        self.thresholds: Thresholds = evidence.thresholds(max_wrong)
        #: Whether leads called a text out of scope; set by whoever knows their decisions (:meth:`Model.with_foreign`).
        self.foreign: Callable[[str], bool] | None = None
        self._subjects: tuple[Sequence[Article], SubjectWords] | None = None

    def understand(self, text: str, *, locale_hint: str | None = None, previous_languages: Sequence[str] = (),
                   context: ReadingContext | None = None, split: bool = True) -> Understanding:
        """One message, understood. Never raises on any text."""
        lined = lines_apart(text[: MAX_CHARS * 2])
        text = clean(text)[:MAX_CHARS]
        language = detect(text, locale_hint=locale_hint, previous=previous_languages)
        signs = of_signs(text)
        if signs is not None:
            return Understanding(text, language.language, language.confidence, signs[0], 0.97, ranking=((signs[0], 0.97),), mood=signs[1])
        line = self.exact.intent(text, language.language)
        if line in SMALLTALK and urgent(text) is None:      # "ok", "merci": nothing to search for
            return self._small_talk(text, language, str(line))
        vectors = self.scorer.vectors
        pieces = self._pieces(text, lined)
        query = vectors.fresh(pieces) if vectors is not None else None
        codes = [language.language] * len(pieces)
        ranked, probabilities, article_p = self._read(pieces, codes, query)
        found = self._conclude(text, language, ranked, probabilities, article_p)
        if context is not None and context.article:
            found = self._in_context(found, context)
        if split:
            found = self._with_parts(found, lined)
        return self._as_decided(found)

    def _as_decided(self, found: Understanding) -> Understanding:
        """What leads called out of scope is. Danger, small talk, a published phrasing and a question that leans on the last answer stay."""
        question = found.intent in (FAQ, OUT_OF_SCOPE) or found.intent.startswith("flow_")
        if self.foreign is None or not question or "context" in found.notes or not self.foreign(found.text):
            return found
        if self.retriever.exact(found.text, found.language) is not None:
            return found
        articles = tuple(replace(a, probability=round(a.probability * 0.2, 4)) for a in found.articles)
        return replace(found, intent=OUT_OF_SCOPE, confidence=EXACT, articles=articles, flow=None, parts=(), ranking=((OUT_OF_SCOPE, EXACT),))

    def _small_talk(self, text: str, language: Detection, intent: str) -> Understanding:
        code = language.language
        return Understanding(text=text, language=code, language_confidence=round(language.confidence, 4), intent=intent, confidence=EXACT,
                             ranking=((intent, EXACT),), entities=self.entities(text, code), mood=polarity.mood(text, code, intent),
                             negated=polarity.negated(text, code))

    def _pieces(self, text: str, lined: str) -> list[str]:
        """The message, and its sentences and lines where it is long: the request may be in any of them."""
        pieces = [text]
        if len(text.split()) >= LONG_WORDS:
            parts = [s for s in sentences(lined) if len(s.split()) >= 3]
            if len(parts) > 1:
                pieces += parts[: MAX_PIECES // 2] + parts[max(MAX_PIECES // 2, len(parts) - MAX_PIECES // 2) :]
        return pieces

    def _read(self, texts: Sequence[str], languages: Sequence[str], query: Floats | None) -> tuple[Ranking, Doubles, Doubles]:
        """Rankings, intent probabilities and the calibrated probability of each best article."""
        ranked = self.retriever.rank(texts, languages, query)
        scores, nearest = self.scorer.scores(texts, languages, query)
        p = self.retriever.calibrator.probabilities(ranked.signals, languages)
        flows = flow_evidence(self.retriever, best_slugs(self.retriever, ranked.topics), languages, p)
        probabilities = self.decision.probabilities(inputs_of(scores, nearest, p, ranked.signals, flows, texts))
        article_p = self.article_calibrator.probabilities(article_signals(p, probabilities, ranked.signals), languages)
        return ranked, probabilities, article_p

    def _conclude(self, text: str, language: Detection, ranked: Ranking, probabilities: Doubles, article_p: Doubles) -> Understanding:
        code = language.language
        p = probabilities[0].copy()
        articles = self._articles(ranked, 0, float(article_p[0]), code)
        if len(probabilities) > 1:
            p, articles = self._join_pieces(p, articles, ranked, probabilities, article_p, code)
        exact = self.exact.intent(text, code)
        if exact is not None:
            p *= 0.03 / max(1e-9, 1 - p[INTENTS.index(exact)])
            p[INTENTS.index(exact)] = 0.97
            if exact == OUT_OF_SCOPE or not exact.startswith("flow_"):
                articles = tuple(replace(a, probability=round(a.probability * 0.2, 4)) for a in articles)
        elif (known := self.retriever.exact(text, code)) is not None:
            p, articles = self._known_line(known, p, articles, code)
        danger = urgent(text)
        notes = list[str]()
        if danger is not None:
            p *= 0.01
            p[_URGENT] = 0.99
            notes.append(f"danger: {danger}")
        negative = polarity.negated(text, code)
        if negative:
            p = _without_flows(p)
        declined = exact is None and polarity.declines_person(text, code)
        asks = declined and polarity.asks_beside_person(text, code)
        if declined:
            p = _without_person(p, asks=asks)
        entities = self.entities(text, code)
        if exact is None and danger is None and not declined and self.retriever.exact(text, code) is None:
            p = _plainly(p, text, code, entities)
        p = _believable(p / p.sum(), danger is not None)
        order = np.argsort(-p, kind="stable")
        intent = INTENTS[int(order[0])]
        confidence = float(p[order[0]])
        if intent == OUT_OF_SCOPE and exact is None and articles and articles[0].probability >= LIKELY:
            intent, confidence = "faq", articles[0].probability       # an article that fits outweighs a hunch
        elif intent in SMALLTALK and exact is None and articles and (asks or not declined):      # who wants nobody asks not how to reach us
            question = max(float(p[0]), articles[0].probability)
            if gives_way(intent, confidence, question, names_subject=self._names_subject(text, code)):
                intent, confidence = "faq", question
        flow = max(FLOWS, key=lambda f: p[INTENTS.index(f"flow_{f}")])
        return Understanding(
            text=text, language=code, language_confidence=round(language.confidence, 4), intent=intent, confidence=round(confidence, 4),
            articles=articles, flow=(flow, round(float(p[INTENTS.index(f"flow_{flow}")]), 4)),
            ranking=tuple((INTENTS[int(i)], round(float(p[i]), 4)) for i in order[:6]), entities=entities,
            mood=polarity.mood(text, code, intent), negated=negative, notes=tuple(notes),
        )

    def _names_subject(self, text: str, language: str) -> bool:
        """Whether the text names what an article is about; follows the articles as they change."""
        articles = self.retriever.index.articles
        if self._subjects is None or self._subjects[0] is not articles:
            self._subjects = (articles, SubjectWords(articles, self.scorer.phrases))
        return self._subjects[1].named_in(text, language)

    def _known_line(self, slug: str, p: Doubles, articles: tuple[ArticleCandidate, ...], code: str) -> tuple[Doubles, tuple[ArticleCandidate, ...]]:
        """A line that is a phrasing of one article, word for word, is about that article."""
        article = self.retriever.article(slug, code)
        if article is None:
            return p, articles
        p = p * (1 - EXACT) / max(1e-9, 1 - p[0])
        p[0] = EXACT
        rest = tuple(replace(a, probability=round(a.probability * (1 - EXACT), 4)) for a in articles if a.id != slug)
        return p, (ArticleCandidate(article.id, article.locale, article.title, EXACT, article.flow), *rest)[:10]

    def _articles(self, ranked: Ranking, row: int, first: float, language: str) -> tuple[ArticleCandidate, ...]:
        found = self.retriever.candidates(ranked, row, language, first=first)
        return tuple(found)

    def _join_pieces(self, p: Doubles, articles: tuple[ArticleCandidate, ...], ranked: Ranking, probabilities: Doubles, article_p: Doubles,
                     code: str) -> tuple[Doubles, tuple[ArticleCandidate, ...]]:
        """Joins the whole with its sentences: a sentence that is surer of its article than the whole wins."""
        table = {a.id: a for a in articles}
        for row in range(1, len(probabilities)):
            for a in self._articles(ranked, row, float(article_p[row]) * 0.9, code):
                if a.id not in table or table[a.id].probability < a.probability:
                    table[a.id] = a
        joined = sorted(table.values(), key=lambda a: -a.probability)
        total = sum(a.probability for a in joined)
        if total > 1:
            joined = [replace(a, probability=round(a.probability / total, 4)) for a in joined]
        serious = [0, *FLOW_COLUMNS, INTENTS.index("human")]
        best = probabilities[1:, serious].max(axis=0) * 0.9
        p[serious] = np.maximum(p[serious], best)
        return p, tuple(joined[:10])

    def _in_context(self, found: Understanding, context: ReadingContext) -> Understanding:
        """Reads a message that leans on the last answer together with it."""
        article = self.retriever.article(context.article or "", found.language)
        likely = found.articles and found.articles[0].probability >= LIKELY
        alarmed = any(n.startswith("danger") for n in found.notes) or found.intent == "human"
        asks = "?" in found.text or asked_for(found.text, found.language) is not None      # "c'est quoi le délai" is no puzzlement
        aside = found.intent in _OF_THE_CHAT and found.confidence >= LEAST_OF_THE_CHAT and not asks
        if article is None or alarmed or aside or not leans(found.text, found.language) or (likely and own_words(found.text, found.language)):
            return found
        if not own_words(found.text, found.language):
            same = ArticleCandidate(article.id, article.locale, article.title, 0.8, article.flow)
            rest = tuple(a for a in found.articles if a.id != article.id)
            return replace(found, intent="faq", confidence=max(found.confidence if found.intent == "faq" else 0.0, 0.8),
                           articles=(same, *(replace(a, probability=round(a.probability * 0.25, 4)) for a in rest))[:10], notes=(*found.notes, "context"))
        together = self.understand(f"{article.title} : {found.text}", locale_hint=found.language, previous_languages=(found.language,), split=False)
        if not together.articles or together.articles[0].probability < 0.3:
            return found
        return replace(found, intent="faq", confidence=together.confidence if together.intent == "faq" else found.confidence,
                       articles=together.articles, notes=(*found.notes, "context"))

    def _with_parts(self, found: Understanding, lined: str) -> Understanding:
        """Fills ``parts`` where a message holds two requests that are each understood on their own."""
        pieces = requests(lined, found.language)
        if not 2 <= len(pieces) <= 6 or found.intent == "urgent":
            return found
        parts = list[Understanding]()
        for piece in pieces:
            part = self.understand(piece, locale_hint=found.language, previous_languages=(found.language, found.language), split=False)
            subject = _subject(part, self.thresholds)
            if subject and all(_subject(other, self.thresholds) != subject for other in parts):
                parts.append(replace(part, language=found.language))
        return replace(found, parts=tuple(parts)) if len(parts) >= 2 else found

    def entities(self, text: str, language: str) -> tuple[Entity, ...]:
        """Values named in a text; a message is understood without them too."""
        try:
            from bot.language.entities import extract
        except ImportError:
            return ()
        try:
            return tuple(extract(text, language))
        except Exception:  # an extractor's fault must not cost the customer an answer
            return ()


def _subject(part: Understanding, thresholds: Thresholds) -> str | None:
    """What a part is surely about: a flow or an article; None where it is unsure or small talk."""
    if part.intent.startswith("flow_") and part.confidence >= LEAST_FLOW:
        return part.intent
    if part.articles and part.articles[0].probability >= max(0.5, thresholds.sure_in(part.language) * 0.9) and len(part.text.split()) >= 2:
        return part.articles[0].id
    return None


def _without_flows(p: Doubles) -> Doubles:
    """A negated wish starts no flow: what the flows had goes to the articles."""
    p = p.copy()
    columns = [*FLOW_COLUMNS, INTENTS.index("cancel")]
    moved = float(p[columns].sum()) * 0.9
    p[columns] *= 0.1
    p[0] += moved
    return p


def _without_person(p: Doubles, *, asks: bool) -> Doubles:
    """Nobody is called in for who declines it: that share is a no, or a question where one stands beside it."""
    p = p.copy()
    p[0 if asks else INTENTS.index("deny")] += p[_HUMAN]
    p[_HUMAN] = 0.0
    return p


def _plainly(p: Doubles, text: str, language: str, entities: Sequence[Entity]) -> Doubles:
    """What the words themselves settle: who leaves a number or asks for a call wants a person, a detail alone is no talk and no
    other subject."""
    p = p.copy()
    alone = detail_alone(text, entities)
    if alone == "phone" or (alone is None and wants_call(text, language)):
        p *= (1 - EXACT) / max(1e-9, 1 - p[_HUMAN])
        p[_HUMAN] = EXACT
    elif alone is not None:
        p[0] += 0.98 * p[_NO_DETAIL].sum()
        p[_NO_DETAIL] *= 0.02
    return p


def _believable(p: Doubles, danger: bool) -> Doubles:
    """Takes back what is too unsure to act on: a flow, small talk or an alarm of the model alone needs its
    least probability, else its share goes to the question and to out of scope."""
    p = p.copy()
    best = int(p.argmax())
    if best in (0, _OUT):
        return p
    least = LEAST_URGENT if best == _URGENT and not danger else LEAST_FLOW if best in FLOW_COLUMNS else LEAST_TALK
    if (best == _URGENT and danger) or p[best] >= least:
        return p
    rest = p[0] + p[_OUT] + 1e-9
    to_question = p[0] / rest if best not in FLOW_COLUMNS else max(p[0] / rest, 0.7)
    moved = p[best] * 0.9
    p[best] -= moved
    p[0] += moved * to_question
    p[_OUT] += moved * (1 - to_question)
    return p
