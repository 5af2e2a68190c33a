"""The reply policy's promises, over whole conversations of any messages."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.assistant import respond as responding
from bot.assistant.context import TurnContext
from bot.assistant.engine import Engine, rasa_intent
from bot.assistant.memory import Memory
from bot.assistant.policy import decide
from bot.assistant.protocol import Reply
from bot.assistant.respond import respond
from bot.assistant.tone import second_thoughts
from bot.faq.articles import Article
from bot.flows.types import Heard
from bot.language.wording import get_wording
from bot.understanding.thresholds import Thresholds
from bot.understanding.types import CONTROL, SMALLTALK, ArticleCandidate, Understanding

THRESHOLDS = Thresholds(sure=0.7, maybe=0.2)
ARTICLES = [
    Article(id=f"a{i}", locale="fr", title=f"Article {i}", answer=f"Réponse {i}.", theme="facture", person_only=i == 9)
    for i in range(10)
]
BY_ID = {article.id: article for article in ARTICLES}
AT = datetime(2026, 9, 1, 10, tzinfo=timezone.utc)


def context(understanding: Understanding, memory: Memory, n: int, choice: str | None = None) -> TurnContext:
    turn = TurnContext(
        heard=Heard(understanding, choice, AT), memory=memory, wording=get_wording(), backoffice=None,  # type: ignore[arg-type]
        thresholds=THRESHOLDS, article=lambda slug, locale: BY_ID.get(slug), articles=lambda: ARTICLES,
        extract=lambda text: (), conversation_id="c", turn_id=f"t{n}",
    )
    Engine._listen(turn, active=False)
    return turn


def message(intent: str, *articles: tuple[str, float], **fields: Any) -> Understanding:
    found = tuple(ArticleCandidate(slug, "fr", f"Article {slug}", p) for slug, p in articles)
    return Understanding(text=fields.pop("text", intent), language="fr", language_confidence=1.0, intent=intent,
                         confidence=0.9, articles=found, **fields)


def foreign(*articles: tuple[str, float], text: str = "Chcę rozwiązać umowę o dostawę prądu") -> Understanding:
    """A wish in Polish that the model takes for small talk about an article or for a flow."""
    return second_thoughts(replace(message("flow_cancel_contract", *articles, text=text), language="pl", language_confidence=0.95))


intents = st.sampled_from(["faq", "faq", "faq", "out_of_scope", *SMALLTALK, *CONTROL])
candidates = st.lists(
    st.tuples(st.sampled_from(sorted(BY_ID)), st.floats(0, 1)), max_size=4, unique_by=lambda pair: pair[0]
).map(lambda pairs: sorted(pairs, key=lambda pair: -pair[1]))
messages = st.builds(lambda intent, pairs, angry: message(intent, *pairs, mood="angry" if angry else "neutral"),
                     intents, candidates, st.booleans()) | candidates.map(lambda pairs: foreign(*pairs))


def converse(understandings: list[Understanding]) -> list[list[Reply]]:
    memory, out = Memory(), []
    for n, understanding in enumerate(understandings):
        turn = context(understanding, memory, n)
        replies, flow = respond(turn)
        assert replies or flow
        out.append(replies)
        memory = Memory.load(turn.memory.dump())
        if any(reply.reply == "handover" for reply in replies):
            break
    return out


@given(st.lists(messages, min_size=1, max_size=12))
@settings(max_examples=400, deadline=None)
def test_never_two_nonanswers_in_a_row(understandings: list[Understanding]) -> None:
    kinds = [reply.reply for replies in converse(understandings) for reply in replies]
    assert all(not (a == b == "nonanswer") for a, b in itertools.pairwise(kinds))


@given(st.lists(messages, min_size=1, max_size=12))
@settings(max_examples=400, deadline=None)
def test_never_the_same_sentence_twice_running(understandings: list[Understanding]) -> None:
    texts = [reply.text for replies in converse(understandings) for reply in replies]
    assert all(a != b for a, b in itertools.pairwise(texts))


@given(st.lists(messages, max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_person_is_reached_by_asking_at_any_point(understandings: list[Understanding]) -> None:
    memory = Memory()
    for n, understanding in enumerate(understandings):
        turn = context(understanding, memory, n)
        respond(turn)
        memory = turn.memory
    asked = context(message("human"), memory, 99)
    replies, _ = respond(asked)
    assert replies[-1].reply == "handover"
    assert [effect.kind for effect in asked.effects].count("handover") == 1


@given(st.lists(st.just(message("faq")), min_size=3, max_size=6))
def test_what_is_never_understood_reaches_a_person_at_the_second_failure(understandings: list[Understanding]) -> None:
    kinds = [reply.reply for replies in converse(understandings) for reply in replies]
    assert kinds[:2] == ["nonanswer", "handover"]


def test_an_article_that_was_refused_is_not_shown_again() -> None:
    memory = Memory()
    respond(context(message("faq", ("a1", 0.9), ("a2", 0.5)), memory, 0))
    turn = context(message("deny", ("a1", 0.9)), memory, 1)
    replies, _ = respond(turn)
    assert "a1" in memory.refused
    assert all(ref.id != "a1" for reply in replies for ref in reply.articles)


def test_no_after_an_offer_means_the_offer_was_wrong() -> None:
    memory = Memory()
    respond(context(message("faq", ("a1", 0.4), ("a2", 0.3)), memory, 0))
    replies, _ = respond(context(message("deny"), memory, 1))
    assert replies[0].reply == "options"
    assert any(choice.id == "human" for choice in replies[0].choices)
    assert not any(choice.id in ("article:a1", "article:a2") for choice in replies[0].choices)


def test_an_article_for_people_only_opens_a_ticket() -> None:
    turn = context(message("faq", ("a9", 0.95)), Memory(), 0)
    replies, _ = respond(turn)
    assert [reply.reply for reply in replies] == ["answer", "handover"]
    assert "handover" in [effect.kind for effect in turn.effects]


def test_two_questions_get_two_answers() -> None:
    parts = (message("faq", ("a1", 0.9)), message("faq", ("a2", 0.9)))
    replies, _ = respond(context(message("faq", ("a1", 0.9), parts=parts), Memory(), 0))
    assert [reply.articles[0].id for reply in replies] == ["a1", "a2"]


@pytest.mark.parametrize(("confidence", "own", "best", "kind"), [
    (0.85, True, 0.99, "start_flow"),       # the best article is about what the flow does
    (0.75, True, 0.99, "answer"),
    (0.85, False, 0.65, "options"),         # it is about something else
    (0.95, False, 0.55, "start_flow"),
    (0.75, False, 0.30, "start_flow"),      # no article is likely
    (0.60, False, 0.30, "options"),
])
def test_a_flow_starts_where_the_wish_is_plain(confidence: float, own: bool, best: float, kind: str) -> None:
    articles = (ArticleCandidate("a1", "fr", "Article 1", best, "payment_details" if own else None),)
    wish = replace(message("flow_payment_details"), confidence=confidence, articles=articles)
    assert decide(wish, Memory(), THRESHOLDS).kind == kind


def test_an_answer_to_anger_offers_a_person_too() -> None:
    turn = context(message("faq", ("a1", 0.95), mood="angry"), Memory(), 1)
    replies, _ = respond(turn)
    assert replies[0].reply == "answer"
    assert "human" in [choice.id for choice in replies[0].choices]


def test_a_refused_flow_is_not_started() -> None:
    decision = decide(message("flow_cancel_contract", ("a1", 0.8), negated=True), Memory(), THRESHOLDS)
    assert decision.kind == "answer"


@pytest.mark.parametrize("intent", [*SMALLTALK])
def test_small_talk_has_words(intent: str) -> None:
    replies, _ = respond(context(message(intent), Memory(), 0))
    assert replies[0].reply == "smalltalk"
    assert "reformul" not in replies[0].text.casefold()


def test_urgent_is_handed_over_at_once_with_the_number_to_call() -> None:
    turn = context(message("urgent"), Memory(), 0)
    replies, _ = respond(turn)
    assert replies[0].reply == "handover"
    assert "0 800 47 33 33" in replies[0].text
    assert turn.effects[-1].payload["urgent"] is True
    assert turn.effects[-1].payload["instructed"]


def test_a_side_of_the_article_just_shown_is_answered_with_its_lines() -> None:
    memory = Memory()
    respond(context(message("faq", ("a3", 0.9)), memory, 0))
    priced = replace(BY_ID["a3"], body="- Délai : 3 jours\n- Prix : 12 €")
    turn = context(message("faq", ("a3", 0.6), text="combien ça coûte ?", notes=("context",)), memory, 1)
    turn.article = lambda slug, locale: priced
    replies, _ = respond(turn)
    assert replies[0].reply == "answer"
    assert "Prix : 12 €" in replies[0].text
    assert "3 jours" not in replies[0].text


def test_a_side_that_the_article_does_not_speak_of_offers_a_person_and_what_else_may_fit() -> None:
    memory = Memory()
    respond(context(message("faq", ("a3", 0.9)), memory, 0))
    replies, _ = respond(context(message("faq", ("a3", 0.8), ("a1", 0.3), ("a2", 0.1), text="quels papiers ?", notes=("context",)), memory, 1))
    assert [choice.id for choice in replies[0].choices] == ["human", "article:a1", "else"]


def test_another_case_asked_of_the_article_just_shown_is_not_taken_for_a_side_of_it() -> None:
    memory = Memory()
    respond(context(message("faq", ("a3", 0.9)), memory, 0))
    again = message("faq", ("a3", 0.9), ("a1", 0.4), text="et pour ma résidence secondaire ?", notes=("context",))
    replies, _ = respond(context(again, memory, 1))
    assert [choice.id for choice in replies[0].choices if choice.id.startswith("article:")] == ["article:a1"]


@pytest.mark.parametrize(("confidence", "flow"), [(0.85, "payment_plan"), (0.55, None)])
def test_a_wish_half_heard_puts_no_button_beside_a_sure_article(confidence: float, flow: str | None) -> None:
    wish = replace(message("flow_payment_plan", ("a1", 0.75)), confidence=confidence, flow=("payment_plan", confidence))
    decision = decide(wish, Memory(), THRESHOLDS)
    assert (decision.kind, decision.flow) == ("answer", flow)


def test_no_to_a_person_is_taken_as_said_and_leaves_the_way_open() -> None:
    memory = Memory(last="options", pending="human", unknown=2, offered=["human", "else"])
    turn = context(message("deny"), memory, 3)
    replies, _ = respond(turn)
    assert replies[0].reply == "smalltalk"
    assert "human" in [choice.id for choice in replies[0].choices]
    assert not [effect for effect in turn.effects if effect.kind == "handover"]
    replies, _ = respond(context(message("out_of_scope"), memory, 4))
    assert replies[0].reply == "handover"


def test_declining_the_person_on_offer_is_no_and_what_is_asked_beside_it_is_answered() -> None:
    for heard, kind, key in ((message("deny"), "smalltalk", "smalltalk.deny"), (message("faq", ("a1", 0.9)), "answer", "")):
        decision = decide(heard, Memory(pending="human", last="options", offered=["human", "else"]), THRESHOLDS)
        assert (decision.kind, decision.key) == (kind, key)


def test_what_a_flow_offered_is_offered_again_only_where_it_has_a_name() -> None:
    memory = Memory(last="options", offered=["human", "flow:back", "flow:cancel", "flow:outage"])
    replies, _ = respond(context(message("acknowledge"), memory, 1))
    assert [choice.id for choice in replies[0].choices] == ["flow:outage", "human"]


def test_the_same_lines_are_not_shown_twice_for_two_sides() -> None:
    memory = Memory()
    respond(context(message("faq", ("a3", 0.9)), memory, 0))
    both = replace(BY_ID["a3"], body="- Sous 3 jours : 12 €", related=("a1",))
    said = []
    for n, text in enumerate(("combien ça coûte ?", "et pour demain ?"), 1):
        turn = context(message("faq", ("a3", 0.9), text=text, notes=("context",)), memory, n)
        turn.article = lambda slug, locale: both if slug == "a3" else BY_ID[slug]
        replies, _ = respond(turn)
        said.append(replies[0])
    assert said[0].reply == "answer"
    assert [choice.id for choice in said[1].choices] == ["human", "article:a1", "else"]


@pytest.mark.parametrize(("text", "kind"), [("combien ça coûte pour changer de puissance ?", "answer"), ("je veux changer de puissance", "start_flow")])
def test_what_it_costs_is_answered_before_it_is_done(text: str, kind: str) -> None:
    wish = replace(message("flow_choose_power", ("a1", 0.9), text=text), confidence=0.95, flow=("choose_power", 0.95))
    wish = replace(wish, articles=(replace(wish.articles[0], flow="choose_power"),))
    decision = decide(wish, Memory(), THRESHOLDS)
    assert (decision.kind, decision.flow) == (kind, "choose_power")


@pytest.mark.parametrize(("page", "offer"), [("fr", 2), ("en", 2), ("de", 3)])
def test_another_language_is_offered_a_person_in_english_and_french_and_gets_one(page: str, offer: int) -> None:
    memory = Memory(language=page)
    turn = context(foreign(("a1", 0.9)), memory, 1)
    assert rasa_intent(turn) == "out_of_scope"
    replies, flow = respond(turn)
    assert (flow, replies[0].reply, replies[0].articles) == (None, "options", [])
    assert "your language" in replies[0].text
    assert "votre langue" in replies[0].text
    assert len(replies[0].text.split("\n\n")) == offer
    assert [choice.id for choice in replies[0].choices] == ["human", "else"]
    assert memory.asks == ["Chcę rozwiązać umowę o dostawę prądu"]
    assert [(e.kind, e.payload["language"]) for e in turn.effects] == [("gap", "pl")]
    for after in (message("acknowledge", text="ok"), message("human"), foreign(text="Proszę, to naprawdę pilne")):
        taken = context(after, replace(memory, asks=list(memory.asks)), 2)
        replies, _ = respond(taken)
        assert replies[0].reply == "handover"
        assert "can keep writing" in replies[0].text
        assert "pouvez continuer" in replies[0].text


def test_danger_in_another_language_comes_first_and_in_more_than_one() -> None:
    heard = replace(message("urgent", notes=("danger: gas",), text="Czuję gaz, gas leak w mieszkaniu"), language="pl", language_confidence=0.95)
    replies, _ = respond(context(second_thoughts(heard), Memory(), 1))
    assert replies[0].reply == "handover"
    assert "safety comes first" in replies[0].text or "getting to safety" in replies[0].text
    assert "votre sécurité" in replies[0].text or "vous mettre à l'abri" in replies[0].text


def test_back_in_one_of_our_languages_the_words_are_of_that_language_alone() -> None:
    memory = Memory()
    respond(context(foreign(), memory, 1))
    replies, _ = respond(context(message("human", text="en fait je voudrais parler à quelqu'un"), memory, 2))
    assert "keep writing" not in replies[0].text


@pytest.mark.parametrize(("text", "language", "sure", "marked"), [
    ("Chcę rozwiązać umowę", "pl", 0.95, True), ("我想取消合同", "zh", 0.92, True), ("nie, dziękuję", "pl", 0.9, False),
    ("Chcę rozwiązać umowę", "pl", 0.7, False), ("je veux résilier mon contrat", "fr", 0.99, False),
])
def test_another_language_is_believed_only_where_the_text_tells(text: str, language: str, sure: float, marked: bool) -> None:
    found = second_thoughts(replace(message("flow_cancel_contract", text=text), language=language, language_confidence=sure))
    assert (found.intent == "out_of_scope") is marked


@pytest.mark.parametrize(("text", "intent", "sure", "answered"), [
    ("Can you recommend a good restaurant in Lyon?", "out_of_scope", 0.87, "en"), ("qwe asdf", "out_of_scope", 0.95, "fr"),
    ("McDonalds Happy Meal", "out_of_scope", 0.76, "fr"), ("how do I pay?", "faq", 0.6, "en"), ("how do I pay?", "faq", 0.4, "fr"),
])
def test_a_first_message_is_answered_in_its_own_language_where_it_has_one(text: str, intent: str, sure: float, answered: str) -> None:
    heard = replace(message(intent, text=text), language="en", language_confidence=sure)
    assert context(heard, Memory(), 0).language == answered


def test_two_requests_too_mixed_as_a_whole_get_both_answers() -> None:
    parts = (message("faq", ("a1", 0.9)), message("faq", ("a2", 0.9)))
    turn = context(message("faq", ("a1", 0.45), ("a2", 0.4), parts=parts), Memory(), 0)
    replies, flow = respond(turn)
    assert (flow, [reply.articles[0].id for reply in replies]) == (None, ["a1", "a2"])
    assert [reply.feedback for reply in replies] == [False, True]


def wish(flow: str, *articles: tuple[str, float]) -> Understanding:
    return replace(message(f"flow_{flow}", *articles), confidence=0.97, flow=(flow, 0.97))


def test_a_question_beside_a_wish_is_answered_before_the_flow_begins() -> None:
    parts = (wish("cancel_contract"), message("faq", ("a2", 0.9)))
    turn = context(replace(wish("cancel_contract"), parts=parts), Memory(), 0)
    assert rasa_intent(turn) == "faq"          # the reply, which answers, starts the flow
    replies, flow = respond(turn)
    assert (flow, [reply.articles[0].id for reply in replies]) == ("cancel_contract", ["a2"])
    assert (replies[0].feedback, replies[0].choices) == (False, [])


def test_of_two_wishes_the_second_is_named() -> None:
    turn = context(replace(wish("cancel_contract"), parts=(wish("cancel_contract"), wish("payment_details"))), Memory(), 0)
    replies, flow = respond(turn)
    assert flow == "cancel_contract"
    assert turn.say("choice.flow_payment_details") in replies[0].text


def test_a_wish_beside_a_question_is_offered_and_yes_starts_it() -> None:
    parts = (message("faq", ("a1", 0.9)), wish("meter_reading"))
    turn = context(message("faq", ("a1", 0.9), parts=parts), Memory(), 0)
    replies, _ = respond(turn)
    assert replies[1].choices[0].id == "flow:meter_reading"
    kept = turn.memory.dump()
    for word in ("affirm", "acknowledge"):
        assert respond(context(message(word), Memory.load(kept), 1))[1] == "meter_reading"
    refused = context(message("deny"), Memory.load(kept), 1)
    replies, flow = respond(refused)
    assert (replies[0].reply, flow) == ("smalltalk", None)
    assert respond(context(message("affirm"), refused.memory, 2))[1] is None


def test_the_flow_of_an_article_that_is_half_answered_keeps_the_other_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responding, "_ready_flow", lambda decision, turn: "choose_power")
    turn = context(message("faq", ("a1", 0.9), parts=(message("faq", ("a1", 0.9)), message("faq", ("a4", 0.9)))), Memory(), 0)
    turn.article = lambda slug, locale: replace(BY_ID[slug], flow="choose_power" if slug == "a1" else None)
    replies, flow = respond(turn)
    assert flow == "choose_power"
    assert any(article.id == "a4" for reply in replies for article in reply.articles)


def test_a_wish_and_the_article_about_it_are_one_request() -> None:
    turn = context(replace(wish("cancel_contract"), parts=(wish("cancel_contract"), message("faq", ("a2", 0.9)))), Memory(), 0)
    turn.article = lambda slug, locale: replace(BY_ID[slug], flow="cancel_contract")
    assert rasa_intent(turn) == "flow_cancel_contract"
    assert respond(turn) == ([], "cancel_contract")


def test_nothing_is_added_once_a_person_has_the_chat() -> None:
    parts = (message("faq", ("a9", 0.9)), message("faq", ("a2", 0.9)))
    replies, _ = respond(context(message("faq", ("a9", 0.9), parts=parts), Memory(), 0))
    assert replies[-1].reply == "handover"


def test_a_yes_to_several_titles_is_asked_back_once_and_then_a_person_is_offered() -> None:
    memory = Memory()
    respond(context(message("faq", ("a1", 0.5), ("a2", 0.4)), memory, 0))
    said = [respond(context(message("affirm"), memory, n))[0][0] for n in (1, 2)]
    assert [choice.id for choice in said[0].choices] == ["article:a1", "article:a2", "human"]
    assert (said[1].choices[0].id, memory.pending) == ("human", "human")
    assert respond(context(message("affirm"), memory, 3))[0][0].reply == "handover"


def test_repeating_brings_back_what_was_last_on_the_screen_and_nothing_refused() -> None:
    memory = Memory()
    respond(context(message("faq", ("a1", 0.9)), memory, 0))
    assert respond(context(message("repeat"), memory, 1))[0][0].articles[0].id == "a1"
    listed = respond(context(message("deny", ("a2", 0.5), ("a3", 0.4)), memory, 2))[0][0]
    again = respond(context(message("repeat"), memory, 3))[0][0]
    assert {choice.id for choice in listed.choices} == {choice.id for choice in again.choices} == {"article:a2", "article:a3", "else", "human"}
    assert (again.reply, again.articles) == ("options", [])
    respond(context(message("deny"), memory, 4))
    memory.last, memory.offered = "smalltalk", []
    assert respond(context(message("repeat"), memory, 5))[0][0].articles == []


def test_beside_an_article_nothing_refused_is_offered() -> None:
    memory = Memory(refused=["a1", "a2"])
    respond(context(message("faq", ("a3", 0.9)), memory, 0))
    turn = context(message("faq", ("a3", 0.8), text="quels papiers ?", notes=("context",)), memory, 1)
    near = replace(BY_ID["a3"], related=("a1", "a2", "a4", "a5", "a6"))
    turn.article = lambda slug, locale: near if slug == "a3" else BY_ID.get(slug)
    replies, _ = respond(turn)
    assert [choice.id for choice in replies[0].choices] == ["human", "article:a4", "article:a5", "else"]


def test_who_is_not_understood_after_which_one_is_offered_a_person() -> None:
    memory = Memory()
    for n, heard in enumerate((message("faq", ("a1", 0.5), ("a2", 0.4)), message("affirm"), message("out_of_scope"))):
        replies, _ = respond(context(heard, memory, n))
    assert (replies[0].reply, memory.pending) == ("options", "human")


@pytest.mark.parametrize("intent", ["thanks", "goodbye"])
def test_thanks_leave_an_offer_of_a_person_behind(intent: str) -> None:
    memory = Memory(last="options", pending="human", offered=["human", "else"])
    respond(context(message(intent), memory, 1))
    replies, _ = respond(context(message("acknowledge"), memory, 2))
    assert replies[0].reply == "smalltalk"
    memory = Memory(last="answer", pending="helped", article="a1")
    respond(context(message(intent), memory, 1))
    assert memory.pending == "helped", "whether the answer helped may still be said"


def test_the_themes_are_asked_about_once() -> None:
    memory = Memory(last="options", qualified=True, offered=["theme:facture", "theme:contrat", "human"])
    replies, _ = respond(context(message("insult"), memory, 1))
    assert ([choice.id for choice in replies[0].choices], memory.pending) == (["human", "else"], "human")


def test_after_a_flow_its_article_was_not_shown_yet() -> None:
    memory = Memory(last="flow", pending="helped", article="delai-paiement")
    decision = decide(message("faq", ("delai-paiement", 0.95), ("impaye-coupure", 0.3)), memory, Thresholds())
    assert (decision.kind, decision.articles[0].id) == ("answer", "delai-paiement")
