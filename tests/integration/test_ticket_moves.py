"""Levels, tags, links, merges, promised news, people who leave: on both engines."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from ticket_support import ANA, LEA, LUC, PASSWORD, Chat, utc

from bot.attachments import store as attachments_store
from bot.conversations import intake
from bot.conversations import store as conversations
from bot.conversations.wording import say
from bot.desk import snooze
from bot.errors import BadInput, Conflict
from bot.handover.service import hand_over
from bot.privacy.erasure import erase_conversation
from bot.staff import accounts
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import alembic_config, upgrade
from bot.storage.schema import (
    attachment_removals,
    notifications,
    outbox,
    staff,
    ticket_events,
    tickets,
    webhook_endpoints,
    webhook_messages,
)
from bot.tickets import follow_ups, links, moves, service, store
from bot.tickets.hours import Desk
from bot.tickets.merge import merge
from bot.tickets.sla_store import sla_of
from bot.visitors import store as visitors
from bot.visitors.identity import Identity

MONDAY = utc("2026-11-23 09:00")


def do(database: Database, move, *args, **more):
    with database.write() as connection:
        return move(connection, *args, **more)


def read(database: Database, reference: str) -> dict:
    with database.read() as connection:
        return store.get(connection, reference)


def actions(database: Database, reference: str) -> list[str]:
    with database.read() as connection:
        return [line["action"] for line in store.history(connection, reference)]


def test_ones_own_ticket_on_hold_goes_on_by_taking_or_answering_it(database: Database, hours: Desk):
    reference = Chat(database).ticket(hours, MONDAY)
    do(database, service.take, reference, ANA)
    do(database, service.hold, reference, ANA)
    ticket, events = do(database, service.take, reference, ANA)
    assert (ticket["status"], [(e.kind, e.payload["status"]) for e in events]) == ("open", [("ticket", "open")]), "the customer knows who is there"
    assert do(database, service.take, reference, ANA)[1] == []
    do(database, service.hold, reference, ANA)
    assert do(database, service.reply, reference, ANA, "J'ai la réponse.")[0]["status"] == "pending"
    assert actions(database, reference) == ["open", "take", "hold", "take", "hold", "reply"]


def test_escalating_keeps_history_and_lets_go(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    do(database, service.take, reference, ANA)
    ticket, events = do(database, moves.escalate, reference, ANA, reason="compteur à vérifier")
    assert (ticket["level"], ticket["assignee"], ticket["status"]) == ("L2", None, "open")
    assert chat.mode() == "waiting"
    assert [e.kind for e in events] == ["ticket", "handover"]
    assert do(database, moves.escalate, reference, LUC)[0]["level"] == "expert"
    with pytest.raises(Conflict, match="experts"):
        do(database, moves.escalate, reference, LUC)
    with pytest.raises(BadInput):
        do(database, moves.escalate, reference, LUC, level="L1")
    with database.read() as connection:
        lines = [line for line in store.history(connection, reference) if line["action"] == "escalate"]
    assert [(line["author"], line["detail"]["from"], line["detail"]["to"]) for line in lines] == [
        ("ana", "L1", "L2"), ("luc", "L2", "expert")]
    assert lines[0]["detail"]["reason"] == "compteur à vérifier"


def test_tags_and_priority(database: Database, hours: Desk):
    reference = Chat(database).ticket(hours, MONDAY)
    ticket, _ = do(database, moves.tag, reference, ANA, add=["  Gros  Client", "retard"])
    assert ticket["tags"] == ["gros client", "retard"]
    assert do(database, moves.tag, reference, ANA, add=["retard"], remove=["GROS client"])[0]["tags"] == ["retard"]
    for bad in ("", "<b>", "x" * 60, "-a"):
        with pytest.raises(BadInput):
            do(database, moves.tag, reference, ANA, add=[bad])
    with pytest.raises(BadInput, match="20"):
        do(database, moves.tag, reference, ANA, add=[f"t{n}" for n in range(21)])
    assert do(database, moves.prioritise, reference, ANA, "urgent")[0]["priority"] == 0
    with pytest.raises(BadInput):
        do(database, moves.prioritise, reference, ANA, "whatever")
    assert actions(database, reference) == ["open", "tag", "tag", "prioritise"]


def test_links_go_both_ways_and_name_the_outage(database: Database, hours: Desk):
    one, other = (Chat(database).ticket(hours, MONDAY) for _ in range(2))
    do(database, links.link, one, ANA, other)
    do(database, links.link, other, ANA, one)          # the same link
    do(database, links.link_outage, one, ANA, "PAN-31")
    with database.read() as connection:
        found = links.links_of(connection, [store.get(connection, name) for name in (one, other)])
        assert [t["reference"] for t in links.of_outage(connection, "PAN-31")] == [one]
    assert found[one] == [{"kind": "outage", "to": "PAN-31"}, {"kind": "related", "to": other}]
    assert found[other] == [{"kind": "related", "to": one}]
    do(database, links.unlink, one, ANA, other)
    with database.read() as connection:
        assert links.links_of(connection, [store.get(connection, other)])[other] == []
    with pytest.raises(BadInput):
        do(database, links.link, one, ANA, one)


def test_a_ticket_from_inside_the_outage_flow_names_the_outage_it_found(database: Database, hours: Desk):
    for found, outage in (({"id": "PAN-31", "town": "Lyon"}, "PAN-31"), ({"id": None, "soon": None}, None), (None, None)):
        chat = Chat(database)
        with database.write() as connection:
            conversations.update(connection, chat.id, state={"loop": "outage_form", "slots": {"outage_found": found}})
        assert read(database, chat.ticket(hours, MONDAY))["outage"] == outage
    # The bot hands over when the flow has put down its slots: the effect brings what it found.
    left = Chat(database)
    with database.write() as connection:
        made = hand_over(connection, conversations.get(connection, left.id), desk=hours, now=MONDAY, author="bot",
                         given={"flow": "outage", "slots": {"outage_found": {"id": "PAN-31"}}})
    assert read(database, made.reference)["outage"] == "PAN-31"


def test_a_merged_duplicate_points_to_the_survivor_and_its_customer_is_heard_there(database: Database, hours: Desk):
    first, second = Chat(database), Chat(database)
    kept = first.ticket(hours, MONDAY)
    gone = second.ticket(hours, MONDAY)
    do(database, service.reply, kept, ANA, "Je regarde.")
    assert read(database, kept)["status"] == "pending"
    do(database, moves.tag, gone, ANA, add=["deux fois"])
    survivor, told = do(database, merge, gone, ANA, into=kept)
    assert (survivor["reference"], survivor["tags"]) == (kept, ["deux fois"])
    closed = read(database, gone)
    assert (closed["status"], closed["merged_into"]) == ("closed", kept)
    assert actions(database, gone)[-1] == "merge"
    assert kept in told[-1].text
    assert second.mode() == first.mode() == "agent"
    second.say("et alors, ma facture ?")
    assert read(database, kept)["status"] == "open"          # heard on the survivor
    assert second.ticket(hours, MONDAY) == kept              # no second ticket for this chat
    do(database, service.reply, kept, ANA, "C'est corrigé.")
    assert "C'est corrigé." in first.texts()
    assert "C'est corrigé." in second.texts()
    do(database, service.resolve, kept, ANA)
    assert (first.mode(), second.mode()) == ("closed", "closed")
    second.say("non, toujours faux")
    assert read(database, kept)["status"] == "open"
    with pytest.raises(Conflict):
        do(database, service.take, gone, ANA)


RECAP = {"v": 1, "loop": "cancel_contract_form", "slots": {
    "requested_slot": "cancel_contract_confirm", "cancel_contract_end_on": "2026-12-22", "flow_key": "x:1",
    "contract_number": "C00000001", "customer_token": "key",
    "memory": {"pending": "human", "last": "flow", "offered": ["cancel_contract_confirm:yes"], "asks": ["je veux résilier"]}}}
LEFT = {"v": 1, "loop": None, "slots": {
    "contract_number": "C00000001", "customer_token": "key",
    "memory": {"pending": None, "last": "handover", "offered": [], "unknown": 0, "asks": ["je veux résilier"]}}}


def state_of(database: Database, chat: Chat) -> dict | None:
    with database.read() as connection:
        return conversations.get(connection, chat.id).state


def keep_state(database: Database, chat: Chat) -> None:
    do(database, conversations.update, chat.id, state=RECAP)


def test_a_flow_waits_for_no_yes_once_people_took_over(database: Database, hours: Desk):
    chat = Chat(database)
    keep_state(database, chat)
    reference = chat.ticket(hours, MONDAY)
    assert state_of(database, chat) == LEFT
    packet = read(database, reference)["packet"]
    assert packet["slots"] == {"cancel_contract_end_on": "2026-12-22", "contract_number": "C00000001"}
    assert (packet["flow"], packet["verified"]) == ("cancel_contract", True)
    assert chat.ticket(hours, MONDAY, **CAMILLE) == reference       # an address is given afterwards
    again = read(database, reference)["packet"]
    assert {name: again[name] for name in ("slots", "flow", "tried", "request")} == {
        name: packet[name] for name in ("slots", "flow", "tried", "request")}
    do(database, service.take, reference, ANA)
    do(database, service.resolve, reference, ANA)
    chat.say("ok merci")
    assert (chat.mode(), state_of(database, chat)) == ("bot", LEFT), "thanks to Ana, and no yes to the bot"


def test_a_flow_under_way_is_put_down_in_a_merged_chat_too(database: Database, hours: Desk):
    """The duplicate was handed back to the bot, which began a flow; then its request was merged and answered."""
    kept, other = Chat(database), Chat(database)
    into, gone = kept.ticket(hours, MONDAY), other.ticket(hours, MONDAY)
    do(database, service.take, gone, ANA)
    do(database, service.hand_back, gone, ANA)
    keep_state(database, other)
    do(database, merge, gone, ANA, into=into)
    do(database, service.reply, into, ANA, "Je m'en occupe.")
    assert (other.mode(), state_of(database, other)) == ("agent", LEFT)


def mails(database: Database) -> list[tuple[str, str, bool]]:
    """Answers that leave by mail: address, the ticket whose thread it is, whether only unless it is read."""
    with database.read() as connection:
        rows = connection.execute(sa.select(outbox.c.payload).where(
            outbox.c.topic == "mail", outbox.c.key.like("reply:%")).order_by(outbox.c.id)).scalars()
        return [(row["to"], row["reference"], "unless_read" in row) for row in rows]


CAMILLE = {"channel": "email", "contact": "camille@exemple.fr"}


@pytest.mark.parametrize(("survivor", "wanted"), [
    ({"channel": "phone", "contact": "06 39 98 12 34"}, "gone"), ({}, "gone"), (CAMILLE, "kept"),
])
def test_a_merged_duplicate_that_waits_by_mail_gets_the_answer_by_mail(database: Database, hours: Desk, survivor, wanted):
    chats = {"kept": Chat(database), "gone": Chat(database)}
    names = {"kept": chats["kept"].ticket(hours, MONDAY, **survivor), "gone": chats["gone"].ticket(hours, MONDAY, **CAMILLE)}
    do(database, merge, names["gone"], ANA, into=names["kept"])
    do(database, service.reply, names["kept"], ANA, "Votre échéancier est prêt.")
    assert mails(database) == [("camille@exemple.fr", names[wanted], False)], "once, and at once"
    with database.write() as connection:
        ticket = store.get(connection, names["kept"])
        store.act(connection, ticket, "note", "customer", packet=ticket["packet"] | {"contact_bounced": "camille@exemple.fr"})
    do(database, service.reply, names["kept"], ANA, "Encore un mot.")
    assert len(mails(database)) == 1, "not to an address that mails come back from"


def asleep(database: Database, reference: str) -> bool:
    with database.read() as connection:
        return snooze.until_of(connection, reference, utcnow()) is not None


def set_aside(database: Database, reference: str) -> None:
    do(database, snooze.snooze, reference, ANA, later(3 * 86400), utcnow())
    assert asleep(database, reference)


def test_a_snoozed_survivor_is_back_when_the_customer_of_a_duplicate_writes(database: Database, hours: Desk):
    first, second = Chat(database), Chat(database)
    kept, gone = first.ticket(hours, MONDAY), second.ticket(hours, MONDAY)
    set_aside(database, kept)
    do(database, merge, gone, ANA, into=kept)
    assert not asleep(database, kept), "there is more to do than was known"
    set_aside(database, kept)
    second.say("et alors, ma facture ?")
    assert not asleep(database, kept)
    assert do(database, snooze.wake_due, utcnow()) == 1
    with database.read() as connection:
        (told,) = connection.execute(sa.select(notifications).where(notifications.c.kind == "woke")).mappings()
    assert (told["username"], told["reference"], told["detail"]) == ("ana", kept, {"by": "customer"})
    assert actions(database, kept)[-1] == "wake"


@pytest.mark.parametrize("move", [
    lambda c, reference: service.transfer(c, reference, ANA, assignee="luc"),
    lambda c, reference: moves.escalate(c, reference, ANA),
    lambda c, reference: moves.release_all(c, "ana", author="lea"),
])
def test_a_snoozed_ticket_that_is_passed_on_is_there_for_the_next(database: Database, hours: Desk, move):
    reference = Chat(database).ticket(hours, MONDAY)
    do(database, service.take, reference, ANA)
    set_aside(database, reference)
    do(database, move, reference)
    assert not asleep(database, reference)
    assert actions(database, reference)[-1] == "wake"
    assert do(database, snooze.wake_due, utcnow() + timedelta(days=4)) == 0, "nothing came back as planned"


def test_a_snoozed_ticket_that_was_solved_is_in_sight_when_it_opens_again(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    set_aside(database, reference)
    do(database, service.resolve, reference, ANA)
    assert chat.ticket(hours, MONDAY) == reference
    assert not asleep(database, reference)


def test_what_someone_took_or_settled_meanwhile_is_not_given_out(database: Database, hours: Desk):
    taken, solved, back = (Chat(database).ticket(hours, MONDAY) for _ in range(3))
    do(database, service.take, taken, ANA)
    do(database, service.resolve, solved, ANA)
    do(database, service.hold, back, ANA)
    for reference in (taken, solved, back):
        before = read(database, reference)
        assert do(database, moves.assign, reference, "luc", author="system")[1] == []
        assert read(database, reference) == before
    assert do(database, moves.assign, taken, "luc", author="lea")[0]["assignee"] == "luc"


def test_merges_chain_and_cannot_circle(database: Database, hours: Desk):
    chats = [Chat(database) for _ in range(3)]
    a, b, c = (chat.ticket(hours, MONDAY) for chat in chats)
    do(database, merge, a, ANA, into=b)
    do(database, merge, b, ANA, into=c)
    with pytest.raises(Conflict):
        do(database, merge, c, ANA, into=a)
    with pytest.raises(BadInput):
        do(database, merge, c, ANA, into=c)
    do(database, service.reply, c, ANA, "Pour tous.")
    assert all("Pour tous." in chat.texts() for chat in chats)
    chats[0].say("merci de me répondre vite")
    assert read(database, c)["status"] == "open"
    with database.write() as connection:
        erase_conversation(connection, chats[1].id)          # the middle of the chain
    with database.read() as connection:
        assert store.of_conversation(connection, chats[0].id) is None
    chats[0].ticket(hours, MONDAY)                           # gets one of its own


def test_a_duplicates_promised_news_goes_over_to_the_survivor(database: Database, hours: Desk):
    with time_machine.travel(MONDAY, tick=False):
        first, second, third = (Chat(database) for _ in range(3))
        kept, gone, later = (chat.ticket(hours, MONDAY) for chat in (first, second, third))
        for reference, day in ((gone, 27), (later, 30)):
            do(database, follow_ups.schedule_follow_up, reference, ANA, desk=hours, now=MONDAY, next_by=date(2026, 11, day))
        friday = read(database, gone)["promised_at"]
        survivor, _ = do(database, merge, gone, ANA, into=kept)
        assert survivor["promised_at"] == friday
        with database.read() as connection:
            plan = follow_ups.planned(connection, kept)
            assert plan is not None
            assert plan["every_days"] == 4
            assert follow_ups.planned(connection, gone) is None
        assert actions(database, kept)[-2:] == ["follow_up", "absorb"]      # the clock for news runs on
        assert do(database, merge, later, ANA, into=kept)[0]["promised_at"] == friday      # the earlier day stands
        with database.read() as connection:
            assert follow_ups.planned(connection, kept) == plan
    assert len(do(database, follow_ups.run_due, hours, utc("2026-11-27 17:00"))) == 1
    assert "vendredi" not in second.texts()[-1]
    assert first.texts()[-1] == second.texts()[-1] == third.texts()[-1]


def test_an_earlier_promise_of_a_duplicate_replaces_the_later_plan(database: Database, hours: Desk):
    with time_machine.travel(MONDAY, tick=False):
        kept, gone = Chat(database).ticket(hours, MONDAY), Chat(database).ticket(hours, MONDAY)
        for reference, day in ((kept, 30), (gone, 27)):
            do(database, follow_ups.schedule_follow_up, reference, ANA, desk=hours, now=MONDAY, next_by=date(2026, 11, day))
        friday = read(database, gone)["promised_at"]
        assert do(database, merge, gone, ANA, into=kept)[0]["promised_at"] == friday
        assert len(do(database, follow_ups.run_due, hours, utc("2026-11-27 17:00"))) == 1


def test_what_was_promised_is_not_merged_into_a_solved_ticket(database: Database, hours: Desk):
    with time_machine.travel(MONDAY, tick=False):
        kept, gone = Chat(database).ticket(hours, MONDAY), Chat(database).ticket(hours, MONDAY)
        do(database, follow_ups.schedule_follow_up, gone, ANA, desk=hours, now=MONDAY, next_by=date(2026, 11, 27))
        do(database, service.resolve, kept, ANA)
        with pytest.raises(Conflict, match="instead"):
            do(database, merge, gone, ANA, into=kept)
        assert do(database, merge, kept, ANA, into=gone)[0]["promised_at"]
        assert actions(database, gone)[-1] == "absorb"


def test_who_waits_is_not_merged_into_a_solved_ticket(database: Database, hours: Desk):
    first, second = Chat(database), Chat(database)
    solved, waiting = first.ticket(hours, MONDAY), second.ticket(hours, MONDAY)
    do(database, service.reply, solved, ANA, "Voilà.")
    do(database, service.resolve, solved, ANA)
    with pytest.raises(Conflict, match=f"merge {solved} into {waiting} instead"):
        do(database, merge, waiting, ANA, into=solved)
    assert (read(database, waiting)["status"], second.mode()) == ("new", "waiting")
    since = read(database, waiting)["waiting_since"]
    assert do(database, merge, solved, ANA, into=waiting)[0]["waiting_since"] == since


@pytest.mark.parametrize("how", ["pending", "on_hold", "answered and taken up again"])
def test_who_waits_opens_the_ticket_theirs_is_merged_into(database: Database, hours: Desk, how: str):
    with time_machine.travel(MONDAY, tick=False) as traveller:
        kept = Chat(database).ticket(hours, MONDAY)
        do(database, service.reply, kept, ANA, "Je regarde.")
        if how == "on_hold":
            do(database, service.hold, kept, ANA)
        elif how != "pending":
            do(database, service.transfer, kept, ANA, assignee="luc")
        traveller.shift(600)
        gone = Chat(database).ticket(hours, utcnow())
        since = read(database, gone)["waiting_since"]
        traveller.shift(600)
        survivor, _ = do(database, merge, gone, LEA, into=kept)
        assert (survivor["status"], survivor["waiting_since"]) == ("open", since)
        with database.read() as connection:
            clocks = sla_of(connection, [survivor], hours, utcnow())[kept]["clocks"]
    assert ("next_response", "running") in [(clock["target"], clock["state"]) for clock in clocks]


def test_after_a_hand_back_what_moves_nothing_leaves_the_bot_in_charge(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    do(database, service.hand_back, reference, ANA)
    for action in ("snooze", "wake", "issue", "callback", "callback_done"):
        do(database, store.record, reference, action, "ana", "solved", "solved", {})
    chat.say("et comment je change de puissance ?")
    assert (chat.mode(), read(database, reference)["status"]) == ("bot", "solved")


def test_whoever_still_waits_on_a_solved_ticket_opens_it_again(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    do(database, store.act, read(database, reference), "resolve", "zammad")      # its chat was not told
    chat.say("ça sent le gaz chez moi")
    ticket = read(database, reference)
    assert (ticket["status"], ticket["priority"], chat.mode()) == ("open", 0, "waiting")


@pytest.mark.parametrize("language", ["fr", "en", "nl", "es", "de", "it"])
def test_whoever_opens_a_settled_ticket_again_is_told(database: Database, hours: Desk, language: str):
    chat = Chat(database, language)
    reference = chat.ticket(hours, MONDAY)
    do(database, service.resolve, reference, ANA)
    chat.say("4512 kWh ???")
    assert chat.mode() == "agent"
    told = chat.texts()[-1]
    assert reference in told
    assert told == say("reopened", language, reference=reference)
    said = len(chat.texts())
    chat.say("4513 kWh")                                     # said once, then it is an agent's turn
    assert len(chat.texts()) == said + 1


def test_danger_on_a_settled_ticket_is_answered_with_whom_to_call_alone(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    do(database, service.resolve, reference, ANA)
    chat.say("ça sent le gaz chez moi")
    assert "0 800 47 33 33" in chat.texts()[-1]
    assert say("reopened", "fr", reference=reference) not in chat.texts()


def test_what_the_bots_flow_asked_after_a_settled_ticket_is_answered_to_the_bot(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)

    def in_flow() -> None:
        """As a button of the bot's leaves the conversation."""
        with database.write() as connection:
            seq = conversations.get(connection, chat.id).seq
            conversations.update(connection, chat.id, mode="bot", state={
                "loop": "meter_reading_form", "slots": {"flow_key": f"{chat.id}:{chat.id}:{seq}"}})

    in_flow()
    do(database, service.resolve, reference, ANA)            # this flow is older than the settlement
    with database.write() as connection:
        conversations.update(connection, chat.id, mode="bot")
    chat.say("1200345678")
    assert (chat.mode(), read(database, reference)["status"]) == ("agent", "open")
    do(database, service.resolve, reference, ANA)
    in_flow()
    chat.say("1200345678")
    assert (chat.mode(), read(database, reference)["status"]) == ("bot", "solved")
    with database.write() as connection:
        conversations.update(connection, chat.id, state={"loop": None, "slots": {"flow_key": None}})
    chat.say("et ma facture, toujours fausse")
    assert (chat.mode(), read(database, reference)["status"]) == ("agent", "open")


