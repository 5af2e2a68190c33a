"""What flows hear in Dutch, Spanish, German and Italian: breaker states, reasons, moving words."""

from __future__ import annotations

import pytest
from flow_talk import AT, Talk

from bot.flows import cancel_contract, move_home, outage_hearing
from bot.flows.hearing import yes_no
from bot.flows.types import Heard, Scene
from bot.language.entities import extract
from bot.understanding.types import Understanding


def heard(text: str, language: str) -> Heard:
    return Heard(Understanding(text=text, language=language, language_confidence=1.0, intent="out_of_scope", confidence=0.9,
                               entities=tuple(extract(text, language, today=AT.date()))), at=AT)


def scene(language: str) -> Scene:
    return Talk(move_home.FLOW, None, language=language).scene()    # type: ignore[arg-type]  # parsers of words call no back office


@pytest.mark.parametrize(("language", "text", "state"), [
    ("nl", "hij staat nog omhoog", "up"), ("nl", "hij is niet uitgevallen", "up"), ("nl", "hij is afgeslagen", "lowered"), ("nl", "hij staat op nul", "lowered"), ("nl", "ik zou het niet weten", "unknown"),
    ("es", "está levantado", "up"), ("es", "no ha saltado", "up"), ("es", "no está arriba", "lowered"), ("es", "se ha disparado, está abajo", "lowered"), ("es", "ni la menor idea", "unknown"),
    ("de", "der steht oben", "up"), ("de", "der ist nicht rausgeflogen", "up"), ("de", "nicht oben, ganz unten", "lowered"), ("de", "der ist rausgeflogen", "lowered"), ("de", "keinen Plan", "unknown"),
    ("it", "è in alto", "up"), ("it", "non è scattato", "up"), ("it", "si è sganciata", "lowered"), ("it", "è in basso", "lowered"), ("it", "boh", "unknown"),
])
def test_the_breaker(language: str, text: str, state: str | None) -> None:
    assert outage_hearing.breaker(heard(text, language), scene(language), True) == state


@pytest.mark.parametrize(("language", "text", "state"), [
    ("nl", "hij slaat meteen weer af", "trips"), ("nl", "hij wil niet omhoog", "trips"), ("nl", "er is weer stroom", "holds"), ("nl", "hij blijft staan", "holds"),
    ("es", "se baja otra vez", "trips"), ("es", "no se mantiene", "trips"), ("es", "ya hay luz", "holds"), ("es", "se queda arriba", "holds"),
    ("de", "fliegt sofort wieder raus", "trips"), ("de", "lässt sich nicht einschalten", "trips"), ("de", "bleibt drin", "holds"), ("de", "läuft wieder", "holds"),
    ("it", "torna giù subito", "trips"), ("it", "non si alza", "trips"), ("it", "resta su", "holds"), ("it", "è tornata la luce", "holds"),
])
def test_switching_it_on_again(language: str, text: str, state: str) -> None:
    assert outage_hearing.rearm(heard(text, language), scene(language), True) == state


@pytest.mark.parametrize(("language", "text", "found"), [
    ("nl", "het is de wasmachine", "found"), ("nl", "ook met alles uit", "general"), ("es", "la cocina", "found"), ("es", "aun con todos bajados", "general"),
    ("de", "die Waschmaschine", "found"), ("de", "auch wenn alle unten sind", "general"), ("it", "la lavatrice", "found"), ("it", "anche con tutto abbassato", "general"),
])
def test_the_circuit(language: str, text: str, found: str) -> None:
    assert outage_hearing.circuits(heard(text, language), scene(language), True) == found


@pytest.mark.parametrize(("language", "text", "scope"), [
    ("nl", "enkel bij ons", "home"), ("nl", "bij de buren brandt licht", "home"), ("nl", "de buren zitten ook zonder", "street"), ("nl", "bij de buren is er ook niets", "street"),
    ("es", "los demás tienen luz", "home"), ("es", "los vecinos están sin luz", "street"), ("es", "todo el bloque", "building"),
    ("de", "nur in meiner Wohnung", "home"), ("de", "die Nachbarn haben doch Licht", "home"), ("de", "die Nachbarn sitzen auch im Dunkeln", "street"),
    ("it", "dai vicini c'è luce", "home"), ("it", "neanche i vicini", "street"), ("it", "i vicini al buio", "street"), ("it", "in tutto il condominio", "building"),
])
def test_who_is_hit(language: str, text: str, scope: str) -> None:
    assert outage_hearing.scope(heard(text, language), scene(language), True) == scope


