"""The outage flow: who is hit, what is known, breaker advice, a report; danger before everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flow_talk import AT, Talk

from bot.backoffice.records import Outage, OutageReport, Receipt
from bot.errors import BackofficeDown
from bot.flows.outage import FLOW


class Grid:
    """The two calls of the back office this flow makes, with scripted outages."""

    def __init__(self, outages: Sequence[Outage] = (), *, down: bool = False) -> None:
        self.known, self.down = outages, down
        self.reports: dict[str, OutageReport] = {}

    def outages(self, postcode: str) -> tuple[Outage, ...]:
        if self.down:
            raise BackofficeDown("The back office does not answer.")
        return tuple(o for o in self.known if o.postcode == postcode)

    def report_outage(self, details: OutageReport, key: str) -> Receipt:
        if self.down:
            raise BackofficeDown("The back office does not answer.")
        if key in self.reports:
            assert self.reports[key] == details
        self.reports[key] = details
        return Receipt(f"SOL-TEST-{len(self.reports):04d}", AT)


def storm(**changes: Any) -> Outage:
    values: dict[str, Any] = {
        "id": "O1", "postcode": "44000", "town": "Nantes", "scope": "street", "energy": "electricity",
        "since": AT - timedelta(hours=2), "expected_end": AT + timedelta(hours=3), "cause": "storm",
        "planned": False, "homes": 140, **changes}
    return Outage(**values)


def talk(grid: Any = None, **kwargs: Any) -> Talk:
    return Talk(FLOW, grid or Grid(), **kwargs)


def test_whole_street_with_a_known_outage_is_told_and_joined() -> None:
    grid = Grid([storm()])
    t = talk(grid)
    t.say("plus de courant")
    assert t.asked == "outage_scope"
    t.press("street")
    assert t.asked == "outage_postcode"
    words = t.say("44000")
    assert "Nantes" in words
    assert "17 h" in words
    assert "22 h" in words
    assert "140" in words
    assert "intempéries" in words
    assert t.asked == "outage_confirm"      # a known outage needs no address
    words = t.say("oui")
    assert t.end == "done"
    assert "SOL-TEST-0001" in words
    assert "09 72 67 50 44" in words
    assert grid.reports["conv:t0:report_outage"].scope == "street"


def test_everything_in_one_message_asks_only_the_confirmation() -> None:
    t = talk(Grid([storm()]))
    t.say("toute la rue est éteinte depuis 2 h, 44000 Nantes")
    assert t.asked == "outage_confirm"


def test_an_unknown_outage_is_reported_with_its_address() -> None:
    grid = Grid()
    t = talk(grid)
    t.say("plus de lumière dans l'immeuble, même l'ascenseur, 35000")
    assert t.asked == "outage_address"
    recap = t.say("12 rue des Lilas")
    assert "12 rue des Lilas, 35000" in recap
    assert "dans tout l'immeuble" in recap
    t.press("yes")
    report = grid.reports["conv:t0:report_outage"]
    assert (report.scope, report.address, report.postcode, report.contract) == ("building", "12 rue des Lilas", "35000", None)


def test_address_may_be_skipped() -> None:
    grid = Grid()
    t = talk(grid)
    t.say("tout le quartier est dans le noir 35000")
    t.say("passer")
    t.say("oui")
    assert grid.reports["conv:t0:report_outage"].address is None


@pytest.mark.parametrize(("answers", "note", "words"), [
    (["lowered", "holds"], "outage: power", "puissance"),
    (["lowered", "trips", "found"], "outage: circuit", "électricien"),
    (["lowered", "trips", "general"], "outage: general", "Enedis"),
    (["lowered", "trips", "fine"], "outage: power", "puissance"),
    (["up", "on", "back"], "outage: solved", ""),
    (["not_found", "cut", "back"], "outage: solved", ""),
])
def test_breaker_advice_by_buttons(answers: list[str], note: str, words: str) -> None:
    grid = Grid()
    t = talk(grid)
    t.say("panne chez moi seulement")
    for value in answers:
        said = t.press(value)
    assert t.end == "done"
    assert t.finish is not None
    assert t.finish.note == note
    assert words in said
    assert grid.reports == {}


@pytest.mark.parametrize(("said", "asked"), [
    (["je suis le seul dans le noir", "oui il est en bas"], "outage_rearm"),
    (["mon disjoncteur saute"], "outage_rearm"),
    (["y a que chez moi, les voisins ont de la lumière", "non il est levé"], "outage_linky"),
    (["seulement chez moi", "je ne le trouve pas"], "outage_linky"),
    (["seulement chez moi", "non", "l'écran est éteint"], "outage_postcode"),
    (["seulement chez moi", "non", "il affiche coupure"], "outage_plus"),
    (["seulement chez moi", "non", "allumé", "toujours rien"], "outage_postcode"),
    (["seulement chez moi", "tombé", "il retombe aussitôt"], "outage_circuits"),
])
def test_breaker_advice_in_words(said: list[str], asked: str) -> None:
    t = talk()
    for line in said:
        t.say(line)
    assert t.asked == asked


def test_home_with_a_dead_meter_is_reported_with_the_breaker_checked() -> None:
    grid = Grid()
    t = talk(grid)
    for line in ("seulement chez moi", "non", "éteint", "35000", "3 rue du Port", "oui"):
        t.say(line)
    assert grid.reports["conv:t0:report_outage"].breaker_checked


def test_a_known_outage_spares_the_breaker_questions() -> None:
    t = talk(Grid([storm()]))
    t.say("plus de courant chez moi seulement, 44000")
    assert t.asked == "outage_confirm"


def test_unknown_scope_looks_up_first_then_checks_at_home() -> None:
    t = talk()
    t.say("panne")
    t.press("unknown")
    assert t.asked == "outage_postcode"
    t.say("35000")
    assert t.asked == "outage_breaker"


def test_an_outage_that_is_over_or_of_the_other_energy_is_not_shown() -> None:
    over = storm(expected_end=AT - timedelta(minutes=5))
    t = talk(Grid([over, storm(energy="gas")]))
    t.say("toute la rue, 44000")
    assert t.asked == "outage_address"


def test_announced_works_are_mentioned_but_not_taken_for_the_cause() -> None:
    t = talk(Grid([storm(since=AT + timedelta(hours=12), expected_end=AT + timedelta(hours=16), planned=True, cause="works")]))
    t.say("toute la rue, 44000")
    assert t.asked == "outage_address"
    assert "travaux" in t.say("passer")


@pytest.mark.parametrize(("text", "number"), [
    ("ça sent le gaz", "0 800 47 33 33"), ("le tableau fait des étincelles", "18 ou le 112"), ("un câble pend dans la rue", "18 ou le 112"),
    ("mon père est sous respirateur", "15 ou le 112"), ("mal à la tête depuis que la chaudière tourne", "112"),
])
@pytest.mark.parametrize("before", [[], ["panne"], ["toute la rue", "35000"]])
def test_danger_shortcuts_every_turn_and_needs_no_back_office(text: str, number: str, before: list[str]) -> None:
    grid = Grid()
    t = talk(grid)
    for line in before:
        t.say(line)
    grid.down = True
    words = t.say(text)
    assert t.end == "handover"
    assert t.advance is not None
    assert t.advance.urgent
    assert t.advance.note.startswith("urgent")
    assert number in words


def test_the_danger_button_names_every_number() -> None:
    t = talk()
    t.say("panne")
    words = t.press("slot:outage_scope:danger")
    assert t.end == "handover"
    assert "0 800 47 33 33" in words
    assert "112" in words


def test_no_smell_of_gas_goes_on_with_the_flow() -> None:
    t = talk()
    t.say("plus de gaz, mais aucune odeur de gaz")
    assert t.asked == "outage_scope"
    assert t.slots["outage_energy"] == "gas"
    t.press("home")
    assert t.asked == "outage_valve"
    assert "GRDF" in t.press("closed")
    assert t.end == "done"


def test_gas_cut_is_reported_as_gas() -> None:
    grid = Grid([storm()])
    t = talk(grid)
    for line in ("plus de gaz dans tout l'immeuble", "44000", "passer", "oui"):
        words = t.say(line)
    assert grid.reports["conv:t0:report_outage"].energy == "gas"
    assert "GRDF" in words


def test_a_corrected_postcode_is_looked_up_again() -> None:
    grid = Grid([storm()])
    t = talk(grid)
    t.say("toute la rue, 44000")
    assert "Nantes" in t.replies[0].text
    t.say("non, 35000")
    assert t.asked == "outage_address"
    assert t.slots["outage_found"]["id"] is None


def test_a_corrected_scope_changes_what_is_asked() -> None:
    t = talk()
    t.say("toute la rue")
    t.say("non, seulement chez moi")
    assert t.asked == "outage_breaker"


def test_it_came_back_ends_at_any_step() -> None:
    grid = Grid()
    t = talk(grid)
    t.say("toute la rue")
    t.say("ah ça y est le courant est revenu")
    assert t.end == "done"
    assert t.finish is not None
    assert t.finish.note == "outage: solved"
    assert grid.reports == {}


def test_back_reopens_the_last_question_and_cancel_stops() -> None:
    t = talk()
    t.say("panne seulement chez moi")
    t.say("levé")
    t.say("retour", intent="go_back")
    assert t.asked == "outage_breaker"
    t.say("annule", intent="cancel")
    assert t.end == "cancelled"


def test_no_at_the_end_sends_nothing_but_says_whom_to_call() -> None:
    grid = Grid([storm()])
    t = talk(grid)
    t.say("toute la rue, 44000")
    words = t.say("non")
    assert t.end == "done"
    assert grid.reports == {}
    assert "09 72 67 50 44" in words


def test_two_answers_that_do_not_fit_lead_to_a_person() -> None:
    t = talk()
    t.say("panne")
    first = t.say("blabla")
    second = t.say("hmm tralala")
    assert first != second
    assert any(c.id == "human" for c in t.replies[0].choices)
    t.say("pfff")
    assert t.end == "handover"


def test_a_bad_postcode_says_what_is_wrong() -> None:
    t = talk()
    t.say("toute la rue")
    assert "5 chiffres" in t.say("4400")


def test_back_office_down_raises_and_reports_nothing() -> None:
    grid = Grid(down=True)
    t = talk(grid)
    with pytest.raises(BackofficeDown):
        t.say("toute la rue 44000")
    assert grid.reports == {}


def test_the_same_turn_twice_reports_once() -> None:
    grid = Grid([storm()])
    t = talk(grid)
    t.say("toute la rue, 44000")
    once = t.say("oui")
    assert t.again() == once
    assert len(grid.reports) == 1


@pytest.mark.parametrize(("postcode", "phone"), [("20000", None), ("97400", None), ("01000", "09 72 67 50 01")])
def test_the_repair_line_follows_the_departement(postcode: str, phone: str | None) -> None:
    t = talk()
    for line in ("toute la rue", postcode, "passer"):
        t.say(line)
    words = t.say("oui")
    assert (phone in words) if phone else ("09 72" not in words)


@pytest.mark.parametrize("lines", [["no power in the whole street", "44000", "yes"]])
def test_english(lines: list[str]) -> None:
    t = talk(Grid([storm()]), language="en")
    for line in lines:
        words = t.say(line)
    assert t.end == "done"
    assert "Added" in words


def test_the_demo_back_office_knows_a_cut_and_keeps_one_report(desk) -> None:
    t = Talk(FLOW, desk.backoffice)
    words = t.say("bonjour, plus de courant dans tout le quartier, je suis à Nantes 44000")
    assert t.asked == "outage_confirm"
    assert "Nantes" in words
    assert "340" in words
    once = t.say("oui")
    assert t.again() == once
    assert desk.agreements("outage") == 1


def test_a_gas_cut_of_the_demo_is_not_taken_for_a_power_cut(desk) -> None:
    t = Talk(FLOW, desk.backoffice)
    t.say("plus de courant dans tout l'immeuble 59000 Lille")
    assert t.asked == "outage_address"
    gas = Talk(FLOW, desk.backoffice)
    assert "Lille" in gas.say("plus de gaz dans l'immeuble 59000 Lille")
    assert gas.asked == "outage_confirm"


def test_back_office_down_at_the_report_does_nothing(desk) -> None:
    t = Talk(FLOW, desk.backoffice)
    t.say("toute la rue est éteinte 35000")
    t.press("skip")
    desk.break_down()
    with pytest.raises(BackofficeDown):
        t.say("oui")
    desk.repair()
    assert desk.agreements("outage") == 0


@pytest.mark.parametrize(("language", "lines"), [
    ("nl", ["geen stroom in de hele straat, 44000"]), ("es", ["no hay luz en toda la calle, 44000"]),
    ("de", ["Stromausfall in der ganzen Straße, 44000"]), ("it", ["manca la corrente in tutta la via, 44000"]),
    ("nl", ["stroomstoring", "alleen bij mij", "hij staat uit", "hij valt weer uit"]), ("es", ["sin luz", "solo en mi casa", "está bajado", "vuelve a saltar"]),
    ("de", ["kein Strom", "nur bei mir", "er ist unten", "er fliegt wieder raus"]), ("it", ["senza corrente", "solo da me", "è giù", "scatta di nuovo"]),
])
def test_other_languages_are_heard(desk, language: str, lines: list[str]) -> None:
    t = Talk(FLOW, desk.backoffice, language=language)
    for line in lines:
        t.say(line)
    assert t.asked == ("outage_confirm" if len(lines) == 1 else "outage_circuits")


@pytest.mark.parametrize("text", ["notre bébé est sous respirateur et il n'y a plus de courant"])
def test_someone_who_depends_on_power_comes_first(text: str) -> None:
    t = talk()
    assert "15 ou le 112" in t.say(text)
    assert t.end == "handover"


def test_a_danger_the_understanding_noted_is_enough_and_a_denial_outweighs_it() -> None:
    from bot.flows.danger import danger_of
    from bot.understanding.types import Understanding

    def understood(text: str, *notes: str) -> Understanding:
        return Understanding(text=text, language="fr", language_confidence=1.0, intent="urgent" if notes else "faq", confidence=0.9, notes=notes)

    assert danger_of(understood("un nourrisson et plus de chauffage", "danger: fragile")) == "fragile"
    assert danger_of(understood("plus de gaz, mais aucune odeur de gaz", "danger: gas")) is None
    assert danger_of(understood("au secours", "danger: unheard of")) == "any"
    assert danger_of(understood("ma facture")) is None


@pytest.mark.parametrize(("valve", "end"), [("closed", "done"), ("open", None)])
def test_gas_of_unknown_extent_asks_for_the_valve_once_nothing_is_known(valve: str, end: str | None) -> None:
    grid = Grid()
    t = talk(grid)
    t.say("plus de gaz")
    t.press("unknown")
    t.say("35000")
    assert t.asked == "outage_valve"
    t.press(valve)
    assert t.end == end
    if end is None:
        assert t.asked == "outage_address"
        t.say("passer")
        t.say("oui")
        assert grid.reports["conv:t0:report_outage"].energy == "gas"


def test_gas_of_unknown_extent_with_a_known_cut_spares_the_valve() -> None:
    t = talk(Grid([storm(energy="gas")]))
    t.say("plus de gaz")
    t.press("unknown")
    t.say("44000")
    assert t.asked == "outage_confirm"