def test_when_a_duplicates_customer_opens_it_again_the_survivors_is_with_people_too(database: Database, hours: Desk):
    first, second = Chat(database), Chat(database)
    kept, gone = first.ticket(hours, MONDAY), second.ticket(hours, MONDAY)
    do(database, merge, gone, ANA, into=kept)
    do(database, service.resolve, kept, ANA)
    second.say("non, toujours faux")
    assert (second.mode(), read(database, kept)["status"]) == ("agent", "open")
    first.say("merci beaucoup !")                            # was told "solved": the bot's to answer
    assert first.mode() == "bot"
    do(database, service.reply, kept, ANA, "Je regarde.")
    do(database, service.resolve, kept, ANA)
    second.say("encore faux")
    first.say("chez moi aussi, c'est faux")
    assert (first.mode(), read(database, kept)["status"]) == ("agent", "open")


def test_tickets_of_two_customers_are_not_merged(database: Database, hours: Desk):
    one = Chat(database).ticket(hours, MONDAY, channel="email", contact="a@exemple.fr")
    other = Chat(database).ticket(hours, MONDAY, channel="email", contact="b@exemple.fr")
    with pytest.raises(Conflict, match="different customers"):
        do(database, merge, one, ANA, into=other)
    assert read(database, one)["status"] == "new"


