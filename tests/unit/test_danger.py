"""Danger is heard in every language, in every spelling, and only when it is there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.danger import detect_danger
from bot.understanding.urgent import urgent

FAQ = Path(__file__).resolve().parents[2] / "data" / "faq"

PRESENT = {
    "gas": [
        "ça sent le gaz", "sa sen le gaz", "JE SENS UNE ODEUR DE GAZ !!!", "pas de courant et ça sent le gaz",
        "y a une fuite de gaz dans la cuisine", "odeur d'œuf pourri dans l'escalier", "g peur ya une fuite a la gaziniere",
        "gas smell in the hallway", "I can smell gas", "het ruikt naar gas", "gaslucht in de keuken", "huele a gas",
        "hay una fuga de gas", "es riecht nach Gas", "Gasgeruch im Keller", "sento odore di gas", "c'è una fuga di gas",
    ],
    "carbon_monoxide": [
        "mes enfants ont mal à la tête depuis que la chaudière tourne", "j'ai peur du monoxyde de carbone",
        "carbon monoxide alarm", "we all have a headache since the boiler started",
    ],
    "cable": [
        "un câble électrique pend devant le portail", "il y a un fil à terre dans la rue", "un poteau est tombé",
        "un câble pendant du poteau", "un arbre est tombé sur la ligne", "la ligne électrique pend au-dessus du jardin",
        "there is a power line on the ground", "er ligt een kabel op de grond", "una linea caida",
    ],
    "fire": [
        "le tableau fait des étincelles", "il y a de la fumée qui sort du compteur", "ça sent le brûlé près du disjoncteur",
        "la prise a pris feu", "la prise chauffe", "le tableau fond", "le disjoncteur du chauffe-eau chauffe", "il y a de l'eau dans le compteur électrique",
        "fuite d'eau chaude sur le disjoncteur", "er is brand", "brand in de meterkast", "is het brand of kortsluiting?", "brand of onwel", "es brennt im Keller",
        "sparks from the meter", "there's a burning smell", "het stopcontact vonkt",
        "salen chispas del cuadro", "es riecht verbrannt", "odore di bruciato dal contatore",
    ],
    "medical": ["mon mari est sous respirateur", "my mother is on an oxygen concentrator at home"],
}
ABSENT = [
    "ça ne sent pas le gaz", "pas d'odeur de gaz", "aucune odeur de gaz ni de brûlé", "je n'ai plus de gaz", "ça sent pas le gaz",
    "plus de courant chez moi", "j'ai le chauffage au gaz et plus de courant", "plaque à feu vif", "I don't smell gas",
    "there is no smell of gas", "kein Gasgeruch", "es riecht nicht nach Gas", "non sento odore di gas", "no hay olor a gas",
    "ik ruik geen gas", "mon disjoncteur saute tout le temps", "ma facture de gaz est élevée",
]
#: Words of danger in everyday sentences.
EVERYDAY = [
    "J'ai attendu en ligne pendant 40 minutes", "je suis tombé sur une offre en ligne", "ma ligne téléphonique est tombée", "le câble de recharge est tombé en panne",
    "la linea se ha caído mientras hablaba", "Reichen 6 kVA, wenn nachts der Zoe am Kabel hängt?", "the wire transfer is hanging",
    "mon compteur est au fond du garage", "le compteur tourne à fond", "le disjoncteur du chauffe-eau saute", "mon chauffe-eau fait sauter le disjoncteur",
    "l'eau chaude est sur un disjoncteur séparé", "mon compteur et je me chauffe au gaz", "le brûleur de la chaudière murale, près du mur",
    "I have a brand new meter", "which brand of charger?", "what's the best brand?", "a new brand of heat pump", "a brand-new meter",
    "das Licht brennt nicht", "cocinar a fuego lento",
]


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in PRESENT.items() for t in texts])
def test_danger_is_heard(kind: str, text: str) -> None:
    assert detect_danger(text) == kind


@pytest.mark.parametrize("text", [*ABSENT, *EVERYDAY])
def test_a_denial_or_another_subject_is_no_danger(text: str) -> None:
    assert detect_danger(text) is None


def test_questions_about_other_subjects_do_not_raise_the_alarm() -> None:
    """Title and phrasings of every article outside emergencies, in all six languages."""
    false = []
    themes = {path.stem: yaml.safe_load(path.read_text("utf-8"))["theme"] for path in sorted(FAQ.glob("*.yml"))}
    for path in sorted(FAQ.rglob("*.yml")):
        article = yaml.safe_load(path.read_text("utf-8"))
        if themes[path.stem] != "urgence" and path.stem != "compteur-defaillant":
            false += [line for line in [article["title"], *article.get("variants", ())] if detect_danger(line)]
    assert len(themes) > 50
    assert false == []


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_talk_is_no_danger_beside_the_model_either(text: str) -> None:
    assert urgent(text) is None


def test_most_ways_to_report_a_gas_smell_are_heard() -> None:
    article = yaml.safe_load((FAQ / "odeur-gaz.yml").read_text("utf-8"))
    heard = [line for line in article["variants"] if detect_danger(line) is not None]
    assert len(heard) >= 0.75 * len(article["variants"])


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    assert detect_danger(text) in (None, "gas", "carbon_monoxide", "cable", "fire", "medical")


@pytest.mark.parametrize("text", ["pas d'incendie " * 260, "sans fuite de gaz " * 220, "pas d'odeur de gaz " * 210], ids=lambda text: text[:12])
def test_a_long_row_of_denials_is_read_at_once(text):
    best = 9.0
    for _ in range(3):
        began = time.process_time()
        assert detect_danger(text) is None
        best = min(best, time.process_time() - began)
    assert best < 0.1
    assert detect_danger(text + ", mais ça sent le gaz") == "gas"
