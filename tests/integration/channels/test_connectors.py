"""Tickets in step with Zammad, Zendesk and Jira stand-ins over real HTTP: nothing lost, nothing doubled."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from pydantic import SecretStr
from web_support import ALWAYS, Served, free_port, make_settings, running

from bot.conversations import intake, store
from bot.errors import Unavailable
from bot.handover.service import hand_over
from bot.integrations.connectors import apply, links
from bot.integrations.connectors.port import RemoteComment
from bot.integrations.connectors.setup import poll, register, systems
from bot.jobs.chores import retain
from bot.privacy.erasure import erase_conversation
from bot.settings import Settings
from bot.staff.accounts import Member
from bot.storage import outbox as outbox_module
from bot.storage.clock import later, parse, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import (
    connector_comments,
    connector_links,
    connectors,
    conversations,
    outbox,
)
from bot.storage.schema import tickets as tickets_table
from bot.tickets import service
from bot.tickets import store as tickets
from bot.tickets.hours import desk
from bot.tickets.merge import merge
from bot.tickets.moves import prioritise
from bot.worker import Worker
from tests.standins.jira import JiraStandIn
from tests.standins.passing import due_now
from tests.standins.zammad import ZammadStandIn
from tests.standins.zendesk import ZendeskStandIn

AGENT = Member("agent", "Ana", "agent")
SOLVED = {"zammad": "closed", "zendesk": "solved"}
TOKENS = {"zammad_token": SecretStr("zammad-token"), "zendesk_user": "bot@example.org",
          "zendesk_token": SecretStr("zendesk-token"), "jira_user": "bot@example.org", "jira_token": SecretStr("jira-token"),
          "zammad_webhook_secret": SecretStr("zammad-secret"), "zendesk_webhook_secret": SecretStr("zendesk-secret"),
          "jira_webhook_secret": SecretStr("jira-secret")}


class Pair:
    """Our side and a stand-in, with what tests do on either."""

    def __init__(self, name: str, home: Path, database_url: str, mapping: str = "") -> None:
        self.name = name
        self.there: Any = {"zammad": ZammadStandIn, "zendesk": ZendeskStandIn, "jira": JiraStandIn}[name]()
        self.port = free_port()
        self.served: Served | None = Served(self.there.app, self.port).start()
        self.settings: Settings = make_settings(
            home, None, database_url=database_url, opening_hours=ALWAYS,
            **{f"{name}_url": f"http://127.0.0.1:{self.port}"}, **TOKENS)
        if mapping:
            path = home / "connectors.yml"
            path.write_text(mapping)
            self.settings = self.settings.copy(update={"connectors_file": path})
        self.database = Database(database_url)
        upgrade(self.database)
        register(self.settings, self.database)
        self.worker = Worker(self.settings, self.database)

    def down(self) -> None:
        if self.served:
            self.served.stop()
        self.served = None

    def up(self) -> None:
        self.served = Served(self.there.app, self.port).start()

    def close(self) -> None:
        self.down()
        self.database.close()

    def open(self, text: str = "ma facture est fausse", **more: str) -> str:
        """A chat that became a ticket."""
        with self.database.write() as connection:
            conversation, self.token, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
            self.conversation_id = conversation.id
        self.say(text)
        with self.database.write() as connection:
            self.reference = hand_over(
                connection, store.get(connection, conversation.id, lock=True), desk=desk(self.settings),
                now=utcnow(), **more).reference
        if self.name == "jira":
            self.hand_on()
        return self.reference

    def hand_on(self) -> None:
        with self.database.write() as connection:
            links.ensure(connection, "jira", self.reference, self.conversation_id)
            links.ask(connection, "jira", self.reference, self.conversation_id, "made")

    def say(self, text: str) -> None:
        with self.database.write() as connection:
            intake.accept(connection, self.conversation_id, self.token, client_message_id=uuid.uuid4().hex, text=text,
                          choice=None, knows_article=lambda s, language: None, lease_seconds=5)

    def reply(self, text: str) -> None:
        with self.database.write() as connection:
            service.reply(connection, self.reference, AGENT, text)

    def note(self, text: str) -> None:
        with self.database.write() as connection:
            service.note(connection, self.reference, AGENT, text)

    def deliver(self, rounds: int = 12) -> None:
        """Deliver until nothing is left, letting the time between tries pass."""
        for _ in range(rounds):
            due_now(self.database)
            with self.database.write() as connection:
                connection.execute(sa.update(connectors).values(paused_until=None))
            if self.worker.deliver() == 0:
                return

    def erase(self) -> None:
        """At the customer's wish; and what follows from it."""
        with self.database.write() as connection:
            erase_conversation(connection, self.conversation_id)
            assert connection.execute(sa.select(sa.func.count()).select_from(connector_links)).scalar_one() == 0
        self.deliver()

    def look(self) -> None:
        """They changed something: poll, and do what follows."""
        poll(self.database, systems(self.settings)[self.name])
        self.deliver()

    def ticket(self) -> dict[str, Any]:
        with self.database.read() as connection:
            return tickets.get(connection, self.reference)

    def said(self, author: str) -> list[str]:
        with self.database.read() as connection:
            return [e.text for e in store.all_events(connection, self.conversation_id)
                    if e.author == author and e.kind == "message"]

    def notes(self) -> list[str]:
        with self.database.read() as connection:
            return [line["detail"]["text"] for line in tickets.history(connection, self.reference)
                    if line["action"] == "note"]

    def events(self) -> list[str]:
        """What the customer was shown beside messages."""
        with self.database.read() as connection:
            return [e.text for e in store.all_events(connection, self.conversation_id) if e.kind == "handover"]

    def resolve(self) -> None:
        with self.database.write() as connection:
            service.resolve(connection, self.reference, AGENT)

    def waiting(self) -> dict[str, int]:
        with self.database.read() as connection:
            return outbox_module.counts(connection)