@pytest.mark.parametrize(("language", "text"), [
    ("nl", "er is weer licht"), ("es", "ya tengo luz"), ("de", "der Strom ist zurück"), ("it", "è tornata la corrente"),
])
def test_it_came_back(language: str, text: str) -> None:
    assert outage_hearing.back(heard(text, language), scene(language), False) == "yes"


@pytest.mark.parametrize(("language", "text"), [
    ("nl", "nog altijd geen stroom, is er weer licht bij u?"), ("es", "todavía no ha vuelto la luz"), ("de", "noch kein Strom"), ("it", "la luce non è ancora tornata"),
])
def test_it_has_not_come_back(language: str, text: str) -> None:
    assert outage_hearing.back(heard(text, language), scene(language), False) is None


@pytest.mark.parametrize(("language", "text", "reason"), [
    ("nl", "ik stap over naar een goedkopere leverancier", "other_supplier"), ("nl", "ik ga naar engie", "other_supplier"), ("nl", "we hebben het huis verkocht", "moving"),
    ("nl", "het kost te veel", "price"), ("nl", "ik ben teleurgesteld", "service"), ("nl", "het staat leeg", "other"),
    ("es", "me paso a otra compañía", "other_supplier"), ("es", "me cambio a otro piso", None), ("es", "cambio de casa", "moving"), ("es", "es carísimo", "price"), ("es", "estoy harto de la atención", "service"), ("es", "otra cosa", "other"),
    ("de", "ich wechsle zu einem günstigeren Stromanbieter", "other_supplier"), ("de", "ich gehe zu engie", "other_supplier"), ("de", "wir ziehen nach Lyon", "moving"), ("de", "zu teuer", "price"), ("de", "ich bin enttäuscht", "service"), ("de", "die Wohnung steht leer", "other"),
    ("it", "passo a un altro gestore", "other_supplier"), ("it", "cambio casa", "moving"), ("it", "mi trasferisco", "moving"), ("it", "troppi aumenti", "price"), ("it", "sono deluso", "service"), ("it", "la casa è vuota", "other"),
])
def test_why_they_leave(language: str, text: str, reason: str | None) -> None:
    step = next(s for s in cancel_contract.FLOW.steps if s.slot == "cancel_contract_reason")
    assert step.parse(heard(text, language), scene(language), True) == reason


@pytest.mark.parametrize(("language", "text"), [
    ("nl", "door het overlijden van mijn vader"), ("nl", "ik ben weduwe"), ("es", "soy viuda desde marzo"), ("es", "mi padre ha muerto"), ("de", "ein Todesfall in der Familie"), ("de", "meine Mutter ist gestorben"),
    ("it", "sono vedova"), ("it", "dopo la morte di mia madre"),
])
def test_a_death_goes_to_a_person(language: str, text: str) -> None:
    t = Talk(cancel_contract.FLOW, None, language=language)    # type: ignore[arg-type]
    t.say(text)
    assert t.end == "handover"


@pytest.mark.parametrize(("language", "text", "leave", "enter"), [
    ("nl", "ik lever de sleutels in op 14 december, ik trek in het nieuwe huis op 18 december", "2026-12-14", "2026-12-18"),
    ("es", "dejamos el piso el 14 de diciembre, entramos en el nuevo el 18 de diciembre", "2026-12-14", "2026-12-18"),
    ("de", "ich verlasse die alte Wohnung am 14. Dezember, Einzug am 18. Dezember", "2026-12-14", "2026-12-18"),
    ("it", "usciamo dalla vecchia casa il 14 dicembre, entriamo nella nuova il 18 dicembre", "2026-12-14", "2026-12-18"),
])
def test_two_days_of_a_move(language: str, text: str, leave: str, enter: str) -> None:
    steps = {s.slot: s for s in move_home.FLOW.steps}
    at = heard(text, language)
    assert steps["move_home_leave_on"].parse(at, scene(language), False) == leave
    assert steps["move_home_enter_on"].parse(at, scene(language), False) == enter


