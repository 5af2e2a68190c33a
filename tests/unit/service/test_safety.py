"""Self-harm, threats, fraud: heard in six languages, not in jest, and answered with whom to call."""

from __future__ import annotations

import time

import pytest

from bot.assistant.first import first_message
from bot.conversations.model import Event
from bot.handover.safety import detect, plan, voice, words
from bot.settings import LOCALES
from bot.understanding.thresholds import Thresholds
from bot.understanding.types import Understanding

SELF_HARM = [
    "je veux mourir", "j'ai plus la force de vivre", "Je vais me suicider si vous coupez", "autant en finir avec la vie",
    "I want to kill myself", "there is no reason to live", "ik wil dood", "quiero morirme", "ich will nicht mehr leben",
    "voglio farla finita", "JE VEUX PLUS VIVRE", "mon mari veut se suicider",
]
THREAT = [
    "je vais venir vous buter", "on va mettre le feu à votre agence", "I'm going to kill you", "I know where you live",
    "ik ga jullie vermoorden", "voy a mataros", "ich werde euch umbringen", "vi ammazzo tutti",
    "je vais tous vous crever", "je vais faire sauter votre agence", "je vais brûler mes factures devant chez vous", "on vient vous faire sauter",
    "ich bringe euch um", "ich steche dich ab", "ich schlage euch alle zusammen", "ich werde euch zusammenschlagen", "Ich weiß, wo du wohnst",
    "I'm going to shoot you", "voy a quemar vuestra oficina", "poner una bomba en su oficina",
]
FRAUD = [
    "on a piraté mon espace client", "je suis victime d'une arnaque", "quelqu'un a changé mon RIB dans mon compte",
    "prélèvements frauduleux sur mon compte", "my account has been hacked", "someone changed my IBAN",
    "mijn account is gehackt", "soy víctima de una estafa", "ich bin Opfer eines Betrugs", "qualcuno ha modificato il mio IBAN",
    "on m'a changé mon RIB", "on a changé mon RIB sans mon accord", "quelqu'un s'est connecté à mon compte",
]
HARMLESS = [
    "on m'a changé le compteur à mon adresse", "on m'a remplacé le compteur Linky maintenant à mon adresse",
    "je meurs de rire", "cette facture va me tuer", "on meurt de froid ici", "sms frauduleux enedis", "faux conseiller téléphone",
    "un inconnu a ouvert un contrat à mon nom sans que je signe quoi que ce soit", "comment reconnaître une arnaque ?",
    "je vais vous quitter", "vos prix suicidaires", "this bill is killing me", "comment changer mon RIB ?", "", "🙂", "je ne suis pas suicidaire",
    # "on" is "we", or the fitter; an account is no meter
    "on a changé mon compteur et ma facture a doublé", "on a remplacé mon compteur par un Linky", "On a changé de banque, comment modifier mon RIB ?",
    "someone changed the meter, my account shows double", "alguien ha cambiado mi cuentakilómetros",
    # what blows, burns and freezes at home
    "plus de chauffage, on va crever de froid", "on va tous crever de chaud", "avec 6 kVA je vais faire sauter le disjoncteur",
    "on va faire sauter les plombs", "avec votre offre on va faire sauter l'installation", "je vais brûler du bois cet hiver",
    "comment ne plus faire exploser votre facture", "on va venir installer la batterie", "I'm going to die of cold", "ik ga dood van de kou",
    "nos vamos a morir de frío", "voy a quemar leña", "voy a quemar los plomos", "quiero poner una bomba de calor", "voglio morire dal ridere",
    "voglio farla finita con questo contratto",
    # ways to speak
    "Ich werde Sie um eine Ratenzahlung bitten", "Ich werde Sie ab Montag anrufen", "Ich bringe sie um 8 Uhr vorbei",
    "I'm going to shoot you an email", "I don't know where you live", "ti sparo una domanda", "no sé dónde viven", "non so dove abiti",
]


@pytest.mark.parametrize(("text", "kind"), [
    *((t, "self_harm") for t in SELF_HARM), *((t, "threat") for t in THREAT), *((t, "fraud") for t in FRAUD),
    *((t, None) for t in HARMLESS)])
def test_what_is_heard(text, kind):
    assert detect(text) == kind


@pytest.mark.parametrize("text", ["je vais " + "vous tous " * 390, "on va " + "tous les " * 440, "lach" * 1000, "je vais venir " * 280],
                         ids=lambda text: text[:15])
def test_the_longest_message_is_heard_at_once(text):
    began = time.process_time()
    assert detect(text) is None
    assert time.process_time() - began < 0.5


def test_a_threat_is_heard_behind_any_number_of_words():
    assert detect("je vais venir vous tous vous tous tuer") == "threat"


@pytest.mark.parametrize("language", LOCALES)
def test_the_numbers_to_call_are_in_every_language(language):
    assert "3114" in words("self_harm", language)
    assert "112" in words("self_harm", language)
    assert "17" in words("threat", language)
    assert "17cyber" in words("fraud", language)


@pytest.mark.parametrize(("text", "language", "answered"), [
    ("I want to kill myself", "fr", "en"), ("ich will nicht mehr leben", "fr", "de"), ("je veux mourir", "fr", "fr"),
    ("suicidio", "es", "es"), ("suicidio", "it", "it"), ("je veux mourir", "pl", "fr"), ("bonjour", "nl", "nl"),
])
def test_it_is_answered_in_the_words_own_language(text, language, answered):
    assert voice(text, language) == answered


def test_the_turn_says_it_and_hands_over_as_urgent():
    event = Event("c", 3, "", "message", "customer", {"text": "je veux mourir"})
    turn = plan("self_harm", event, "pl")
    assert "3114" in turn.replies[0].text
    assert turn.effects[0].payload["danger"] == turn.effects[0].payload["instructed"] == "self_harm"
    assert turn.effects[0].payload["priority"] == "urgent"


@pytest.mark.parametrize("text", [SELF_HARM[0], SELF_HARM[4], THREAT[0], FRAUD[0]])
def test_a_text_that_is_asked_about_is_heard_like_a_customers(text: str) -> None:
    class Model:
        thresholds = Thresholds(sure=0.7, maybe=0.2)

        def understand(self, text: str, **_: object) -> Understanding:
            return Understanding(text=text, language="fr", language_confidence=0.9, intent="out_of_scope", confidence=0.6)

    found = first_message(Model(), text)  # type: ignore[arg-type]
    assert (found["reply"], found["intent"]["name"]) == ("handover", "urgent")
    assert found["language"] == voice(text, "fr")