def verified(contract: str, token: str | None = "key") -> dict:
    return {"v": 1, "loop": None, "slots": {"contract_number": contract, "customer_token": token}}


def test_two_verified_contracts_are_not_merged_and_one_only_named_is_no_obstacle(database: Database, hours: Desk):
    def ticket(state: dict) -> str:
        chat = Chat(database)
        do(database, conversations.update, chat.id, state=state)
        return chat.ticket(hours, MONDAY)

    one, other, same = (ticket(verified(number)) for number in ("C00000001", "C00000002", "C00000001"))
    with pytest.raises(Conflict, match="different customers"):
        do(database, merge, one, ANA, into=other)
    do(database, merge, same, ANA, into=one)
    said = ticket(verified("C00000003", token=None))
    survivor, _ = do(database, merge, one, ANA, into=said)
    assert (survivor["packet"]["verified"], survivor["packet"]["slots"]["contract_number"]) == (True, "C00000001"), "the one that was proved"
    with pytest.raises(Conflict, match="different customers"):
        do(database, merge, other, ANA, into=said)


def test_a_contract_named_after_another_was_proved_is_not_proved(database: Database, hours: Desk):
    chat = Chat(database)
    do(database, conversations.update, chat.id, state=verified("C00000001"))
    reference = chat.ticket(hours, MONDAY)
    assert chat.ticket(hours, MONDAY, **CAMILLE) == reference
    assert read(database, reference)["packet"]["verified"] is True
    do(database, service.resolve, reference, ANA)
    do(database, conversations.update, chat.id, state=verified("C00000002", token=None))
    chat.ticket(hours, MONDAY)
    assert read(database, reference)["packet"]["verified"] is None


