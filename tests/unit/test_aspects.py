"""After an answer: what the article says of the price, the time, the papers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.faq.articles import Article
from bot.faq.aspects import MOST_LINES, asked_for, excerpt

ARTICLE = Article(
    id="x", locale="fr", title="Changer de titulaire", theme="contrat",
    answer="Le changement est gratuit. La mise en service coûte environ 16 €.",
    body="## Les étapes\n1. Joignez une **copie de la pièce d'identité**.\n2. Demandez-le dans [l'espace client](faq:espace).\n"
         "- Délai : la prochaine facture, sous 30 jours.\n\n| Cas | Prix |\n|---|---|\n| a | 99 € |\n\nVous gardez votre numéro. Rien ne change.",
)


@pytest.mark.parametrize(("text", "language", "side"), [
    ("combien ça coûte ?", "fr", "price"), ("cé gratui ?", "fr", None), ("c'est payant ?", "fr", "price"), ("c koi le délai", "fr", "time"),
    ("combien de temps ça prend", "fr", "time"), ("quels papiers il faut ?", "fr", "papers"), ("merci beaucoup", "fr", None),
    ("how much is it?", "en", "price"), ("let's work out how much power i need", "en", None), ("combien de kva il me faut", "fr", None), ("how long does it take", "en", "time"), ("hoeveel kost dat?", "nl", "price"), ("hoe lang duurt het", "nl", "time"),
    ("et si c'est pour demain matin ?", "fr", "soon"), ("et si je suis pressé, c'est plus vite ?", "fr", "soon"), ("comment je fais ?", "fr", "steps"),
    ("how do I do that", "en", "steps"), ("¿y cómo se hace?", "es", "steps"), ("und wie geht das?", "de", "steps"), ("come si fa?", "it", "steps"),
    ("hoe moet ik dat doen?", "nl", "steps"), ("¿y si es para mañana?", "es", "soon"), ("en als het morgen moet?", "nl", "soon"),
    ("¿cuánto cuesta?", "es", "price"), ("¿cuánto tarda?", "es", "time"), ("was kostet das", "de", "price"), ("wie lange dauert es", "de", "time"),
    ("welche unterlagen brauche ich", "de", "papers"), ("quanto costa?", "it", "price"), ("quanto tempo ci vuole", "it", "time"),
])
def test_the_side_asked_for(text: str, language: str, side: str | None) -> None:
    assert asked_for(text, language) == side


def test_lines_of_that_side_and_no_other() -> None:
    assert excerpt(ARTICLE, "price") == ["Le changement est gratuit.", "La mise en service coûte environ 16 €."]
    assert excerpt(ARTICLE, "time") == ["Délai : la prochaine facture, sous 30 jours."]
    assert excerpt(ARTICLE, "papers") == ["Joignez une copie de la pièce d'identité."]


def test_steps_are_the_numbered_lines() -> None:
    assert excerpt(ARTICLE, "steps") == ["Joignez une copie de la pièce d'identité.", "Demandez-le dans l'espace client."]


def test_who_is_in_a_hurry_gets_what_is_quick_and_else_how_long_it_takes() -> None:
    quick = replace(ARTICLE, body="- Normal : 5 jours\n- Sous 24 à 48 h : 55 €\n- Le jour même : 145 €")
    assert excerpt(quick, "soon") == ["Sous 24 à 48 h : 55 €", "Le jour même : 145 €"]
    assert excerpt(ARTICLE, "soon") == ["Délai : la prochaine facture, sous 30 jours."]


def test_a_few_lines_at_most() -> None:
    many = Article(id="y", locale="fr", title="T", theme="contrat", answer="Rien.", body="\n".join(f"- Option {n} : {n} €" for n in range(9)))
    assert len(excerpt(many, "price")) == MOST_LINES


@pytest.mark.parametrize(("locale", "answer"), [("en", "Allow about €16 for electricity."), ("nl", "Reken op ongeveer € 16 voor elektriciteit.")])
def test_amounts_are_found_as_each_language_writes_them(locale: str, answer: str) -> None:
    assert excerpt(Article(id="x", locale=locale, title="T", theme="contrat", answer=answer, body=""), "price") == [answer]
