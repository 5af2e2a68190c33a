"""Routing, who gets a ticket, waits told and kept, forecast, translation, danger among people: both engines."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from ticket_support import ANA, LEA, LUC, Chat, utc

from bot.conversations import store as conversations
from bot.errors import BadInput, Conflict, Unavailable
from bot.staff import accounts
from bot.staff.sessions import open_session
from bot.storage.database import Database
from bot.storage.schema import notifications, staff_sessions, ticket_waits, tickets
from bot.tickets import (
    assignment,
    moves,
    policies,
    presence,
    routing,
    service,
    sla_run,
    store,
    waits,
)
from bot.tickets.forecast import forecast
from bot.tickets.hours import Desk
from bot.tickets.merge import merge
from bot.tickets.queue import standing
from bot.tickets.rules import DEFAULT
from bot.tickets.translations import Failures, translate_pending, translate_reply

MONDAY = utc("2026-11-23 09:00")


def at(database: Database, when: datetime, move, *args, **more):
    with time_machine.travel(when, tick=False), database.write() as connection:
        return move(connection, *args, **more)


def sign_in(database: Database, *people, when: datetime = MONDAY) -> None:
    for who in people:
        at(database, when, lambda c, w=who: open_session(c, w, 12))


def stay(database: Database, when: datetime) -> None:
    with database.write() as connection:
        connection.execute(sa.update(staff_sessions).values(seen_at=when.isoformat()[:19] + ".000Z"))


def ticket_of(database: Database, reference: str) -> dict:
    with database.read() as connection:
        return store.get(connection, reference)


def opened(database: Database, hours: Desk, when: datetime = MONDAY, language: str = "fr", **more) -> str:
    with time_machine.travel(when, tick=False):
        return Chat(database, language).ticket(hours, when, **more)


def test_a_language_nobody_speaks_goes_where_the_leads_say_and_the_customer_is_told(database, hours):
    chat = Chat(database, "nl")
    reference = chat.ticket(hours, MONDAY)
    ticket = ticket_of(database, reference)
    assert (ticket["queue"], ticket["tags"]) == ("en", ["translate"])
    assert "spreekt niemand in het team uw taal" in chat.texts()[-1]
    value = {**DEFAULT, "fallback": {"queue": "international", "tell": True, "text": {"nl": "Wij antwoorden in het Engels."}}}
    with database.write() as connection:
        routing.save(connection, value, base=0, author="lea")
    told = Chat(database, "nl")
    assert ticket_of(database, told.ticket(hours, MONDAY))["queue"] == "international"
    assert told.texts()[-1].endswith("Wij antwoorden in het Engels.")
    with database.write() as connection:
        routing.save(connection, {**value, "fallback": {"queue": "international", "tell": False}}, base=1, author="lea")
        accounts.set_abilities(connection, "luc", languages=["fr", "de"])
    silent = Chat(database, "nl")
    silent.ticket(hours, MONDAY)
    assert "Engels" not in silent.texts()[-1]
    spoken = ticket_of(database, opened(database, hours, language="de"))
    assert (spoken["queue"], spoken["tags"]) == ("de", [])


@pytest.mark.parametrize("how", ["shut", "abilities"])
def test_when_the_last_who_speaks_a_language_is_gone_its_tickets_are_translated_and_move(database, hours, how):
    with database.write() as connection:
        accounts.set_abilities(connection, "luc", languages=["fr", "nl"])
    held, waiting, danger, french = Chat(database, "nl"), Chat(database, "nl"), Chat(database, "nl"), Chat(database)
    names = [held.ticket(hours, MONDAY), waiting.ticket(hours, MONDAY),
             danger.ticket(hours, MONDAY, given={"danger": "gas", "priority": "urgent"}), french.ticket(hours, MONDAY)]
    fraud = Chat(database, "nl").ticket(hours, MONDAY, given={"danger": "fraud", "instructed": "fraud", "priority": "normal"})
    at(database, MONDAY, moves.prioritise, fraud, LEA, "normal")
    at(database, MONDAY, service.take, names[0], LUC)
    with database.read() as connection:
        assert routing.unspoken(connection) == []
    with database.write() as connection:
        if how == "shut":
            moves.deactivate(connection, "luc", author="lea")
        else:
            accounts.set_abilities(connection, "luc", languages=["fr"])
        assert sorted(ticket["reference"] for ticket, _ in routing.give_up_unspoken(connection)) == sorted([*names[:3], fraud])
        assert routing.give_up_unspoken(connection) == []
    assert ticket_of(database, fraud)["queue"] == "trust-safety"      # lowered, and still in its lane
    found = [ticket_of(database, name) for name in names]
    assert ["translate" in ticket["tags"] for ticket in found] == [True, True, True, False]
    keeps = "nl" if how == "abilities" else "en"             # Luc still has the first one
    assert [ticket["queue"] for ticket in found] == [keeps, "en", "urgent", "fr"]
    assert "spreekt niemand in het team uw taal" in waiting.texts()[-1]
    # Somebody who reads it takes the tag off: it stays off, and nobody is told again.
    told = len(waiting.texts())
    at(database, MONDAY, moves.tag, names[1], ANA, remove=["translate"])
    with database.write() as connection:
        assert routing.give_up_unspoken(connection) == []
    assert len(waiting.texts()) == told
    with database.read() as connection:
        assert [agent.username for agent in presence.agents(connection, MONDAY) if agent.can(found[1])]


def test_danger_keeps_its_lane_in_a_language_nobody_speaks(database, hours):
    ticket = ticket_of(database, opened(database, hours, language="it", given={"danger": "self_harm", "priority": "urgent"}))
    assert (ticket["queue"], ticket["priority"]) == ("trust-safety", 0)
    assert set(ticket["tags"]) == {"translate", "self-harm"}


def test_the_least_loaded_who_fits_and_is_there_gets_it(database, hours):
    with database.write() as connection:
        accounts.set_abilities(connection, "ana", skills=["facture"], capacity=2)
        accounts.set_abilities(connection, "luc", capacity=4)
    reference = opened(database, hours, given={"theme": "facture"})

    def best() -> str | None:
        with database.read() as connection:
            return presence.suggest(connection, store.get(connection, reference), MONDAY)

    assert best() is None                                   # nobody is there
    sign_in(database, ANA, LUC, LEA)
    assert best() == "ana"                                  # as little to do, and first by name
    at(database, MONDAY, service.take, opened(database, hours), ANA)
    assert best() == "luc"
    with database.write() as connection:
        accounts.set_abilities(connection, "luc", presence="away")
    assert best() == "ana"                                  # 1 of 2
    at(database, MONDAY, service.take, opened(database, hours), ANA)
    assert best() == "lea"                                  # Ana is full, Luc away: a lead
    with database.write() as connection:
        accounts.set_abilities(connection, "luc", presence="auto", languages=["de"])
        accounts.set_abilities(connection, "lea", skills=["contrat"])
    assert best() is None


def test_higher_levels_go_to_those_who_have_them(database, hours):
    sign_in(database, ANA, LUC)
    reference = opened(database, hours)
    at(database, MONDAY, moves.escalate, reference, ANA)
    with database.write() as connection:
        assert presence.suggest(connection, store.get(connection, reference), MONDAY) is None
        accounts.set_abilities(connection, "luc", skills=["L2"])
        assert presence.suggest(connection, store.get(connection, reference), MONDAY) == "luc"


def test_tickets_are_given_out_by_themselves_where_the_leads_want_it(database, hours):
    sign_in(database, ANA, LUC)
    references = [opened(database, hours, MONDAY + timedelta(seconds=n)) for n in range(4)]
    assert at(database, MONDAY, assignment.run, MONDAY) == []
    with database.write() as connection:
        routing.save(connection, {**DEFAULT, "assignment": "auto"}, base=0, author="lea")
        accounts.set_abilities(connection, "ana", capacity=1)
        accounts.set_abilities(connection, "luc", capacity=2)
    assert len(at(database, MONDAY, assignment.run, MONDAY)) == 3
    assert [ticket_of(database, name)["assignee"] for name in references] == ["ana", "luc", "luc", None]
    assert at(database, MONDAY, assignment.run, MONDAY) == []


def test_what_waits_too_long_moves_to_the_next_queue_once(database, hours):
    value = {**DEFAULT, "queues": {"fr": {"overflow": {"after_minutes": 30, "to": "renfort"}}}}
    with database.write() as connection:
        routing.save(connection, value, base=0, author="lea")
    waiting, taken = opened(database, hours), opened(database, hours)
    at(database, MONDAY, service.take, taken, ANA)
    assert at(database, MONDAY + timedelta(minutes=29), routing.overflow, MONDAY + timedelta(minutes=29)) == []
    later = MONDAY + timedelta(minutes=30)
    assert [t["queue"] for t, _ in at(database, later, routing.overflow, later)] == ["renfort"]
    assert at(database, later, routing.overflow, later) == []
    assert (ticket_of(database, waiting)["queue"], ticket_of(database, taken)["queue"]) == ("renfort", "fr")


def test_what_waits_for_the_customer_or_is_on_hold_is_not_ahead_in_line_and_goes_nowhere(database, hours):
    value = {**DEFAULT, "queues": {"fr": {"overflow": {"after_minutes": 30, "to": "renfort"}}}}
    with database.write() as connection:
        routing.save(connection, value, base=0, author="lea")
    held, answered = opened(database, hours), opened(database, hours)
    at(database, MONDAY, service.hold, held, ANA)            # nobody has it
    at(database, MONDAY, service.reply, answered, ANA, "Bonjour")
    at(database, MONDAY, lambda c: store.release(c, store.get(c, answered)))
    later = MONDAY + timedelta(minutes=40)
    waiting = opened(database, hours, MONDAY + timedelta(minutes=1))
    with database.read() as connection:
        assert standing(connection, store.get(connection, waiting), hours, later).position == 1
        assert [standing(connection, store.get(connection, name), hours, later).position for name in (held, answered)] == [None, None]
    assert [t["reference"] for t, _ in at(database, later, routing.overflow, later)] == [waiting]


def speaks_now(database: Database, chat: Chat, language: str) -> None:
    with database.write() as connection:
        conversations.update(connection, chat.id, language=language)


def test_a_ticket_follows_its_customer_into_another_language(database, hours):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    at(database, MONDAY, service.resolve, reference, ANA)
    speaks_now(database, chat, "pl")
    assert chat.ticket(hours, MONDAY) == reference
    ticket = ticket_of(database, reference)
    assert (ticket["locale"], ticket["tags"]) == ("pl", ["translate"])
    assert (ticket["queue"], ticket["assignee"]) == ("fr", "ana"), "stays with who has it"


def test_a_ticket_nobody_has_goes_to_the_queue_of_the_language_and_back(database, hours):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    for language, queue, tags in (("pl", "en", ["translate"]), ("fr", "fr", [])):
        speaks_now(database, chat, language)
        chat.ticket(hours, MONDAY)
        ticket = ticket_of(database, reference)
        assert (ticket["locale"], ticket["queue"], ticket["tags"]) == (language, queue, tags)
    said = len(chat.texts())
    chat.ticket(hours, MONDAY)
    assert len(chat.texts()) == said
    speaks_now(database, chat, "pl")
    at(database, MONDAY, moves.prioritise, reference, LEA, "urgent")
    chat.ticket(hours, MONDAY)
    ticket = ticket_of(database, reference)
    assert (ticket["locale"], ticket["queue"]) == ("pl", "fr"), "what is urgent keeps its lane"


def test_a_duplicates_chat_leaves_the_survivors_language_alone(database, hours):
    kept, other = Chat(database), Chat(database)
    into, gone = kept.ticket(hours, MONDAY), other.ticket(hours, MONDAY)
    at(database, MONDAY, merge, gone, ANA, into=into)
    speaks_now(database, other, "pl")
    assert other.ticket(hours, MONDAY) == into
    assert ticket_of(database, into)["locale"] == "fr"


def test_a_rule_saved_by_someone_else_is_not_overwritten(database):
    with database.write() as connection:
        routing.save(connection, DEFAULT, base=0, author="lea")
    with pytest.raises(Conflict, match="lea saved version 1"), database.write() as connection:
        routing.save(connection, DEFAULT, base=0, author="mehdi")


def test_the_wait_told_is_the_80th_percentile_of_what_one_person_takes_for_one_place(database, hours):
    sign_in(database, ANA)
    for n, minutes in enumerate((2, 4, 6, 8, 10)):
        start = MONDAY + timedelta(minutes=20 * n)
        stay(database, start)
        reference = opened(database, hours, start)
        at(database, start + timedelta(minutes=minutes), service.reply, reference, ANA, "Bonjour")
    now = MONDAY + timedelta(hours=3)
    stay(database, now)
    first = ticket_of(database, opened(database, hours, now))
    second = ticket_of(database, opened(database, hours, now + timedelta(seconds=1)))
    with database.read() as connection:
        place = standing(connection, first, hours, now)
        assert (place.position, place.people_present, place.wait_seconds) == (1, 1, 600)
        assert standing(connection, second, hours, now).wait_seconds == 1200
        told = connection.execute(sa.select(ticket_waits.c.seconds).order_by(ticket_waits.c.id)).scalars().all()
    assert told == [None] * 5 + [600, 1200]
    sign_in(database, LUC, when=now)
    with database.read() as connection:
        assert standing(connection, second, hours, now).wait_seconds == 600      # two people now
        evening = utc("2026-11-23 18:55")                                          # Paris closes at 20:00
        assert waits.predict(connection, hours, "fr", 1, 1, utc("2026-11-23 18:49")) == 600
        assert waits.predict(connection, hours, "fr", 1, 1, evening) is None
        assert waits.predict(connection, hours, "fr", 1, 0, now) is None
        assert waits.predict(connection, hours, "never", 1, 1, now) is None


def test_promises_are_counted_as_kept_broken_or_still_open(database, hours):
    cases = {"kept": 5, "broken": 25, "unanswered": None, "settled": None}
    names = {}
    for name in cases:
        reference = names[name] = opened(database, hours)
        with database.write() as connection:
            connection.execute(sa.delete(ticket_waits).where(ticket_waits.c.reference == reference))
            waits.record(connection, reference, "fr", seconds=601, position=1, people=1, now=MONDAY)
    for name in ("kept", "broken"):
        at(database, MONDAY + timedelta(minutes=cases[name]), service.reply, names[name], ANA, "Bonjour")
    at(database, MONDAY + timedelta(minutes=5), service.resolve, names["settled"], ANA)
    with database.read() as connection:
        early = waits.kept(connection, hours, MONDAY - timedelta(days=1), MONDAY + timedelta(minutes=6))
        late = waits.kept(connection, hours, MONDAY - timedelta(days=1), MONDAY + timedelta(hours=1))
        none = waits.kept(connection, hours, MONDAY + timedelta(days=1), MONDAY + timedelta(days=2))
    assert early["open"] == 1
    assert (late["kept"], late["broken"], late["open"], late["share"]) == (1, 2, 0, pytest.approx(1 / 3))
    assert late["queues"][0]["queue"] == "fr"
    assert (none["share"], none["queues"]) == (None, [])


def test_the_forecast_names_who_will_be_late_at_todays_pace(database, hours):
    for n in range(4):           # four answers in the last two hours: one each half hour or so
        reference = opened(database, hours, MONDAY - timedelta(hours=2) + timedelta(minutes=1))
        at(database, MONDAY - timedelta(minutes=100 - 30 * n), service.reply, reference, ANA, "Bonjour")
    waiting = [opened(database, hours, MONDAY + timedelta(seconds=n)) for n in range(5)]
    now = MONDAY + timedelta(minutes=1)
    with database.write() as connection:
        sla_run.run(connection, hours, now)
        found = forecast(connection, hours, now)
    late = [line["reference"] for line in found if line["target"] == "first_response"]
    assert late == waiting[1:]           # four in 121 minutes: the second's turn comes 90 s too late
    assert all(line["late_seconds"] > 0 for line in found if line["expected_at"])
    assert [line["position"] for line in found if line["target"] == "first_response"] == [2, 3, 4, 5]


def test_the_forecast_of_a_queue_with_hours_of_its_own_runs_in_them(database, hours):
    value = {"calendars": {"nuit": {"hours": "mon-sun 00:00-24:00"}}, "policies": [
        {"queue": "urgent", "priority": "*", "calendar": "24/7", "first_response": 90},
        {"queue": "nuit", "priority": "*", "calendar": "nuit", "first_response": 90},
        {"queue": "*", "priority": "*", "calendar": "desk", "first_response": 90}]}
    with database.write() as connection:
        policies.save(connection, value, base=0, author="lea", desk=hours)
    night = utc("2026-11-23 23:00")                          # Paris: midnight, the desk is shut
    for queue in ("urgent", "nuit", "fr"):
        for n in range(4):
            answered = opened(database, hours, night - timedelta(hours=3), given={"queue": queue})
            at(database, night - timedelta(minutes=170 - 30 * n), service.reply, answered, ANA, "Bonjour")
        opened(database, hours, night, given={"queue": queue})
    with database.write() as connection:
        sla_run.run(connection, hours, night)
        found = forecast(connection, hours, night)
    assert [line["queue"] for line in found if line["target"] == "first_response"] == ["fr"], "theirs is the desk's pace"


class Translator:
    """Turns a text around, or breaks."""

    def __init__(self) -> None:
        self.broken: Exception | None = None
        self.calls = 0

    def translate(self, text: str, source: str, target: str) -> str:
        self.calls += 1
        if self.broken:
            raise self.broken
        return f"[{source}>{target}] {text}"


def test_both_texts_are_kept_of_a_language_nobody_speaks(database, hours):
    chat, translator = Chat(database, "nl"), Translator()
    chat.say("Ik heb een vraag over mijn factuur")
    reference = chat.ticket(hours, MONDAY)
    translator.broken = Unavailable("away")
    assert translate_pending(database, translator) == 0
    translator.broken = None
    assert translate_pending(database, translator) == 1
    assert translate_pending(database, translator) == 0
    with database.read() as connection:
        said = next(e for e in conversations.all_events(connection, chat.id) if e.author == "customer")
    assert said.text == "Ik heb een vraag over mijn factuur"
    assert said.payload["translation"] == {"language": "en", "text": "[nl>en] Ik heb een vraag over mijn factuur"}
    text = translate_reply(database, translator, reference, "Hello")
    with database.write() as connection:
        service.reply(connection, reference, ANA, text, original="Hello")
    with database.read() as connection:
        answered = conversations.all_events(connection, chat.id)[-1]
    assert (answered.text, answered.payload["translation"]) == ("[en>nl] Hello", {"text": "Hello"})
    chat.say("Dank u, en nu?")
    translator.broken = BadInput("no such language")
    calls = translator.calls
    assert translate_pending(database, translator) == 0
    assert translate_pending(database, translator) == 0
    assert translator.calls == calls + 1                     # marked, not tried again
    with pytest.raises(BadInput, match="No translation server"):
        translate_reply(database, None, reference, "Hello")
    translator.broken = Unavailable("away")
    with pytest.raises(Unavailable, match="untranslated"):
        translate_reply(database, translator, reference, "Hello")


class Picky(Translator):
    """A server that breaks on some texts, however often it is asked."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts = texts

    def translate(self, text: str, source: str, target: str) -> str:
        if text in self.texts:
            self.calls += 1
            raise Unavailable("500")
        return super().translate(text, source, target)