def test_tickets_of_two_users_of_the_host_site_are_not_merged(database: Database, hours: Desk):
    def ticket(user: str | None) -> str:
        chat = Chat(database)
        if user:
            do(database, visitors.identify, chat.id, Identity(user_id=user, name=None, email=None, until=later_day()))
        return chat.ticket(hours, MONDAY)

    one, other, same, unknown = (ticket(user) for user in ("u-1", "U-1", "u-1", None))
    with pytest.raises(Conflict, match="different customers"):
        do(database, merge, one, ANA, into=other)
    do(database, merge, same, ANA, into=one)
    do(database, merge, one, ANA, into=unknown)
    with pytest.raises(Conflict, match="different customers"):
        do(database, merge, other, ANA, into=unknown)


def later_day():
    return utcnow() + timedelta(days=1)


@pytest.fixture
def postgres(postgres_url: str):
    made = Database(postgres_url)
    upgrade(made)
    for who in (ANA, LUC):
        do(made, accounts.create, username=who.username, first_name=who.first_name, role=who.role, password=PASSWORD, languages=("fr",))
    yield made
    made.close()


@pytest.mark.postgres
def test_a_note_that_is_told_to_a_webhook_waits_for_no_customer_who_is_writing(postgres: Database, hours: Desk):
    chat = Chat(postgres)
    reference = chat.ticket(hours, MONDAY)
    do(postgres, lambda c: c.execute(sa.insert(webhook_endpoints).values(
        id="e", url="https://exemple.fr", description="", events=["*"], secret="s", active=True, created_by="lea", created_at=later(0))))
    noting = threading.Thread(target=do, args=(postgres, service.note, reference, LUC, "vu"))
    with postgres.write() as connection:
        conversations.get(connection, chat.id, lock=True)
        noting.start()
        noting.join(10)
        assert not noting.is_alive()
    assert actions(postgres, reference)[-1] == "note"
    with postgres.read() as connection:
        told = connection.execute(sa.select(webhook_messages.c.conversation_id)).scalars().all()
    assert told == [chat.id], "it names the conversation"