@pytest.fixture(params=["zammad", "zendesk"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Pair]:
    made = Pair(request.param, tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def jira(tmp_path: Path, database_url: str) -> Iterator[Pair]:
    made = Pair("jira", tmp_path, database_url)
    yield made
    made.close()


def test_a_ticket_gets_a_twin_and_words_go_both_ways_once(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    (twin,) = pair.there.tickets.values()
    assert pair.reference in str(twin)
    assert "ma facture est fausse" in pair.there.texts()[0]
    pair.say("Il manque 12 euros.")
    pair.reply("Je regarde.")
    pair.note("Client fidèle, geste possible.")
    pair.deliver()
    pair.there.write("Nous corrigeons la facture.")
    pair.there.write("Vérifier le tarif.", internal=True)
    pair.look()
    for _ in range(3):          # looking again changes nothing on either side
        pair.look()
    assert len(pair.there.tickets) == 1
    assert [sum(word in text for text in pair.there.texts()) for word in
            ("12 euros", "Je regarde", "geste possible", "Nous corrigeons", "le tarif")] == [1, 1, 1, 1, 1]
    assert len(pair.there.texts()) == 6
    assert [text for text in pair.there.texts(internal=True) if "geste" in text]
    assert pair.said("agent") == ["Je regarde.", "Nous corrigeons la facture."]
    assert sum("le tarif" in note for note in pair.notes()) == 1
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_statuses_follow_each_other_forward_and_by_reopening(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.set(state=SOLVED[pair.name])
    pair.look()
    assert pair.ticket()["status"] == "solved"
    pair.say("Ce n'est pas réglé, la facture est toujours fausse.")
    pair.deliver()
    assert pair.ticket()["status"] == "open"
    assert pair.there.status() == "open"
    with pair.database.write() as connection:
        service.resolve(connection, pair.reference, AGENT)
    pair.deliver()
    assert pair.there.status() == SOLVED[pair.name]
    pair.there.set(state="open")
    pair.look()
    assert pair.ticket()["status"] == "open"


def test_whoever_was_merged_in_hears_what_the_other_system_does(pair: Pair) -> None:
    duplicate = pair.open(channel="email", contact="camille@exemple.fr")
    theirs, token = pair.conversation_id, pair.token
    kept = pair.open()
    with pair.database.write() as connection:
        merge(connection, duplicate, AGENT, into=kept)
        number = apply.comment(connection, pair.name, kept, RemoteComment("77", "Nous regardons.", False, "agent", "Luc"))
        own = store.all_events(connection, pair.conversation_id)[-1]
        assert (own.text, number) == ("Nous regardons.", f"m{own.seq}")
        assert store.all_events(connection, theirs)[-1].text == "Nous regardons."
        assert store.get(connection, theirs).mode == "agent"
        answers = connection.execute(sa.select(outbox.c.payload).where(outbox.c.key.like("reply:%"))).scalars().all()
        assert [(mail["to"], mail["reference"]) for mail in answers] == [("camille@exemple.fr", duplicate)]
        apply.status(connection, pair.name, kept, "solved")
        assert store.get(connection, theirs).mode == "closed"
        assert [event.kind for event in store.all_events(connection, theirs)[-3:]] == ["ticket", "closed", "survey"]
        apply.status(connection, pair.name, kept, "open")
        assert store.get(connection, theirs).mode == "waiting"
        apply.status(connection, pair.name, kept, "solved")
    pair.conversation_id, pair.token = theirs, token
    pair.say("ça sent le gaz chez moi")
    assert pair.ticket()["priority"] == 0
    assert pair.ticket()["status"] == "open"


def test_words_in_a_merged_chat_reach_the_twin_once_and_erasing_it_says_where_they_are(pair: Pair) -> None:
    duplicate = pair.open()
    theirs, token = pair.conversation_id, pair.token
    kept = pair.open("une question sur mon contrat")
    own, own_token = pair.conversation_id, pair.token
    pair.deliver()
    with pair.database.write() as connection:
        merge(connection, duplicate, AGENT, into=kept)
    pair.deliver()
    for said, (pair.conversation_id, pair.token) in (
            ("d'ici, une fois", (own, own_token)), ("et de là aussi", (theirs, token)), ("encore un mot", (theirs, token))):
        pair.say(said)
        pair.deliver()
        assert sum(said in text for text in pair.there.texts()) == 1
    pair.there.faults.next = [None, None, "lost", "lost"]
    pair.say("dit pendant une panne")
    pair.deliver()
    pair.look()
    assert sum("dit pendant une panne" in text for text in pair.there.texts()) == 1
    assert not [text for text in pair.said("agent") if "Relais" in text]
    assert pair.waiting() == {"waiting": 0, "dead": 0}
    with pair.database.write() as connection:
        erase_conversation(connection, theirs)
    pair.deliver()
    with pair.database.read() as connection:
        (left,) = connection.execute(sa.select(outbox).where(outbox.c.dead)).mappings()
    assert kept in left["error"]
    assert "remove them there" in left["error"]
    mine = [comment for comment in getattr(pair.there, "comments", None) or pair.there.articles if "x" + theirs[:8] in comment["body"]]
    assert len(mine) == 3
    for comment in mine:
        comment |= {"body": "▇▇▇", "plain_body": "▇▇▇"}
    with pair.database.write() as connection:
        outbox_module.retry(connection, left["id"])
    pair.deliver()
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_answering_and_solving_there_in_one_go_solves_here_too(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.write("C'est corrigé.")
    pair.there.set(state=SOLVED[pair.name])
    pair.look()
    assert (pair.ticket()["status"], pair.there.status()) == ("solved", SOLVED[pair.name])
    assert pair.said("agent") == ["C'est corrigé."]
    pair.look()
    assert (pair.ticket()["status"], pair.there.status()) == ("solved", SOLVED[pair.name])


def test_answering_and_solving_there_outlives_a_worker_killed_between_the_two(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.open()
    pair.deliver()
    pair.there.write("C'est corrigé.")
    pair.there.set(state=SOLVED[pair.name])
    with monkeypatch.context() as patched:
        patched.setattr("bot.integrations.connectors.sync._Pass._fields", lambda *_: (_ for _ in ()).throw(Unavailable("killed")))
        pair.look()
    assert pair.ticket()["status"] == "pending"
    pair.look()
    assert (pair.ticket()["status"], pair.there.status()) == ("solved", SOLVED[pair.name])
    assert pair.said("agent") == ["C'est corrigé."]


def test_an_answer_there_makes_both_wait_for_the_customer(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.write("Quel est votre numéro de contrat ?")
    pair.look()
    assert pair.ticket()["status"] == "pending"
    assert pair.there.status().startswith("pending")


def test_a_comment_that_quotes_one_of_ours_is_heard(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.say("Il manque 12 euros.")
    pair.deliver()
    ours = pair.there.texts()[-1]
    assert ours.endswith("]")
    pair.there.write(f"Merci !\n\n&gt; {ours}" if pair.name == "zammad" else f"Merci !\n\n> {ours}", customer=True)
    pair.look()
    assert [text for text in pair.said("customer") if text.startswith("Merci !")]


def test_a_ticket_closed_for_good_here_stays_open_there_where_it_was_opened_again(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.resolve()
    pair.deliver()
    with pair.database.write() as connection:
        connection.execute(sa.update(tickets_table).values(solved_at=later(-8 * 86400)))
        tickets.close_solved(connection, later(-7 * 86400))
    pair.deliver()
    pair.say("une tout autre question")        # belongs to whatever comes next, not to the closed one
    pair.there.write("Encore une chose", customer=True)
    pair.there.set(state="open")
    for _ in range(3):
        pair.look()
    assert (pair.ticket()["status"], pair.there.status()) == ("closed", "open")
    assert not [text for text in pair.there.texts() if "tout autre" in text]
    with pair.database.read() as connection:
        lines = [line for line in tickets.history(connection, pair.reference) if line["action"] == "connector"]
    assert len(lines) == 1
    assert "Encore une chose" in lines[0]["detail"]["text"]


def test_danger_in_a_customers_comment_there_is_heard_here(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    before = len(pair.events())
    pair.there.write("\u202eça sent le gaz chez moi", customer=True)
    pair.look()
    assert pair.ticket()["priority"] == 0
    assert pair.said("customer")[-1] == "ça sent le gaz chez moi"
    assert len(pair.events()) == before + 1


@pytest.mark.parametrize("settle", ["resolve", "hand_back"])
def test_a_customers_comment_on_a_solved_ticket_opens_it_again_and_thanks_do_not(pair: Pair, settle: str) -> None:
    pair.open()
    pair.deliver()
    with pair.database.write() as connection:
        getattr(service, settle)(connection, pair.reference, AGENT)
    pair.deliver()
    said = len(pair.said("customer"))
    pair.there.write("Merci beaucoup !", customer=True)
    pair.there.set(state=SOLVED[pair.name])    # an agent there sees that it is only thanks
    pair.look()
    assert pair.ticket()["status"] == "solved"
    assert len(pair.said("customer")) == said
    pair.there.write("La facture est toujours fausse et ça sent le gaz.", customer=True)
    pair.there.set(state=SOLVED[pair.name])    # a system that opens nothing by itself
    pair.look()
    assert (pair.ticket()["status"], pair.there.status()) == ("open", "open")
    assert pair.ticket()["priority"] == 0
    assert pair.said("customer")[-1].startswith("La facture est toujours")
    with pair.database.write() as connection:      # settled again: the same danger is as urgent as the first time
        getattr(service, settle)(connection, pair.reference, AGENT)
    pair.deliver()
    pair.there.write("ça sent encore le gaz", customer=True)
    pair.look()
    with pair.database.read() as connection:
        events = store.all_events(connection, pair.conversation_id)
    heard = next(event.seq for event in events if event.text == "ça sent encore le gaz")
    assert any("0 800 47 33 33" in event.text for event in events if event.seq > heard), "whom to call"
    with pair.database.read() as connection:
        assert store.get(connection, pair.conversation_id).mode in ("waiting", "agent")


@pytest.mark.parametrize("name", ["zammad"])
def test_where_one_word_there_is_two_of_ours_nothing_becomes_more_urgent_than_was_meant(
    name: str, tmp_path: Path, database_url: str
) -> None:
    pair = Pair(name, tmp_path, database_url)
    try:
        pair.open()
        pair.deliver()
        pair.there.set(priority="3 high")
        pair.look()
        assert pair.ticket()["priority"] == 1
        pair.there.set(state="pending reminder")
        pair.look()
        assert pair.ticket()["status"] == "on_hold"
        pair.there.faults.next = [None, None, "lost"]         # urgent arrives there, and we do not hear of it
        pair.say("ça sent le gaz chez moi")
        pair.deliver()
        pair.look()
        assert (pair.ticket()["priority"], pair.ticket()["status"]) == (0, "open")
    finally:
        pair.close()


def test_a_refused_status_holds_up_no_words_and_is_said_once(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.refuses = {SOLVED[pair.name]}
    pair.reply("C'est corrigé.")
    pair.resolve()
    pair.deliver()
    assert sum("est corrigé" in text for text in pair.there.texts()) == 1
    assert pair.waiting()["dead"] >= 1
    with pair.database.read() as connection:
        assert "required" in links.of_tickets(connection, [pair.reference])[pair.reference][0]["error"]
    dead = pair.waiting()["dead"]
    pair.note("À revoir.")
    pair.deliver()
    assert sum("revoir" in text for text in pair.there.texts(internal=True)) == 1
    assert pair.waiting()["dead"] == dead + 1
    pair.there.refuses = set()
    pair.note("Réglé.")
    pair.deliver()
    assert pair.there.status() == SOLVED[pair.name]
    assert sum("est corrigé" in text for text in pair.there.texts()) == 1


def test_files_do_not_cross_and_are_named(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.write("Voici le duplicata, voir le fichier joint.", files=["facture-mars.pdf", "rib.pdf"])
    pair.there.write("Vérifié.", internal=True, files=["relevé.xlsx"])
    pair.look()
    (answer,) = pair.said("agent")
    assert "(facture-mars.pdf, rib.pdf : nous n'avons pas pu joindre cela ici." in answer
    assert any("Vérifié." in note and "relevé.xlsx" in note for note in pair.notes())
    pair.there.write("Ma photo", customer=True, files=["compteur.jpg"])
    pair.look()
    assert pair.said("customer")[-1] == "Ma photo\n[compteur.jpg]"
    assert any("à voir dans" in note and "compteur.jpg" in note for note in pair.notes())
    assert not [text for text in pair.there.texts() if "à voir dans" in text]        # nothing goes in circles


def test_an_older_ticket_merged_into_the_twin_there_does_not_bring_our_opening_text_back(tmp_path: Path, database_url: str) -> None:
    pair = Pair("zammad", tmp_path, database_url)
    try:
        pair.open()
        pair.deliver()
        pair.there.merge_in("Une note plus ancienne")
        pair.look()
        assert pair.said("agent") == []
        assert sum("plus ancienne" in note for note in pair.notes()) == 1
    finally:
        pair.close()


_FIELDS = {"zammad": ("zammad: {fields: {theme_relais: theme, queue_relais: queue, who: contact},"
                      " status: {open: open, new: new, pending: pending reminder}}", "theme_relais", "queue_relais", "who"),
           "zendesk": ("zendesk: {fields: {'101': theme, '102': queue, '103': contact}, status: {open: open, new: new}}", "101", "102", "103"),
           "jira": ("jira: {project: SUP, fields: {customfield_1: theme, customfield_2: queue, customfield_3: contact}}",
                    "customfield_1", "customfield_2", "customfield_3")}


@pytest.mark.parametrize("name", ["zammad", "zendesk", "jira"])
def test_custom_fields_go_along_and_later_changes_follow(name: str, tmp_path: Path, database_url: str) -> None:
    mapping, theme, queue, who = _FIELDS[name]
    pair = Pair(name, tmp_path, database_url, mapping)
    pair.there.attributes = {theme, queue, who}
    if name == "jira":
        pair.there.known |= {theme, queue, who}

    def there() -> dict[str, Any]:
        if name == "jira":
            return dict(pair.there.first["fields"])
        row = next(iter(pair.there.tickets.values()))
        return row if name == "zammad" else {str(field["id"]): field["value"] for field in row["custom_fields"]}

    try:
        pair.open("ma facture est fausse", channel="email", contact="camille@exemple.fr")
        pair.deliver()
        ticket = pair.ticket()
        assert there()[queue] == ticket["queue"]
        assert (there()[who] == "camille@exemple.fr") is (name != "jira")         # Jira's are redacted
        with pair.database.write() as connection:
            service.transfer(connection, pair.reference, AGENT, queue="expert-factures")
        pair.deliver()
        assert there()[queue] == "expert-factures"
        before = len([one for one in pair.there.faults.requests if one.startswith("PUT")])
        pair.note("Rien de neuf.")
        with pair.database.write() as connection:
            links.ask(connection, name, pair.reference, pair.conversation_id, "again")
        pair.deliver()
        sent = len([one for one in pair.there.faults.requests if one.startswith("PUT")]) - before
        assert sent == (1 if name == "zendesk" else 0)        # the note, and no field again
        with pair.database.write() as connection:
            now = tickets.get(connection, pair.reference)
            tickets.act(connection, now, "note", "system", {}, packet={**now["packet"], "contact": None})
        pair.deliver()
        assert not there()[who]
        assert pair.waiting() == {"waiting": 0, "dead": 0}
    finally:
        pair.close()


def test_a_long_chat_keeps_to_what_zendesk_takes_on_a_ticket_and_holds_up_no_other(tmp_path: Path, database_url: str) -> None:
    pair = Pair("zendesk", tmp_path, database_url)
    try:
        pair.open()
        pair.deliver()
        for number in range(33):
            pair.say(f"message numéro {number}.")
        pair.deliver(rounds=3)
        first = len(pair.there.texts())
        assert 20 < first < 30
        with pair.database.read() as connection:
            assert links.state(connection, "zendesk")["paused_until"] is None         # never told to slow down
            twin = links.of_tickets(connection, [pair.reference])[pair.reference][0]
            assert "the rest follows" in twin["error"]
            rows = connection.execute(sa.select(outbox.c.next_at).where(outbox.c.done_at.is_(None))).scalars().all()
        # One waits for the ten minutes to pass; others may not have had their first try yet.
        assert any(at > later(60) for at in rows)
        pair.there.updates.clear()                        # ten minutes later
        with pair.database.write() as connection:
            connection.execute(sa.update(connector_comments).values(at=later(-700)))
        pair.deliver()
        everything = "\n".join(pair.there.texts())
        assert [everything.count(f"message numéro {number}.") for number in range(33)] == [1] * 33
        assert pair.waiting() == {"waiting": 0, "dead": 0}
    finally:
        pair.close()


def test_what_happened_on_both_sides_during_an_outage_is_brought_in_step(pair: Pair) -> None:
    old = pair.open()
    pair.deliver()
    pair.down()
    pair.say("dit pendant la panne")
    pair.reply("répondu pendant la panne")
    talk, token = pair.conversation_id, pair.token
    pair.there.write("leur réponse de la même heure")
    pair.there.write("leur note", internal=True)
    pair.there.set(state=SOLVED[pair.name])
    fresh = pair.open("un compteur en panne")             # begins while they are away
    pair.say("il clignote")
    pair.deliver(rounds=4)
    assert pair.waiting()["dead"] == 0
    pair.up()
    pair.deliver()
    pair.look()
    assert len(pair.there.tickets) == 2
    everything = "\n".join(pair.there.texts())
    assert [everything.count(words) for words in
            ("dit pendant la panne", "répondu pendant la panne", "il clignote", "leur note")] == [1] * 4
    assert [text for text in pair.there.texts() if fresh in text]
    pair.reference, pair.conversation_id, pair.token = old, talk, token
    assert pair.ticket()["status"] == "solved"            # the later of both changes
    assert sum("leur réponse" in text for text in pair.said("agent")) == 1
    assert sum("leur note" in note for note in pair.notes()) == 1
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_jira_away_for_a_while_loses_and_doubles_nothing(jira: Pair) -> None:
    jira.down()
    jira.open()
    jira.note("Reproduit.")
    jira.deliver(rounds=4)
    jira.up()
    jira.deliver()
    assert len(jira.there.issues) == 1
    jira.down()
    jira.note("Toujours là.")
    jira.there.write("On regarde.")
    jira.there.set("In Progress")
    jira.deliver(rounds=3)
    jira.up()
    jira.look()
    jira.look()
    everything = jira.there.first["fields"]["description"] + "\n".join(jira.there.texts())
    assert [everything.count(words) for words in ("Reproduit.", "Toujours là.", "On regarde.")] == [1, 1, 1]
    assert sum("On regarde." in note for note in jira.notes()) == 1
    assert sum("In Progress" in note for note in jira.notes()) == 1
    assert jira.waiting() == {"waiting": 0, "dead": 0}


@pytest.mark.parametrize("api", ["cloud", "server"])
def test_a_release_that_moves_many_issues_is_seen_whole(api: str, tmp_path: Path, database_url: str) -> None:
    jira = Pair("jira", tmp_path, database_url, f"jira: {{api: {api}, project: SUP}}")
    try:
        jira.open()
        jira.deliver()
        one = jira.there.first
        for number in range(200, 450):
            jira.there.issues[str(number)] = {**one, "id": str(number), "key": f"SUP-{number}", "fields": dict(one["fields"])}
        old = jira.there.issues["200"]["fields"]
        old["updated"] = later(-3600).replace("Z", "+0000")
        found, _ = systems(jira.settings)["jira"].changed(None)
        assert len(set(found)) == 250
        assert "200" not in found
    finally:
        jira.close()


def test_a_change_they_show_late_is_not_missed(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.look()
    if pair.name == "zendesk":
        pair.there.settling = 60.0          # its export leaves out the last minute
    else:
        pair.there.lag = 30.0               # its search index is behind
    pair.there.write("Bien reçu.")
    with time_machine.travel(utcnow() + timedelta(seconds=20), tick=True) as clock:
        pair.look()
        assert pair.said("agent") == []
        clock.shift(timedelta(seconds=50))
        pair.look()
        assert pair.said("agent") == ["Bien reçu."]


def test_zendesks_changes_come_page_by_page_and_need_an_admin(tmp_path: Path, database_url: str) -> None:
    pair = Pair("zendesk", tmp_path, database_url)
    try:
        references = [pair.open(f"question {number}") for number in range(3)]
        pair.deliver()
        pair.look()
        pair.there.page = 2
        for row in pair.there.tickets.values():
            row |= {"status": "solved", "updated_at": pair.there.clock.now()}
        for _ in range(2):
            pair.look()
        for pair.reference in references:
            assert pair.ticket()["status"] == "solved"
        pair.there.admin = False
        assert poll(pair.database, systems(pair.settings)["zendesk"]) == 0
    finally:
        pair.close()


def test_ours_wins_where_it_is_the_later_change_and_a_note_is_no_change(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.set(state="pending reminder" if pair.name == "zammad" else "hold")
    with pair.database.write() as connection:
        service.take(connection, pair.reference, AGENT)
        service.resolve(connection, pair.reference, AGENT)        # later
    pair.deliver()
    assert (pair.ticket()["status"], pair.there.status()) == ("solved", SOLVED[pair.name])


def test_a_note_of_ours_makes_an_older_change_no_later(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    with pair.database.write() as connection:
        service.hold(connection, pair.reference, AGENT)
    pair.there.set(state=SOLVED[pair.name])          # later
    pair.note("Toujours en attente du technicien.")  # later still, but it changes no status
    pair.deliver()
    assert (pair.ticket()["status"], pair.there.status()) == ("solved", SOLVED[pair.name])


def test_priorities_changed_on_both_sides_the_later_wins(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.set(priority="1 low" if pair.name == "zammad" else "low")          # no word of ours: left alone
    pair.look()
    before = pair.ticket()["priority"]
    with pair.database.write() as connection:
        prioritise(connection, pair.reference, AGENT, "urgent")
    pair.deliver()
    assert (pair.ticket()["priority"], before) == (0, 2)
    assert next(iter(pair.there.tickets.values()))["priority"] == ("3 high" if pair.name == "zammad" else "urgent")
    pair.there.set(priority="2 normal" if pair.name == "zammad" else "normal")
    pair.deliver()
    pair.look()
    assert pair.ticket()["priority"] == 2


def test_where_both_changed_the_later_change_wins(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    with pair.database.write() as connection:
        service.hold(connection, pair.reference, AGENT)
    pair.there.set(state=SOLVED[pair.name])          # later
    pair.deliver()
    assert pair.ticket()["status"] == "solved"
    assert pair.there.status() == SOLVED[pair.name]


@pytest.mark.parametrize("fault", [500, 429, "lost", 503, 401, 409])
def test_a_fault_at_any_step_loses_and_doubles_nothing(pair: Pair, fault: int | str) -> None:
    pair.open()
    for step in range(7):
        pair.there.faults.next = [None] * step + [fault]
        pair.say(f"message numéro {step}")
        pair.deliver()
    pair.there.faults.next = []
    pair.deliver()
    assert len(pair.there.tickets) == 1
    everything = "\n".join(pair.there.texts())
    assert [everything.count(f"message numéro {step}") for step in range(7)] == [1] * 7
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_a_429_pauses_the_whole_system_for_as_long_as_it_says(pair: Pair) -> None:
    pair.there.faults.next = [429]
    pair.open()
    pair.worker.deliver()
    seen = len(pair.there.faults.requests)
    due_now(pair.database)
    pair.worker.deliver()
    poll(pair.database, systems(pair.settings)[pair.name])
    assert len(pair.there.faults.requests) == seen
    with pair.database.read() as connection:
        assert 20 < (parse(links.state(connection, pair.name)["paused_until"]) - utcnow()).total_seconds() <= 30
        assert "slow down" in links.of_tickets(connection, [pair.reference])[pair.reference][0]["error"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_hour_of_outage_by_the_clock_loses_and_doubles_nothing(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.down()
    begin = utcnow()
    tries = 0
    with time_machine.travel(begin, tick=True) as clock:
        pair.say("pendant la panne")
        pair.reply("réponse pendant la panne")
        while utcnow() < begin + timedelta(hours=1):
            tries += pair.worker.deliver()
            with pair.database.read() as connection:
                due = connection.execute(sa.select(sa.func.min(outbox.c.next_at)).where(
                    outbox.c.done_at.is_(None), outbox.c.topic == "connector")).scalar_one()
                assert outbox_module.counts(connection)["dead"] == 0
            clock.move_to(max(parse(due), utcnow() + timedelta(seconds=1)))
        assert 10 < tries < 60          # it kept trying, with growing pauses
        pair.up()
        for _ in range(6):
            clock.shift(timedelta(hours=2))
            pair.worker.deliver()
    everything = "\n".join(pair.there.texts())
    assert everything.count("]") >= 2
    assert [sum(word in text for text in pair.there.texts()) for word in
            (": pendant la panne", "réponse pendant la panne")] == [1, 1]
    assert len(pair.there.tickets) == 1
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_a_twin_removed_there_is_said_and_not_made_again(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.tickets.clear()
    pair.say("encore là ?")
    pair.deliver()
    assert pair.waiting()["dead"] == 1
    assert pair.there.tickets == {}
    with pair.database.read() as connection:
        assert "removed there" in links.of_tickets(connection, [pair.reference])[pair.reference][0]["error"]


def test_an_issue_is_handed_to_jira_redacted_and_comes_back_as_notes(jira: Pair) -> None:
    jira.open("mon adresse est camille@exemple.fr et rien ne marche")
    jira.deliver()
    assert "camille@exemple.fr" not in str(jira.there.first)
    assert "rien ne marche" in jira.there.first["fields"]["description"]
    jira.say("je rappelle")                       # customers' words stay here
    jira.note("Reproduit sur deux compteurs.")
    jira.deliver()
    assert [text for text in jira.there.texts() if "deux compteurs" in text]
    assert not [text for text in jira.there.texts() if "rappelle" in text]
    jira.there.write("Corrigé en 2.4")
    jira.there.set("Done")
    jira.look()
    jira.look()
    assert sum("Corrigé en 2.4" in note for note in jira.notes()) == 1
    assert sum("SUP-1" in note and "Done" in note for note in jira.notes()) == 1
    assert len(jira.there.texts()) == 2           # nothing went in circles
    assert jira.ticket()["status"] != "solved"


@pytest.mark.parametrize("fault", [500, 429, "lost"])
def test_jira_faults_lose_and_double_nothing(jira: Pair, fault: int | str) -> None:
    jira.open()
    for step in range(5):
        jira.there.faults.next = [None] * step + [fault]
        jira.note(f"note numéro {step}")
        jira.deliver()
    assert len(jira.there.issues) == 1
    everything = "\n".join([jira.there.first["fields"]["description"], *jira.there.texts()])
    assert [everything.count(f"note numéro {step}") for step in range(5)] == [1] * 5
    assert jira.waiting() == {"waiting": 0, "dead": 0}


def test_tickets_without_a_jira_issue_queue_nothing_for_jira(jira: Pair) -> None:
    with jira.database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        hand_over(connection, store.get(connection, conversation.id, lock=True), desk=desk(jira.settings), now=utcnow())
    assert jira.waiting()["waiting"] == 0


def test_erasing_a_conversation_takes_its_links_and_its_twin_along(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.say("Mon numéro est le 06 12 34 56 78.")
    pair.deliver()
    pair.erase()
    assert not pair.there.tickets
    assert not pair.there.texts()
    assert not getattr(pair.there, "deleted", None)      # not in the bin either
    assert pair.waiting() == {"waiting": 0, "dead": 0}
    pair.worker.deliver()
    with pair.database.read() as connection:
        kept = str(connection.execute(sa.select(outbox.c.payload, outbox.c.conversation_id)).all())
    assert pair.conversation_id not in kept
    assert "facture" not in kept


def test_a_twin_we_may_not_delete_is_emptied_and_people_are_told(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    pair.there.may_delete = False
    pair.erase()
    (twin,) = pair.there.tickets.values()
    assert "facture" not in str(twin)
    assert any("delete" in text for text in pair.there.texts(internal=True))
    with pair.database.read() as connection:
        (left,) = connection.execute(sa.select(outbox).where(outbox.c.dead)).mappings()
        assert "delete it there" in left["error"]
    pair.there.may_delete = True                # the right was given: the console tries again
    with pair.database.write() as connection:
        outbox_module.retry(connection, left["id"])
    pair.deliver()
    assert not pair.there.tickets
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_a_twin_whose_making_was_not_heard_of_is_erased_too_and_an_outage_waited_for(pair: Pair) -> None:
    pair.open()
    pair.there.faults.next = ["lost"]           # made there, and we do not know its id
    due_now(pair.database)
    pair.worker.deliver()
    assert len(pair.there.tickets) == 1
    pair.down()
    pair.erase()
    assert pair.waiting()["waiting"] == 1
    pair.up()
    pair.deliver()
    assert not pair.there.tickets
    assert pair.waiting() == {"waiting": 0, "dead": 0}


def test_a_conversation_whose_time_is_over_leaves_its_twin_to_that_systems_rules(pair: Pair) -> None:
    pair.open()
    pair.deliver()
    with pair.database.write() as connection:
        connection.execute(sa.update(tickets_table).values(status="closed", solved_at=later(-400 * 86400)))
        connection.execute(sa.update(conversations).values(last_at=later(-400 * 86400)))
    assert retain(pair.database, 365, pair.settings.spool) == 1
    pair.worker.deliver()
    assert len(pair.there.tickets) == 1


def test_an_issue_stays_without_the_customers_words(jira: Pair) -> None:
    jira.open()
    jira.deliver()
    jira.note("Le client s'est plaint.")
    jira.deliver()
    jira.there.write("Corrigé dans la 2.3.")
    jira.erase()
    assert "facture" not in str(jira.there.first["fields"])
    assert jira.there.texts() == ["Corrigé dans la 2.3."]
    assert jira.waiting() == {"waiting": 0, "dead": 0}


def test_a_ticket_that_never_left_queues_no_erasure(pair: Pair) -> None:
    pair.open()
    with pair.database.write() as connection:
        erase_conversation(connection, pair.conversation_id)
    assert pair.waiting() == {"waiting": 0, "dead": 0}


@pytest.mark.parametrize("name", ["zammad", "zendesk", "jira"])
def test_their_webhooks_must_be_signed_and_bring_a_ticket_in_step(name: str, tmp_path: Path) -> None:
    there: Any = {"zammad": ZammadStandIn, "zendesk": ZendeskStandIn, "jira": JiraStandIn}[name]()
    served = Served(there.app).start()
    try:
        with running(tmp_path, None, **{f"{name}_url": served.url}, **TOKENS) as web:
            customer = web.customer()
            customer.post("ma facture est fausse")
            reference = web.http.post(f"{customer.url}/handover", headers=customer.headers, json={}).json()["ticket"]
            agent = web.staff("agent")
            asked = agent.post(f"/tickets/{reference}/issue")
            assert asked.status_code == (202 if name == "jira" else 404)
            assert agent.post(f"/tickets/{reference}/issue").status_code == asked.status_code
            worker = Worker(web.settings, web.services.database)
            worker.deliver()
            there.write("Une réponse de là-bas")
            body, headers = there.webhook()
            url = f"{web.url}/api/v1/connectors/{name}"
            assert web.http.post(url, content=body).status_code == 401
            assert web.http.post(url, content=body + b" ", headers=headers).status_code == 401
            assert web.http.post(url, content=b" " * 300_000, headers=headers).status_code == 401
            assert web.http.post(url, content=b" " * 2_100_000, headers=headers).status_code == 413
            assert web.http.post(url, content=body, headers=headers).json() == {"known": True}
            assert web.http.post(url, content=body, headers=headers).status_code == 202     # delivered twice
            worker.deliver()
            shown = agent.get(f"/tickets/{reference}").json()
            words = [e.get("text") for e in shown["transcript"]] + [n["detail"]["text"] for n in shown["notes"]]
            assert sum("Une réponse de là-bas" in str(word) for word in words) == 1
            assert [twin["connector"] for twin in shown["external"]] == [name]
            lead = web.staff("lead").get("/connectors").json()["connectors"]
            assert [(row["name"], row["active"], row["tickets"]) for row in lead] == [(name, True, 1)]
    finally:
        served.stop()


def test_an_address_nobody_listens_on_is_unavailable_and_a_slow_one_too() -> None:
    import httpx

    from bot.errors import Unavailable
    from bot.integrations.connectors.client import JsonClient

    there = ZammadStandIn()
    served = Served(there.app).start()
    there.faults.next = ["hang"]
    try:
        slow = JsonClient("Zammad", served.url, {}, timeout=httpx.Timeout(0.3))
        with pytest.raises(Unavailable, match="ReadTimeout"):
            slow.call("GET", "/api/v1/tickets/1")
    finally:
        served.stop()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable, match="ConnectError"):
        JsonClient("Zammad", f"http://127.0.0.1:{port}", {}).call("GET", "/")