def test_texts_the_server_breaks_on_keep_no_other_from_being_translated(database, hours):
    bad = [f"kapot {n}" for n in range(4)]
    first, second = Chat(database, "nl"), Chat(database, "nl")
    for text in bad:
        first.say(text)
    first.ticket(hours, MONDAY)
    second.say("Waar is mijn factuur?")
    second.ticket(hours, MONDAY + timedelta(seconds=1))
    translator, failures = Picky(*bad), Failures()
    runs = [translate_pending(database, translator, failures=failures) for _ in range(2)]
    assert sum(runs) == 1, "behind three broken ones in a row, and yet translated in the next run"

    def translations(chat: Chat) -> list:
        with database.read() as connection:
            return [event.payload.get("translation", {"text": "waits"})["text"]
                    for event in conversations.all_events(connection, chat.id) if event.author == "customer"]

    assert translations(second) == ["[nl>en] Waar is mijn factuur?"]
    assert translations(first) == ["waits"] * 4
    for n in range(12):
        second.say(f"en {n}?")
        assert translate_pending(database, translator, failures=failures) == 1
    assert translations(first) == [None] * 4, "the server's words for it: none"
    calls = translator.calls
    assert translate_pending(database, translator, failures=failures) == 0
    assert translator.calls == calls
    assert not failures.times