@pytest.mark.parametrize(("language", "text", "stays"), [
    ("nl", "ik ga naar een rusthuis", "no"), ("nl", "ik wil bij jullie blijven", "yes"), ("es", "me voy a casa de mis padres", "no"), ("es", "quiero seguir con ustedes", "yes"),
    ("de", "ich ziehe zu meiner Tochter", "no"), ("de", "ich bleibe bei Ihnen", "yes"), ("it", "vado in casa di riposo", "no"), ("it", "voglio restare con voi", "yes"),
])
def test_whether_a_mover_stays(language: str, text: str, stays: str) -> None:
    step = next(s for s in move_home.FLOW.steps if s.slot == "move_home_stay")
    assert step.parse(heard(text, language), scene(language), True) == stays


@pytest.mark.parametrize(("language", "texts"), [
    ("fr", "oui|oui c'est bien ça|oui pas de problème|pas de souci|pas de souci merci|sans problème, allez-y|oui, j'attends votre mail|oui je ne veux plus de contrat|oui pourquoi pas|bien sûr|absolument|oui allez-y|oui, rien à changer|oui, changez le compte|c'est exact|c'est juste|oui, pour le 15 mai"),
    ("en", "yes|yes, no problem|no problem|correct|correct, that is right|that's correct|sure, go ahead|yes I think so|yes why not|please do"),
    ("nl", "ja graag|ja, dat klopt|prima|prima hoor|prima, doe maar|doe maar|geen probleem|ja, geen probleem|ok prima"),
    ("es", "sí|sí, claro|claro que sí|vale perfecto|vale, adelante|sí, no hay problema|sin problema|sí está bien|sí, cuanto antes|sí, lo antes posible|sí, mejor así|sí, gracias, hasta luego"),
    ("de", "ja genau|stimmt|das stimmt|prima, machen Sie das|ja, kein Problem|kein Problem|ja, warum nicht|in Ordnung|ja, zum 15. Mai"),
    ("it", "sì, è giusto|sì è giusto|certo che sì|va bene così|sì, nessun problema|non c'è problema|esatto"),
])
def test_a_yes(language: str, texts: str) -> None:
    assert [text for text in texts.split("|") if yes_no(heard(text, language)) is not True] == []


@pytest.mark.parametrize(("language", "texts"), [
    ("fr", "absolument pas|bien sûr que non|je confirme pas|je confirme que non|ok annule|ok laisse tomber|ok, laissez tomber"),
    ("en", "please do not|ok cancel|ok, forget it|no thanks"), ("nl", "klopt niet|dat klopt helemaal niet|doe maar niet|ok laat maar"),
    ("es", "claro que no|vale, déjalo|ok cancela"), ("de", "stimmt nicht|das stimmt so nicht|genau das nicht"), ("it", "certo che no|confermo che no|ok lascia perdere"),
])
def test_a_refusal_that_begins_with_a_yes(language: str, texts: str) -> None:
    assert [text for text in texts.split("|") if yes_no(heard(text, language)) is not False] == []


@pytest.mark.parametrize(("language", "texts"), [
    ("fr", "ok attendez je réfléchis|ok, et ça coûte combien ?|oui pas avant lundi|ok je ne veux pas|ok finalement je reste|oui si c'est gratuit|d'accord, un instant|oui, mais le 15|c'est juste pour savoir|c'est juste un peu cher"),
    ("en", "correct the date please|ok wait|go back|ok let me think|yes, how much is it?|yes, if it's free|please don't"),
    ("nl", "ok wacht even|ja, hoeveel kost dat?|ja maar niet nu|ja maar…|ok ik wil er nog over nadenken"), ("es", "vale, ¿cuánto cuesta?|ok, un momento|sí, todavía no|vale, me lo pienso"),
    ("de", "ok, Moment|ja, was kostet das?|ja, nicht vor Montag|ok, ich überlege noch"),
    ("it", "vale anche per il gas?|prima vorrei sapere quanto costa|prima, vorrei sapere il prezzo|va bene, ci penso|ok aspetti|va bene, quanto costa?"),
])
def test_a_question_or_a_hesitation_is_no_answer(language: str, texts: str) -> None:
    assert [text for text in texts.split("|") if yes_no(heard(text, language)) is not None] == []


def test_where_a_yes_only_leads_on_words_beside_it_do_no_harm() -> None:
    assert yes_no(heard("oui, il ne se passe rien", "fr"), firm=False) is True
    assert yes_no(heard("dat klopt niet", "nl"), firm=False) is False
    assert yes_no(heard("oui mais le 15", "fr"), firm=False) is None
    assert yes_no(heard("pas de problème chez les voisins", "fr"), firm=False) is None
    assert yes_no(heard("por qué no funciona", "es"), firm=False) is None