@pytest.mark.postgres
def test_a_file_that_comes_in_while_its_chat_is_erased_is_looked_at_afterwards(postgres: Database):
    chat = Chat(postgres)
    erasing = threading.Thread(target=do, args=(postgres, erase_conversation, chat.id))
    with postgres.write() as connection:
        attachments_store.add(connection, conversation_id=chat.id, author="agent", name="a.pdf", kind="application/pdf", size=3, sha256="f" * 64)
        erasing.start()
        erasing.join(1.0)
        assert erasing.is_alive(), "waits for the upload"
    erasing.join(20)
    with postgres.read() as connection:
        assert connection.execute(sa.select(attachment_removals.c.sha256)).scalars().all() == ["f" * 64]


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["message", "rating", "person"])
def test_what_a_customer_does_waits_for_a_colleagues_note_and_is_stored(postgres: Database, hours: Desk, what: str):
    database = postgres
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    do(database, service.reply, reference, ANA, "Je regarde.")
    failed: list[Exception] = []

    def customer() -> None:
        try:
            if what == "message":
                chat.say("et alors, ma facture ?")
            elif what == "rating":
                do(database, intake.rate, chat.id, chat.token, kind="csat", value=4, comment=None)
            else:
                chat.ticket(hours, MONDAY, **CAMILLE)
        except Exception as error:
            failed.append(error)

    writing = threading.Thread(target=customer)
    with database.write() as connection:
        service.note(connection, reference, LUC, "vu avec le service réseau")
        writing.start()
        writing.join(1.0)
        assert writing.is_alive(), "waits for the note"
    writing.join(20)
    assert (writing.is_alive(), failed) == (False, [])
    ticket = read(database, reference)
    assert {"message": ticket["status"] == "open", "rating": ticket["satisfaction"] == 4,
            "person": ticket["channel"] == "email"}[what]
    assert "note" in actions(database, reference)