def test_a_server_that_is_away_is_asked_thrice_and_gives_nothing_up(database, hours):
    chat, translator, failures = Chat(database, "nl"), Translator(), Failures()
    for n in range(10):
        chat.say(f"vraag {n}")
    chat.ticket(hours, MONDAY)
    translator.broken = Unavailable("away")
    for _ in range(20):
        assert translate_pending(database, translator, failures=failures) == 0
    assert translator.calls == 60
    translator.broken = None
    assert translate_pending(database, translator, failures=failures) == 10


def test_danger_said_to_people_who_are_not_there_yet_is_answered_at_once_and_once(database, hours):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY, given={"theme": "facture"})
    chat.say("laissez tomber, je veux mourir")
    assert "3114" in chat.texts()[-1]
    ticket = ticket_of(database, reference)
    assert (ticket["queue"], ticket["priority"]) == ("trust-safety", 0)
    chat.say("je veux mourir")
    assert chat.texts()[-1] == "je veux mourir"              # said once, an agent reads the rest
    chat.say("et en plus ça sent le gaz")
    assert "0 800 47 33 33" in chat.texts()[-1]
    ticket = ticket_of(database, reference)
    assert ticket["tags"] == ["self-harm", "danger"]
    assert (ticket["packet"]["instructed"], ticket["packet"]["tried"][0]) == ("gas", "consignes de sécurité données")
    assigned = Chat(database)
    other = assigned.ticket(hours, MONDAY)
    at(database, MONDAY, service.take, other, ANA)
    sign_in(database, ANA)
    with time_machine.travel(MONDAY, tick=False):
        assigned.say("je vais me suicider")
    ticket = ticket_of(database, other)
    assert (ticket["assignee"], ticket["queue"], ticket["priority"], assigned.mode()) == ("ana", "fr", 0, "agent")
    assert told(database, other) == [("ana", "danger"), ("lea", "danger")]
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tickets)).scalar_one() == 2


