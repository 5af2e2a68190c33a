"""What is read by rule: danger, negation, mood, signs, pieces of a message, lines known word for word."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.faq.articles import Article
from bot.flows.payment_plan import FLOW
from bot.language.detect import Detection
from bot.settings import LOCALES, ROOT
from bot.understanding.context import ReadingContext, leans, own_words
from bot.understanding.data import INTENTS, load_phrases
from bot.understanding.exact import ExactLines
from bot.understanding.polarity import asks_beside_person, declines_person, mood, negated
from bot.understanding.reader import Reader
from bot.understanding.segments import lines_apart, requests, sentences
from bot.understanding.signs import of_signs
from bot.understanding.types import CONTROL, SMALLTALK, ArticleCandidate, Understanding
from bot.understanding.urgent import urgent
from tests.unit.conftest import Desk
from tests.unit.flow_talk import Talk

PHRASES = load_phrases(ROOT / "data" / "nlu")


@pytest.mark.parametrize("text", [
    "sa sent le gaz", "ça pue le gaz dans l'escalier", "FUITE DE GAZ !!!", "odeure de gaz cuisine", "y a des étincelles au tableau", "mon compteur a pris feu",
    "plus de courant et mon bébé a deux mois", "mon fils s'est électrocuté", "I smell gas", "there are sparks coming out of the socket", "ik ruik gas", "gaslucht in de gang",
    "huele a gas", "salen chispas del enchufe", "es riecht nach Gas", "Gasgeruch im Keller", "sento odore di gas", "il contatore ha preso fuoco", "no power and my husband is on oxygen",
    "la pelleteuse a percé la conduite de gaz", "the digger hit a gas main", "de gasleiding is geraakt bij het graven", "han roto la tubería del gas", "beim Baggern wurde die Gasleitung getroffen",
    "hanno rotto il tubo del gas", "a power pole has fallen in our road", "een elektriciteitspaal is omgevallen", "se ha caído un poste de la luz", "ein Strommast ist auf die Straße gestürzt", "è caduto un palo della luce",
    "mijn vrouw kreeg een elektrische schok", "me ha dado un calambrazo el enchufe", "de meterkast rookt", "der Zählerkasten qualmt",
])
def test_danger_is_never_missed(text: str) -> None:
    assert urgent(text)


@pytest.mark.parametrize("text", [
    "ma facture de gaz explose", "le prix du gaz a augmenté", "relever mon compteur de gaz", "je sens que ma facture de gaz va monter", "chauffage au gaz", "gaz à effet de serre", "ça ne sent pas le gaz", "aucune odeur de gaz ici",
    "my gas bill", "mijn gasrekening", "contador de gas", "Gaszähler ablesen", "contatore del gas", "mes fils sont tombés d'accord",
    "de gasleiding wordt volgende week vernieuwd", "le tuyau de gaz est périmé", "kann der Strommast versetzt werden", "quién paga el poste de la luz", "il tubo del gas è vecchio", "the gas line to my hob is too short", "Heizung mit Gasleitung",
])
def test_everyday_talk_of_gas_is_no_alarm(text: str) -> None:
    assert urgent(text) is None


def test_training_lines_agree_with_the_rule() -> None:
    alarms = [p for p in PHRASES if p.intent == "urgent"]
    assert sum(urgent(p.text) is not None for p in alarms) >= 0.97 * len(alarms)
    assert [p.text for p in PHRASES if p.intent != "urgent" and urgent(p.text)] == []


@pytest.mark.parametrize(("text", "language", "is_negated"), [
    ("je ne veux PAS résilier", "fr", True), ("je veux pas résilier !", "fr", True), ("surtout ne résiliez pas mon contrat", "fr", True), ("je n'ai jamais demandé à résilier", "fr", True),
    ("je ne veux plus être client", "fr", False), ("je veux résilier", "fr", False), ("mon proprio ne veut pas donner le numéro", "fr", False), ("je ne comprends pas ma facture", "fr", False),
    ("I don't want to cancel", "en", True), ("I want to cancel", "en", False), ("ik wil niet opzeggen", "nl", True), ("ik wil opzeggen", "nl", False),
    ("no quiero darme de baja", "es", True), ("quiero darme de baja", "es", False), ("ich will nicht kündigen", "de", True), ("ich will kündigen", "de", False),
    ("non voglio disdire", "it", True), ("voglio disdire", "it", False),
])
def test_negated_wish(text: str, language: str, is_negated: bool) -> None:
    assert negated(text, language) is is_negated


@pytest.mark.parametrize(("text", "intent", "felt"), [
    ("ah ben trop content, merci beaucoup 🙁", "thanks", "ironic"), ("merci", "thanks", "thankful"), ("C'EST INADMISSIBLE !!!", "faq", "angry"), ("ma facture svp", "faq", "neutral"),
    ("t'es nul", "insult", "angry"), ("quoi que ce soit", "urgent", "urgent"),
])
def test_mood(text: str, intent: str, felt: str) -> None:
    assert mood(text, "fr", intent) == felt


@pytest.mark.parametrize(("text", "intent"), [("??", "confused"), ("🙁", "emoji"), ("😂😂", "laugh"), ("👍", "affirm"), (":)", "emoji"), ("...", "wait"), ("   ", "confused"), ("👎", "deny")])
def test_signs_alone(text: str, intent: str) -> None:
    found = of_signs(text)
    assert found is not None
    assert found[0] == intent


def test_words_are_no_signs() -> None:
    assert of_signs("ok 👍") is None
    assert of_signs("15") is None


@pytest.mark.parametrize(("text", "language"), [
    ("combien ça coûte ?", "fr"), ("c'est quoi le délai", "fr"), ("et ensuite je fais quoi ?", "fr"), ("quels documents faut-il ?", "fr"), ("ça prend combien de temps ?", "fr"),
    ("how long does it take?", "en"), ("which documents do I need?", "en"), ("hoe lang duurt het?", "nl"), ("is het gratis?", "nl"), ("¿cuánto cuesta?", "es"), ("¿cómo lo hago?", "es"),
    ("wie lange dauert das?", "de"), ("welche Unterlagen brauche ich?", "de"), ("quanto tempo ci vuole?", "it"), ("quali documenti servono?", "it"), ("è gratis?", "it"),
])
def test_questions_about_what_was_just_said_name_no_subject(text: str, language: str) -> None:
    assert leans(text, language)
    assert not own_words(text, language)


@pytest.mark.parametrize(("text", "language"), [
    ("combien coûte un raccordement de chantier pour une maison neuve", "fr"), ("what does a house move cost with two contracts", "en"), ("quanto costa aumentare la potenza del contatore", "it"),
])
def test_questions_with_a_subject_stand_alone(text: str, language: str) -> None:
    assert not leans(text, language)


@pytest.mark.parametrize(("text", "language"), [
    ("quel est le prix du kWh et est-ce qu'il y a un engagement ?", "fr"), ("comment lire ma facture et c'est quoi la CTA", "fr"), ("how do I pay my bill and what is a PDL", "en"),
    ("hoe betaal ik mijn factuur en wat is een PDL", "nl"), ("cómo pago la factura y qué es el PDL", "es"), ("wie zahle ich die Rechnung und was ist ein PDL", "de"), ("come pago la bolletta e cosa è il PDL", "it"),
])
def test_a_second_question_begins_at_its_asking_word(text: str, language: str) -> None:
    first, second = requests(text, language)
    assert text.startswith(first)
    assert text.endswith(second)
    assert second.split()[0] in ("est-ce", "c'est", "what", "wat", "qué", "was", "cosa")


def test_two_requests_are_cut_apart_and_one_is_not() -> None:
    assert requests("je veux changer mon RIB et comment je relève mon compteur ?", "fr") == ["je veux changer mon RIB", "comment je relève mon compteur ?"]
    assert len(requests("C'est quoi le prix du kWh ? Et où trouver mon PDL ?", "fr")) == 2
    assert requests("le gaz et l'électricité", "fr") == ["le gaz et l'électricité"]
    assert len(sentences("Bonjour. J'ai déménagé hier ! Que faire ?")) == 3


@given(st.text(max_size=400), st.sampled_from([*LOCALES, "pl", "zz"]))
def test_rules_never_raise(text: str, language: str) -> None:
    urgent(text)
    negated(text, language)
    mood(text, language, "faq")
    of_signs(text)
    requests(text, language)
    leans(text, language)
    own_words(text, language)
    asks_beside_person(text, language)
    ExactLines(PHRASES[:50]).intent(text, language)


@pytest.mark.parametrize(("text", "language", "follows"), [
    ("et pour le gaz ?", "fr", True), ("combien ça coûte ?", "fr", True), ("c'est quoi le délai", "fr", True), ("how long does it take?", "en", True), ("wie viel kostet das?", "de", True),
    ("ok et pour le gaz ?", "fr", True), ("maar hoe dan?", "nl", True), ("vale, ¿y el gas?", "es", True), ("e per il gas?", "it", True),
    # an opener of another language is no opener
    ("en fait non, oubliez", "fr", False), ("ma facture a doublé", "fr", False), ("y a plus de courant", "fr", False), ("e-mail non ricevuta", "it", False),
    ("combien coûte le changement de puissance de mon compteur", "fr", False), ("j'ai perdu mon mot de passe", "fr", False), ("mon disjoncteur saute", "fr", False),
])
def test_leaning_on_the_last_answer(text: str, language: str, follows: bool) -> None:
    assert leans(text, language) is follows


DECLINED = [
    ("je ne veux pas de conseiller", "fr"), ("je veux pas parler à un conseiller", "fr"), ("je ne veux parler à personne", "fr"), ("non merci, pas de conseiller", "fr"),
    ("non pas besoin d'un conseiller", "fr"), ("ne me passez pas un conseiller", "fr"), ("je n'ai pas besoin d'un conseiller pour le moment, merci", "fr"),
    ("I don't want to talk to anyone", "en"), ("no agent please", "en"), ("I'd rather not talk to anyone", "en"), ("I dont want to be put through to an advisor", "en"),
    ("ik wil geen medewerker", "nl"), ("ik wil niet met iemand praten", "nl"), ("ik wil niemand spreken", "nl"),
    ("no quiero hablar con nadie", "es"), ("no necesito hablar con una persona", "es"), ("no quiero que me pasen con un asesor", "es"),
    ("ich will mit niemandem sprechen", "de"), ("ich möchte nicht mit jemandem sprechen", "de"), ("nein, keinen Berater bitte", "de"),
    ("non voglio parlare con nessuno", "it"), ("no, nessun operatore", "it"), ("non ho bisogno di un consulente", "it"),
]
DECLINED_FOR = [
    ("non, je ne veux pas de conseiller, juste le prix", "fr"), ("sans passer par un conseiller, comment payer ?", "fr"), ("no, I don't want an agent, just the price", "en"),
    ("nee, geen medewerker, alleen de prijs", "nl"), ("no quiero un agente, solo el precio", "es"), ("ich möchte keinen Mitarbeiter, nur den Preis", "de"),
    ("non voglio un operatore, solo il prezzo", "it"),
]
WANTED = [
    ("je n'y arriverai pas sans un conseiller", "fr"), ("I can't sort this out without speaking to someone", "en"), ("zonder medewerker lukt het niet", "nl"),
    ("sin hablar con una persona no puedo", "es"), ("Ohne einen Mitarbeiter komme ich nicht weiter", "de"), ("senza un operatore non riesco", "it"),
    ("pas de robot, un conseiller", "fr"), ("je ne veux pas parler à un robot mais à un conseiller", "fr"), ("je ne veux pas d'un agent virtuel", "fr"),
    ("il n'y a pas de conseiller ?", "fr"), ("pas de conseiller au bout du fil", "fr"), ("j'attends depuis une heure, pas de conseiller", "fr"), ("je n'ai pas de conseiller attitré", "fr"),
    ("pourquoi pas un conseiller", "fr"), ("je ne peux pas parler à un conseiller ?", "fr"), ("personne ne répond", "fr"),
    ("I don't want to talk to a bot, I want a human", "en"), ("I don't want to talk to anyone but a human", "en"), ("no human available", "en"), ("why can't I talk to someone", "en"),
    ("geen robot, een medewerker", "nl"), ("ik krijg niemand te pakken", "nl"), ("no quiero un robot, quiero una persona", "es"), ("llevo dos horas sin hablar con nadie", "es"),
    ("ich will keinen Roboter, sondern einen Mitarbeiter", "de"), ("ich erreiche niemanden", "de"), ("niente bot, un addetto", "it"), ("nessun operatore disponibile", "it"),
]


@pytest.mark.parametrize(("text", "language", "declined", "asks"), [
    *((*line, True, False) for line in DECLINED), *((*line, True, True) for line in DECLINED_FOR), *((*line, False, False) for line in WANTED),
])
def test_a_person_is_declined(text: str, language: str, declined: bool, asks: bool) -> None:
    assert (declines_person(text, language), asks_beside_person(text, language)) == (declined, asks)


def test_no_line_that_asks_for_a_person_declines_one() -> None:
    lines = [phrase for phrase in PHRASES if phrase.intent == "human"]
    assert len(lines) > 100
    assert [line.text for line in lines if declines_person(line.text, line.language)] == []


@pytest.mark.parametrize(("text", "intent", "exact"), [
    ("je ne veux pas de conseiller", "deny", None), ("non, je ne veux pas de conseiller, juste le prix", "faq", None),
    ("je veux un conseiller, pas un robot", "human", None), ("je ne veux pas de conseiller", "human", "human"),
])
def test_who_declines_a_person_is_not_handed_over(text: str, intent: str, exact: str | None) -> None:
    reader = object.__new__(Reader)
    reader.exact = SimpleNamespace(intent=lambda text, language: exact)  # type: ignore[assignment]
    reader.retriever = SimpleNamespace(exact=lambda text, language: None)  # type: ignore[assignment]
    reaching = (ArticleCandidate("nous-joindre", "fr", "Nous joindre", 0.8),)
    reader._articles = lambda *_: reaching  # type: ignore[method-assign]
    reader._names_subject = lambda *_: True  # type: ignore[method-assign]
    heard = np.full(len(INTENTS), 0.001)
    heard[INTENTS.index("human")] = 0.9
    found = reader._conclude(text, Detection("fr", 1.0), None, heard[None], np.array([0.8]))  # type: ignore[arg-type]
    assert found.intent == intent


def in_context(text: str, intent: str, confidence: float = 0.9, language: str = "fr") -> Understanding:
    """What becomes of a message that was heard after article "a1"."""
    article = Article(id="a1", locale=language, title="Payer en plusieurs fois", answer="…", theme="paiement")
    reader = object.__new__(Reader)
    reader.retriever = SimpleNamespace(article=lambda slug, locale: article)  # type: ignore[assignment]
    found = Understanding(text=text, language=language, language_confidence=1.0, intent=intent, confidence=confidence)
    return reader._in_context(found, ReadingContext(article="a1"))


@pytest.mark.parametrize(("text", "intent", "language"), [
    ("en fait non, oubliez", "cancel", "fr"), ("mais non", "deny", "fr"), ("mais ça ne va pas", "disbelief", "fr"), ("y a plus de courant", "flow_outage", "fr"),
    ("but that's not it", "deny", "en"), ("maar nee", "deny", "nl"), ("pero no es eso", "deny", "es"), ("aber nein", "deny", "de"), ("ma no", "deny", "it"),
])
def test_a_refusal_after_an_answer_asks_nothing_more_of_it(text: str, intent: str, language: str) -> None:
    assert in_context(text, intent, language=language).intent == intent


@pytest.mark.parametrize(("text", "intent", "confidence"), [("et alors ?", "disbelief", 0.9), ("et ensuite", "confused", 0.4), ("combien ça coûte", "faq", 0.6)])
def test_a_question_after_an_answer_is_about_it(text: str, intent: str, confidence: float) -> None:
    found = in_context(text, intent, confidence)
    assert (found.intent, found.articles[0].id) == ("faq", "a1")


def test_a_flow_is_cancelled_by_the_words_for_it_whatever_was_answered_before(desk: Desk) -> None:
    text = "en fait non, oubliez"
    heard = ExactLines(PHRASES).intent(text, "fr")
    assert heard == "cancel"
    talk = Talk(FLOW, desk.backoffice)
    talk.say("je veux payer en plusieurs fois", intent="flow_payment_plan")
    talk.say(text, intent=in_context(text, heard).intent)
    assert talk.end == "cancelled"


def test_exact_lines_read_short_words_in_every_spelling() -> None:
    lines = ExactLines(PHRASES)
    for text, intent in (("OK", "acknowledge"), ("okkk", "acknowledge"), ("Non !!", "deny"), ("mdr", "laugh"), ("Merci…", "thanks"), ("Zut !", "frustration"), ("bof", "disbelief"), ("allo", "human")):
        assert lines.intent(text, "fr") == intent, text
    assert lines.intent("ja", "nl") == "affirm"
    assert ExactLines.from_json(lines.to_json()).intent("mdr", "fr") == "laugh"


def test_training_lines_are_enough_and_of_known_intents() -> None:
    count: dict[tuple[str, str], int] = {}
    for p in PHRASES:
        assert p.intent in INTENTS
        count[p.intent, p.language] = count.get((p.intent, p.language), 0) + 1
    for intent in (*SMALLTALK, *CONTROL):
        assert count[intent, "fr"] >= 20, intent
        assert all(count[intent, code] >= 8 for code in LOCALES if code != "fr"), intent
    for intent in (i for i in INTENTS if i.startswith("flow_")):
        assert count[intent, "fr"] >= 25, intent
        assert all(count[intent, code] >= 8 for code in LOCALES if code != "fr"), intent
    assert sum(n for (intent, code), n in count.items() if code == "fr" and (intent == "out_of_scope" or intent in SMALLTALK)) >= 300


@pytest.mark.parametrize(("text", "pieces"), [
    ("je veux changer mon RIB\ncomment je relève mon compteur", ["je veux changer mon RIB.", "comment je relève mon compteur"]),
    ("Bonjour,\r\n\r\nj'ai deux demandes :\n- changer mon RIB\n- envoyer mon relevé", ["Bonjour, j'ai deux demandes : changer mon RIB.", "envoyer mon relevé"]),
    ("1) changer mon RIB\n2) envoyer mon relevé", ["changer mon RIB.", "envoyer mon relevé"]),
    ("Je vous écris parce que la dernière facture que j'ai reçue de\nvotre part est bien trop élevée.\nMerci",
     ["Je vous écris parce que la dernière facture que j'ai reçue de votre part est bien trop élevée.", "Merci"]),
    ("une seule ligne", ["une seule ligne"]), ("\n \n", []),
])
def test_lines_stand_apart_and_wrapped_ones_do_not(text: str, pieces: list[str]) -> None:
    assert sentences(lines_apart(text)) == pieces
