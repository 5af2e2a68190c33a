"""States of tickets, references, opening hours, routing, courtesy, contact."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.courtesy import is_courtesy
from bot.errors import BadInput, ConfigurationError, Conflict
from bot.handover.contact import normalise
from bot.tickets.hours import Desk, parse_hours
from bot.tickets.states import ACTIONS, LEVELS, LIVE, STATUSES, level_above, next_status
from bot.tickets.store import new_reference

PARIS = ZoneInfo("Europe/Paris")
DESK = Desk(PARIS, parse_hours("mon-fri 08:00-20:00; sat 09:00-18:00"), "FR")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_pair_of_state_and_action_is_decided(status, action):
    if status in ACTIONS[action].allowed:
        assert next_status(action, status) in STATUSES
    else:
        with pytest.raises(Conflict, match="does not allow"):
            next_status(action, status)


def test_nothing_leaves_closed_and_only_solved_enters_it():
    assert all("closed" not in rule.allowed for rule in ACTIONS.values())
    into = {name for name, rule in ACTIONS.items() if rule.to == "closed"}
    assert into == {"close", "merge"}
    assert ACTIONS["close"].allowed == {"solved"}
    assert ACTIONS["merge"].allowed == LIVE | {"solved"}


def test_levels_go_up_and_end():
    assert [level_above(level) for level in LEVELS[:-1]] == list(LEVELS[1:])
    with pytest.raises(Conflict):
        level_above(LEVELS[-1])


def test_every_live_state_can_be_settled():
    assert all(next_status("resolve", status) == "solved" for status in LIVE)


def test_references_are_readable_and_differ():
    made = {new_reference() for _ in range(2000)}
    assert len(made) > 1995
    assert all(len(r) == 10 and not set(r[4:]) & set("01ILOUV") for r in made)


@pytest.mark.parametrize(("local", "is_open", "opening"), [
    ("2026-11-26 12:00", True, "2026-11-26 12:00"),
    ("2026-11-26 07:59", False, "2026-11-26 08:00"),
    ("2026-11-26 20:00", False, "2026-11-27 08:00"),
    ("2026-11-28 18:30", False, "2026-11-30 08:00"),     # Saturday evening
    ("2026-12-24 21:00", False, "2026-12-26 09:00"),     # Christmas, then a Saturday
    ("2026-05-01 10:00", False, "2026-05-02 09:00"),     # 1 May, a Friday
    ("2026-03-29 12:00", False, "2026-03-30 08:00"),     # the clocks change that day
])
def test_opening_hours(local, is_open, opening):
    at = datetime.fromisoformat(local).replace(tzinfo=PARIS)
    assert DESK.is_open(at) is is_open
    assert DESK.next_opening(at) == datetime.fromisoformat(opening).replace(tzinfo=PARIS)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)))
def test_the_next_opening_is_open_and_not_before(naive):
    at = naive.replace(tzinfo=timezone.utc)
    opening = DESK.next_opening(at)
    assert opening is not None
    assert DESK.is_open(opening)
    assert opening >= at
    assert opening - at < timedelta(days=5)


def test_a_desk_that_never_opens_says_so():
    assert Desk(PARIS, parse_hours("")).next_opening(datetime.now(timezone.utc)) is None


@pytest.mark.parametrize("text", ["mon", "mon-fri", "mon 8-7", "lun 08:00-12:00", "mon 25:00-26:00", "mon 08:00-12:00 x"])
def test_hours_that_cannot_be_read_are_named(text):
    with pytest.raises(ConfigurationError, match="RELAIS_OPENING_HOURS"):
        parse_hours(text)


@pytest.mark.parametrize(("language", "words"), [
    ("fr", "demain à 08:00"), ("en", "tomorrow at 08:00"), ("nl", "morgen om 08:00"),
    ("es", "mañana a las 08:00"), ("de", "morgen um 08:00"), ("it", "domani alle 08:00"),
])
def test_the_opening_is_told_in_words(language, words):
    now = datetime(2026, 11, 26, 21, 0, tzinfo=PARIS)
    opening = DESK.next_opening(now)
    assert opening is not None
    assert DESK.describe(opening, now, language) == words


@pytest.mark.parametrize("text", ["merci", "Merci beaucoup !", "👍", "ok merci, bonne journée", "Thank you very much", "Vielen Dank!", "grazie mille", "👍🏽", "merci 🙏", "c'est bon"])
def test_thanks_need_no_person(text):
    assert is_courtesy(text)


@pytest.mark.parametrize("text", ["merci mais ça ne marche pas", "ok et ma facture ?", "non", "merci 3", "et maintenant ?",
                                  "Проблема снова", "لم يعمل", "!!!", "…", "", "😡", "super 😡", "a"])
def test_more_than_thanks_does(text):
    assert not is_courtesy(text)


@pytest.mark.parametrize(("channel", "given_", "kept"), [
    ("email", " Camille.D@exemple.fr ", "Camille.D@exemple.fr"),
    ("phone", "06 39 98 12 34", "+33639981234"), ("phone", "+32 470 12 34 56", "+32470123456"),
])
def test_contacts_are_normalised(channel, given_, kept):
    assert normalise(channel, given_, "fr") == kept


@pytest.mark.parametrize(("channel", "bad"), [
    ("email", "x"), ("email", "a@b"), ("email", "a b@c.fr"), ("email", "a@c.fr\r\nBcc: d@e.fr"), ("email", "a@c..fr"),
    ("phone", "12"), ("phone", "abc"), ("phone", ""),
])
def test_contacts_that_cannot_work_are_refused(channel, bad):
    with pytest.raises(BadInput):
        normalise(channel, bad, "fr")