def told(database: Database, reference: str) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(row.username, row.kind) for row in connection.execute(
            sa.select(notifications).where(notifications.c.reference == reference).order_by(notifications.c.id))]


@pytest.mark.parametrize("solved", [False, True])
def test_danger_on_the_ticket_of_an_agent_who_is_not_there_goes_to_its_lane(database, hours, solved):
    with time_machine.travel(MONDAY, tick=False) as traveller:
        chat = Chat(database)
        reference = chat.ticket(hours, MONDAY)
        sign_in(database, ANA)
        at(database, MONDAY, service.take, reference, ANA)
        if solved:
            at(database, MONDAY, service.resolve, reference, ANA)
        traveller.shift(3 * 3600)                            # she went home
        chat.say("ça sent le gaz")
        assert "0 800 47 33 33" in " ".join(chat.texts()[-2:])
        ticket = ticket_of(database, reference)
        assert (ticket["assignee"], ticket["queue"], ticket["priority"], ticket["status"]) == (None, "urgent", 0, "open")
        assert chat.mode() == "waiting"
        assert told(database, reference) == [("ana", "danger"), ("lea", "danger")]
        assert at(database, MONDAY, service.take, reference, LUC)[0]["assignee"] == "luc"


def test_danger_heard_by_the_bot_opens_a_solved_ticket_in_its_lane_and_says_so(database, hours):
    with time_machine.travel(MONDAY, tick=False):
        chat = Chat(database)
        reference = chat.ticket(hours, MONDAY)
        at(database, MONDAY, service.hand_back, reference, ANA)
        assert chat.ticket(hours, MONDAY, given={"danger": "gas", "priority": "urgent"}) == reference
        ticket = ticket_of(database, reference)
        assert (ticket["assignee"], ticket["queue"], ticket["priority"], chat.mode()) == (None, "urgent", 0, "waiting")
        assert told(database, reference) == [("ana", "danger"), ("lea", "danger")]