@pytest.mark.parametrize("author", ["customer", "bot", "ana"])
def test_who_asks_for_a_person_again_waits_and_is_not_swallowed_by_a_solved_ticket(database: Database, hours: Desk, author: str):
    chat = Chat(database)
    reference, solved = chat.ticket(hours, MONDAY), Chat(database).ticket(hours, MONDAY)
    for name in (reference, solved):
        do(database, service.resolve, name, ANA)
    assert chat.ticket(hours, MONDAY, author=author) == reference
    ticket = read(database, reference)
    assert ticket["status"] == "open"
    if author == "ana":      # who steps in by themselves is there already
        assert ticket["waiting_since"] is None
        return
    assert ticket["waiting_since"]
    with pytest.raises(Conflict, match="instead"):
        do(database, merge, reference, ANA, into=solved)
    assert do(database, service.reply, reference, ANA, "Me revoilà.")[0]["waiting_since"] is None


@pytest.mark.parametrize(("survivor", "addresses"), [
    ({}, ["camille@exemple.fr"]),
    ({"channel": "phone", "contact": "06 39 98 12 34"}, ["camille@exemple.fr"]),
    ({"contact": "k@exemple.fr"}, ["camille@exemple.fr", "k@exemple.fr"]),
    ({"channel": "email", "contact": "Camille@exemple.fr"}, ["camille@exemple.fr"]),
])
def test_promised_news_is_mailed_to_a_duplicates_customer_too_once_to_an_address(database: Database, hours: Desk, survivor, addresses):
    with time_machine.travel(MONDAY, tick=False) as traveller:
        kept, gone = Chat(database), Chat(database)
        into, reference = kept.ticket(hours, MONDAY, **survivor), gone.ticket(hours, MONDAY, **CAMILLE)
        do(database, follow_ups.schedule_follow_up, reference, ANA, desk=hours, now=MONDAY, next_by=date(2026, 11, 26), tell_now=False)
        do(database, merge, reference, ANA, into=into)
        traveller.move_to(utc("2026-11-26 17:00"))
        assert len(do(database, follow_ups.run_due, hours, utcnow())) == 1
    with database.read() as connection:
        sent = connection.execute(sa.select(outbox.c.payload).where(outbox.c.key.like("follow-up:%")).order_by(outbox.c.id)).scalars().all()
    assert [mail["to"].lower() for mail in sent] == addresses
    assert {mail["text"] for mail in sent} == {gone.texts()[-1]}
    with_dup = [mail["reference"] for mail in sent if mail["to"].lower() == "camille@exemple.fr"]
    assert with_dup == [reference if survivor.get("channel") != "email" else into]