def test_danger_said_again_days_after_it_was_solved_is_answered_again(database, hours):
    with time_machine.travel(MONDAY, tick=False) as traveller:
        chat = Chat(database)
        reference = chat.ticket(hours, MONDAY)
        chat.say("ça sent le gaz")
        at(database, MONDAY, service.resolve, reference, LUC)
        traveller.shift(2 * 86400)
        chat.say("ça sent le gaz")
        assert "0 800 47 33 33" in " ".join(chat.texts()[-2:])
        assert (ticket_of(database, reference)["assignee"], chat.mode()) == (None, "waiting")


def test_what_enters_the_lane_for_danger_waits_there_from_then_on(database, hours):
    overflow = {"after_minutes": 10, "to": "fr"}
    with database.write() as connection:
        routing.save(connection, {**DEFAULT, "queues": {"urgent": {"overflow": overflow}}}, base=0, author="lea")
    with time_machine.travel(MONDAY, tick=False) as traveller:
        said, found = Chat(database), Chat(database)
        names = [chat.ticket(hours, MONDAY) for chat in (said, found)]
        traveller.shift(20 * 60)
        said.say("ça sent le gaz")
        found.ticket(hours, MONDAY, given={"danger": "gas", "priority": "urgent"})
        assert [ticket_of(database, name)["queue"] for name in names] == ["urgent", "urgent"]
        early, late = (MONDAY + timedelta(minutes=n) for n in (29, 30))
        assert at(database, early, routing.overflow, early) == []
        assert at(database, early, moves.prioritise, names[0], ANA, "high")[0]["queue"] == "urgent"      # moves nothing
        assert sorted(ticket["reference"] for ticket, _ in at(database, late, routing.overflow, late)) == sorted(names)