def test_promised_news_goes_out_again_and_again_until_solved(database: Database, hours: Desk):
    chat = Chat(database)
    with time_machine.travel(MONDAY, tick=False) as traveller:
        reference = chat.ticket(hours, MONDAY, channel="email", contact="camille@exemple.fr")
        do(database, service.reply, reference, ANA, "Il faut une visite.")
        ticket, _ = do(database, follow_ups.schedule_follow_up, reference, ANA, desk=hours, now=MONDAY,
                       next_by=date(2026, 11, 26), every_days=7)
        assert ticket["promised_at"] == "2026-11-26T19:00:00.000Z"
        assert "jeudi" in chat.texts()[-1]
        assert reference in chat.texts()[-1]

        def run(at):
            traveller.move_to(at)
            return do(database, follow_ups.run_due, hours, at)

        assert run(utc("2026-11-26 16:59")) == []
        assert len(run(utc("2026-11-26 17:00"))) == 1
        assert "jeudi 03/12" in chat.texts()[-1]
        assert run(utc("2026-11-26 17:00")) == []            # never twice
        assert run(utc("2026-11-24 17:00")) == []            # nor by a clock that goes back
        assert len(run(utc("2026-12-20 12:00"))) == 1        # weeks late: one message, not three
        traveller.move_to(utc("2026-12-21 09:00"))
        do(database, service.reply, reference, ANA, "Visite faite.")
        said = len(chat.texts())
        assert len(run(utc("2026-12-29 12:00"))) == 1        # the answer was the news: not a word
        assert len(chat.texts()) == said
        assert len(run(utc("2027-01-05 17:00"))) == 1        # a week in which nobody wrote: news again
        assert len(chat.texts()) == said + 1
        assert "mardi 12/01" in chat.texts()[-1]
        assert read(database, reference)["promised_at"] == "2027-01-12T19:00:00.000Z"
        do(database, service.resolve, reference, ANA)
        assert run(utc("2027-03-01 12:00")) == []
    with database.read() as connection:
        mails = connection.execute(sa.select(outbox.c.payload).where(outbox.c.key.like("follow-up:%"))).scalars().all()
        assert follow_ups.planned(connection, reference) is None
    assert len(mails) == 4
    assert all(mail["to"] == "camille@exemple.fr" for mail in mails)