def test_a_subject_named_is_asked_for_at_every_level_and_danger_is_everyones(database, hours):
    with database.write() as connection:
        accounts.set_abilities(connection, "ana", skills=["facture", "L2"])
        accounts.set_abilities(connection, "luc", skills=["L2"])
        accounts.set_abilities(connection, "lea", skills=["contrat"])

    def able(**of) -> list[str]:
        ticket = {"queue": "fr", "theme": None, "level": "L1", "locale": "fr", "tags": [], "priority": 2} | of
        with database.read() as connection:
            return [agent.username for agent in presence.agents(connection, MONDAY) if agent.can(ticket)]

    assert able(theme="facture", level="L2") == ["ana", "luc"]
    assert able(theme="contrat", level="L2") == ["lea", "luc"]           # not Ana: it is no subject of hers
    assert able(theme="facture") == ["ana", "luc"]                       # only a level named: any subject
    assert able(queue="urgent", priority=0) == ["ana", "lea", "luc"]


def test_what_is_given_out_is_told_and_goes_to_another_where_its_agent_has_left(database, hours):
    sign_in(database, ANA)
    with database.write() as connection:
        routing.save(connection, {**DEFAULT, "assignment": "auto"}, base=0, author="lea")
    chat = Chat(database)
    with time_machine.travel(MONDAY, tick=False):
        left, begun, noted = chat.ticket(hours, MONDAY), Chat(database).ticket(hours, MONDAY), Chat(database).ticket(hours, MONDAY)
    assert len(at(database, MONDAY, assignment.run, MONDAY)) == 3
    assert told(database, left) == [("ana", "assigned")]
    at(database, MONDAY, service.take, begun, ANA)
    at(database, MONDAY, service.note, noted, ANA, "j'attends le relevé")      # hers to go on with
    said = len(chat.texts())
    soon, later = MONDAY + timedelta(minutes=9), MONDAY + timedelta(minutes=11)
    sign_in(database, LUC, when=later)
    assert at(database, soon, assignment.run, soon) == []
    at(database, later, assignment.run, later)
    assert [ticket_of(database, name)["assignee"] for name in (left, begun, noted)] == ["luc", "ana", "ana"]
    assert told(database, left) == [("ana", "assigned"), ("luc", "assigned")]
    assert len(chat.texts()) == said, "the customer never heard of Ana"
    assert at(database, later, moves.assign, begun, "luc", author="lea")[0]["assignee"] == "luc"
    with database.read() as connection:
        assert connection.execute(sa.select(notifications.c.detail).where(
            notifications.c.reference == begun).order_by(notifications.c.id.desc()).limit(1)).scalar_one() == {"by": "lea"}