@pytest.mark.parametrize("next_by", [date(2026, 11, 22), date(2027, 6, 1)])
def test_news_is_promised_for_days_that_make_sense(database: Database, hours: Desk, next_by):
    reference = Chat(database).ticket(hours, MONDAY)
    with pytest.raises(BadInput):
        do(database, follow_ups.schedule_follow_up, reference, ANA, desk=hours, now=MONDAY, next_by=next_by)


@pytest.mark.parametrize("how", ["deactivate", "remove", "found later"])
def test_tickets_of_someone_who_leaves_go_back_to_their_queue(database: Database, hours: Desk, how: str):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    do(database, service.take, reference, ANA)
    if how == "found later":
        do(database, lambda c: c.execute(sa.delete(staff).where(staff.c.username == "ana")))
        done = do(database, moves.release_orphans)
    else:
        done = do(database, moves.deactivate if how == "deactivate" else moves.remove_account, "ana", author="lea")
    assert len(done) == 1
    ticket = read(database, reference)
    assert (ticket["assignee"], ticket["status"]) == (None, "open")
    assert chat.mode() == "waiting"
    assert actions(database, reference)[-1] == "release"
    with database.read() as connection:
        told = connection.execute(sa.select(notifications.c.username, notifications.c.kind)).all()
    assert [tuple(row) for row in told] == [("lea", "released")]
    assert do(database, moves.release_orphans) == []
    assert do(database, service.take, reference, LUC)[0]["assignee"] == "luc"


def test_a_ticket_given_to_someone_is_greeted_by_them(database: Database, hours: Desk):
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    ticket, _ = do(database, moves.assign, reference, "luc", author="lea")
    assert (ticket["status"], ticket["assignee"], chat.mode()) == ("open", "luc", "waiting")
    _, events = do(database, service.take, reference, LUC)
    assert any("Luc" in event.text for event in events)
    assert chat.mode() == "agent"
    with pytest.raises(BadInput):
        do(database, moves.assign, reference, "personne", author="lea")


def test_upgrading_keeps_tickets_with_their_history_and_downgrading_too(database_url: str, hours: Desk):
    from alembic import command

    database = Database(database_url)
    upgrade(database)
    chat = Chat(database)
    reference = chat.ticket(hours, MONDAY)
    before = actions(database, reference)
    for revision in ("0001", "head"):
        config = alembic_config()
        with database.write() as connection:
            config.attributes["connection"] = connection
            if revision == "head":
                command.upgrade(config, revision)
            else:
                command.downgrade(config, revision)
        with database.read() as connection:
            lines = connection.execute(sa.select(ticket_events.c.action).where(
                ticket_events.c.reference == reference).order_by(ticket_events.c.id)).scalars().all()
            assert lines == before
    with database.read() as connection:
        ticket = store.get(connection, reference)
        assert (ticket["level"], ticket["tags"], ticket["waiting_since"]) == ("L1", [], ticket["opened_at"])
        assert conversations.get(connection, chat.id).id == chat.id
        assert connection.execute(sa.select(tickets.c.sla_version)).scalar_one() == 0
    database.close()


def test_long_ones_are_planned_within_bounds(hours: Desk):
    assert follow_ups.working_day(hours, date(2026, 12, 25)) == date(2026, 12, 26)
    assert follow_ups.end_of_day(hours, date(2026, 12, 25)).hour == 18
    assert follow_ups.day_words(utc("2026-11-24 12:00"), MONDAY, hours, "de") == "morgen"
    assert follow_ups.day_words(MONDAY + timedelta(days=3), MONDAY, hours, "de") == "am Donnerstag"
    assert LEA.role == "lead"
