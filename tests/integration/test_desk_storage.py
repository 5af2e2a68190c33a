"""What the desk keeps, on SQLite and PostgreSQL: search, filters, snooze, notifications, presence, macros."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from web_support import PASSWORD

from bot.conversations import intake, store
from bot.conversations.model import Draft
from bot.desk import (
    away,
    listing,
    macros,
    notify,
    presence,
    requests,
    search,
    snooze,
    trouble,
    views,
)
from bot.desk.filters import Filters, from_data
from bot.desk.placeholders import BrokenPlaceholder
from bot.errors import BadInput, Conflict, Forbidden, NotFound
from bot.privacy.erasure import erase_conversation
from bot.staff import accounts
from bot.staff.accounts import Member
from bot.storage.clock import iso, later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import (
    conversations,
    desk_settings,
    notifications,
    outbox,
    search_documents,
    staff_sessions,
)
from bot.tickets import service
from bot.tickets import store as tickets

ANA, MEHDI, PAUL = Member("ana", "Ana", "agent"), Member("mehdi", "Mehdi", "lead"), Member("paul", "Paul", "agent")


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    upgrade(made)
    with made.write() as connection:
        for who in (ANA, MEHDI):
            accounts.create(connection, username=who.username, first_name=who.first_name, role=who.role, password=PASSWORD)
    yield made
    made.close()


def opened(database: Database, *said: str, **more) -> str:
    """A ticket whose customer said these lines."""
    values = {"queue": "facture", "priority": 2, "channel": "chat", "locale": "fr", "packet": {"slots": {}}, "summary": said[0], **more}
    with database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        store.append(connection, conversation.id, [
            Draft("message", "customer", {"text": line}, uuid.uuid4().hex) for line in said])
        store.update(connection, conversation.id, mode="waiting")
        return tickets.create(connection, author="customer", conversation_id=conversation.id, **values)["reference"]


def say(database: Database, reference: str, text: str, author: str = "customer") -> None:
    with database.write() as connection:
        conversation_id = tickets.get(connection, reference)["conversation_id"]
        store.append(connection, conversation_id, [Draft("message", author, {"text": text})])


def found(database: Database, me: str = "ana", **filters: str) -> list[str]:
    search.catch_up(database)
    with database.read() as connection:
        return [item.ticket["reference"] for item in listing.find(connection, Filters(**filters), me=me, now=utcnow())]


# -- search
def test_words_are_found_in_messages_notes_and_summaries(database: Database):
    one = opened(database, "ma régularisation de 214 euros est fausse")
    two = opened(database, "je déménage à Lyon", summary="[demenagement] « je déménage »")
    say(database, one, "Nous regardons votre échéancier.", "agent")
    with database.write() as connection:
        service.note(connection, two, ANA, "Vu avec Enedis hier")
    assert found(database, q="regularisation") == [one]
    assert found(database, q="RÉGUL 214") == [one]
    assert found(database, q="échéancier") == [one]
    assert found(database, q="enedis") == [two]
    assert found(database, q="régularisation enedis") == [], "all words in one text"
    assert found(database, q=two.removeprefix("SOL-").lower()) == [two]
    assert found(database, q="introuvable") == []
    for nasty in ('"', "'; --", "a* OR b", "NEAR(", "👍", "%", "\\", "&|!()", "x:y", "^"):
        found(database, q=nasty)


def test_only_what_is_new_is_indexed_and_again_changes_nothing(database: Database):
    one = opened(database, "premier message")
    assert search.catch_up(database) == 3      # greeting, message, summary
    assert search.catch_up(database) == 0
    say(database, one, "second message")
    assert search.catch_up(database) == 1
    assert found(database, q="second") == [one]


def test_the_index_holds_no_personal_data_but_contacts_are_found(database: Database):
    one = opened(database, "mon mail est camille@exemple.fr, contrat C-12345674")
    with database.write() as connection:
        conversation_id = tickets.get(connection, one)["conversation_id"]
        store.update(connection, conversation_id, contact="camille@exemple.fr")
    search.catch_up(database)
    with database.read() as connection:
        table = "text" if database.is_sqlite else "CAST(document AS text)"
        words = " ".join(connection.execute(sa.text(f"SELECT {table} FROM search_fts")).scalars())
    assert "camille" not in words
    assert "12345674" not in words
    assert found(database, q="Camille@exemple.fr") == [one]


def test_erasing_takes_the_words_along(database: Database):
    one = opened(database, "un mot unique zanzibar")
    assert found(database, q="zanzibar") == [one]
    with database.write() as connection:
        erase_conversation(connection, tickets.get(connection, one)["conversation_id"])
    with database.read() as connection:
        assert search.find(connection, "zanzibar") == []
        assert connection.execute(sa.select(sa.func.count()).select_from(search_documents)).scalar_one() == 0
        assert connection.execute(sa.text("SELECT count(*) FROM search_fts")).scalar_one() == 0
    two = opened(database, "autre chose")
    assert found(database, q="zanzibar") == []
    assert found(database, q="autre") == [two]


def test_the_line_found_is_shown(database: Database):
    opened(database, "bonjour", "c'est pour ma régularisation, merci")
    search.catch_up(database)
    with database.read() as connection:
        (item,) = listing.find(connection, Filters(q="regul"), me="ana", now=utcnow())
    assert item.snippet == "c'est pour ma régularisation, merci"
    assert item.seq == 3


def test_a_common_word_hides_no_ticket_that_the_filters_want(database: Database):
    mine = opened(database, "ma facture de mars")
    for _ in range(3):
        opened(database, "une facture", "encore la facture", "toujours la facture")
    with database.write() as connection:
        service.take(connection, mine, ANA)
    search.catch_up(database)
    with database.read() as connection:
        assert len(search.find(connection, "facture", 2)) >= 2, "three texts of one ticket are one ticket"
        wanted = listing._with_text(listing._filtered(Filters(assignee="me"), "ana", utcnow()))
        assert [hit.reference for hit in search.find(connection, "facture", 1, wanted)] == [mine]
        assert [item.ticket["reference"] for item in listing.find(
            connection, Filters(q="facture", assignee="me"), me="ana", now=utcnow(), limit=1)] == [mine]


# -- filters
def test_filters_narrow_the_queue_and_the_most_pressing_comes_first(database: Database):
    plain, urgent = opened(database, "un"), opened(database, "deux", priority=0, queue="urgent")
    dutch = opened(database, "drie", locale="nl", queue="nl", channel="email")
    with database.write() as connection:
        service.take(connection, plain, ANA)
    assert found(database, status="live") == [urgent, plain, dutch]
    assert found(database, assignee="me") == [plain]
    assert found(database, assignee="none") == [urgent, dutch]
    assert found(database, priority="urgent,high") == [urgent]
    assert found(database, locale="nl") == [dutch]
    assert found(database, queue="facture") == [plain]
    assert found(database, channel="email") == [dutch]
    assert found(database, status="new,open") == [urgent, plain, dutch]
    with pytest.raises(BadInput):
        found(database, priority="soon")
    for wrong in ({"sla": "tomorrow"}, {"snoozed": "yes"}, {"colour": "red"}, {"q": 3}, {"q": "x" * 300}):
        with pytest.raises(BadInput):
            from_data(wrong)


# -- snooze
def test_a_snoozed_ticket_is_out_of_sight_until_its_time(database: Database):
    one = opened(database, "plus tard")
    with database.write() as connection:
        until = snooze.snooze(connection, one, ANA, later(3600), utcnow())
    assert found(database, status="live", snoozed="no") == []
    assert found(database, status="live", snoozed="only") == [one]
    assert found(database, status="live") == [one]
    with database.write() as connection:
        assert snooze.until_of(connection, one, utcnow()) == until
        assert snooze.wake_due(connection, utcnow()) == 0
        assert snooze.wake_due(connection, utcnow() + timedelta(hours=2)) == 1
        assert snooze.wake_due(connection, utcnow() + timedelta(hours=2)) == 0, "told once"
        assert [(n["kind"], n["detail"]["by"]) for n in notify.listed(connection, "ana")] == [("woke", "time")]


def test_a_customer_who_writes_brings_it_back_at_once(database: Database):
    one = opened(database, "plus tard")
    with database.write() as connection:
        snooze.snooze(connection, one, ANA, later(3600), utcnow())
    say(database, one, "une note de l'agent", "agent")
    assert found(database, snoozed="no") == [], "an agent's word does not wake it"
    say(database, one, "alors ?")
    assert found(database, snoozed="no") == [one]
    with database.write() as connection:
        assert snooze.wake_due(connection, utcnow()) == 1
        assert notify.listed(connection, "ana")[0]["detail"]["by"] == "customer"
        assert [line["action"] for line in tickets.history(connection, one)] == ["open", "snooze", "wake"]


def test_only_who_may_move_a_ticket_sets_it_aside_and_brings_it_back(database: Database):
    one = opened(database, "plus tard")
    with database.write() as connection:
        service.take(connection, one, ANA)
    for move in (lambda c: snooze.snooze(c, one, PAUL, later(3600), utcnow()), lambda c: snooze.wake(c, one, PAUL)):
        with pytest.raises(Conflict) as refused, database.write() as connection:
            move(connection)
        assert refused.value.context["key"] == "ticket_elsewhere"
    with database.write() as connection:
        snooze.snooze(connection, one, MEHDI, later(3600), utcnow())      # a lead may
        assert snooze.wake_due(connection, utcnow() + timedelta(hours=2)) == 1
        assert [n["kind"] for n in notify.listed(connection, "ana")] == ["woke"], "whoever has it is told"
        assert notify.listed(connection, "mehdi") == []


def test_a_settled_ticket_does_not_come_back_by_the_clock(database: Database):
    one = opened(database, "réglé")
    with database.write() as connection:
        snooze.snooze(connection, one, ANA, later(3600), utcnow())
        service.resolve(connection, one, ANA)
        assert snooze.wake_due(connection, utcnow() + timedelta(hours=2)) == 0
        assert notify.listed(connection, "ana") == []


@pytest.mark.parametrize("until", ["hier", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", ""])
def test_times_that_cannot_be_are_refused(database: Database, until: str):
    one = opened(database, "x")
    with pytest.raises(BadInput), database.write() as connection:
        snooze.snooze(connection, one, ANA, until, utcnow())


# -- notifications
def test_mentions_tell_the_colleague_and_nobody_else(database: Database):
    one = opened(database, "x")
    with database.write() as connection:
        assert notify.tell_mentioned(connection, one, "ana", "@mehdi et @ana et @personne : regardez") == ["mehdi"]
        assert notify.unseen(connection, "mehdi") == 1
        assert notify.unseen(connection, "ana") == 0
        assert notify.see(connection, "ana", everything=True) == 0
        assert notify.see(connection, "mehdi", reference=one) == 1
        assert notify.unseen(connection, "mehdi") == 0


def test_who_is_away_gets_one_mail_without_anyones_words(database: Database):
    one = opened(database, "x")
    with database.write() as connection:
        with pytest.raises(BadInput):
            notify.set_switches(connection, "mehdi", {"mail_when_away": True})
        notify.set_switches(connection, "mehdi", {"mail_when_away": True, "email": "mehdi@solenne.example"})
        notify.tell_mentioned(connection, one, "ana", "@mehdi secret du client")
        notify.tell_mentioned(connection, one, "ana", "@mehdi encore")
    assert away.write(database, "http://x") == 0, "a minute to see it on the page first"
    with database.write() as connection:
        connection.execute(sa.update(notifications).values(at=later(-120)))
        connection.execute(sa.insert(staff_sessions).values(
            token_hash="h", username="mehdi", created_at=later(0), seen_at=later(0), expires_at=later(60)))
    assert away.write(database, "http://x") == 0, "at the desk"
    with database.write() as connection:
        connection.execute(sa.update(staff_sessions).values(seen_at=later(-3600)))
    assert away.write(database, "http://x") == 1
    assert away.write(database, "http://x") == 0, "told once"
    with database.read() as connection:
        (mail,) = connection.execute(sa.select(outbox.c.payload)).scalars().all()
    assert mail["to"] == "mehdi@solenne.example"
    assert "secret" not in str(mail)
    assert mail["subject"] == "Relais : 2 à voir dans vos demandes"


def test_an_open_page_alone_is_nobody_and_who_says_they_are_away_is_away(database: Database):
    one = opened(database, "x")

    def told() -> int:
        with database.write() as connection:
            notify.tell_mentioned(connection, one, "ana", "@mehdi encore")
            connection.execute(sa.update(notifications).values(at=later(-120)))
            connection.execute(sa.update(staff_sessions).values(seen_at=later(0)))     # its stream goes on
        return away.write(database, "http://x")

    with database.write() as connection:
        notify.set_switches(connection, "mehdi", {"mail_when_away": True, "email": "mehdi@solenne.example"})
        connection.execute(sa.insert(staff_sessions).values(
            token_hash="h", username="mehdi", created_at=later(0), seen_at=later(0), expires_at=later(3600)))
    away.here(database, "mehdi")
    away.here(database, "ana")      # asked for no mail
    assert told() == 0
    with database.write() as connection:
        notify.set_switches(connection, "mehdi", {"sound": True})
        assert notify.switches(connection, "mehdi") == {**notify.DEFAULTS, "mail_when_away": True, "email": "mehdi@solenne.example", "sound": True}
        assert notify.switches(connection, "ana") == notify.DEFAULTS
        kept = connection.execute(sa.select(desk_settings.c["values"]).where(desk_settings.c.username == "mehdi")).scalar_one()
        connection.execute(sa.update(desk_settings).where(desk_settings.c.username == "mehdi").values({"values": {**kept, "here_at": later(-3600)}}))
    assert told() == 1
    away.here(database, "mehdi")
    assert told() == 0
    with database.write() as connection:
        accounts.set_abilities(connection, "mehdi", presence="away")
    assert told() == 1


# -- presence, views, macros, requests
def test_colleagues_on_a_ticket_see_each_other(database: Database):
    one = opened(database, "x")
    with database.write() as connection:
        assert presence.seen(connection, one, "ana", "viewing")
        assert not presence.seen(connection, one, "ana", "viewing"), "no news"
        assert presence.seen(connection, one, "ana", "replying")
        assert presence.others(connection, one, "mehdi") == [{"username": "ana", "name": "Ana", "state": "replying"}]
        assert presence.others(connection, one, "ana") == []
        presence.left(connection, one, "ana")
        assert presence.others(connection, one, "mehdi") == []


def test_views_are_ones_own_or_shared_by_a_lead(database: Database):
    with database.write() as connection:
        mine = views.save(connection, ANA, name="  Mes   urgences ", filters={"assignee": "me", "priority": "urgent"}, shared=False)
        shared = views.save(connection, MEHDI, name="Néerlandais", filters={"locale": "nl"}, shared=True)
        with pytest.raises(Forbidden):
            views.save(connection, ANA, name="x", filters={}, shared=True)
        names = [(view["name"], view["shared"]) for view in views.listed(connection, ANA)]
        assert names[len(views.BUILT_IN):] == [("Néerlandais", True), ("Mes urgences", False)]
        assert [v["name"] for v in views.listed(connection, MEHDI)][len(views.BUILT_IN):] == ["Néerlandais"]
        with pytest.raises(NotFound):
            views.remove(connection, ANA, int(shared["id"]))
        with pytest.raises(NotFound):
            views.remove(connection, MEHDI, int(mine["id"]))
        views.remove(connection, ANA, int(mine["id"]))


@pytest.mark.parametrize("again", ["Échéancier", "échéancier"])
def test_a_macro_name_with_an_accent_is_taken_in_words(database: Database, again: str):
    with database.write() as connection:
        macros.create(connection, name="Échéancier", texts={"fr": "a"}, author="mehdi")
        other = macros.create(connection, name="Autre", texts={"fr": "a"}, author="mehdi")
        with pytest.raises(Conflict, match="already is"):
            macros.create(connection, name=again, texts={"fr": "a"}, author="mehdi")
        with pytest.raises(Conflict, match="already is"):
            macros.change(connection, other["id"], version=1, name=again, texts={"fr": "a"}, author="mehdi")


def test_macros_are_checked_named_once_and_changed_by_one_at_a_time(database: Database):
    with database.write() as connection:
        made = macros.create(connection, name="Relevé reçu", texts={"fr": "Merci {{customer.name}}.", "en": " "}, author="mehdi")
        assert made["texts"] == {"fr": "Merci {{customer.name}}."}
        for wrong in ({}, {"fr": ""}, {"xx": "a"}, {"fr": "x" * 5000}):
            with pytest.raises(BadInput):
                macros.create(connection, name="Autre", texts=wrong, author="mehdi")
        with pytest.raises(BrokenPlaceholder, match="FR: "):
            macros.create(connection, name="Autre", texts={"fr": "{{client}}"}, author="mehdi")
        with pytest.raises(Conflict):
            macros.create(connection, name="relevé REÇU", texts={"fr": "a"}, author="mehdi")
        changed = macros.change(connection, made["id"], version=1, name="Relevé reçu", texts={"fr": "Reçu."}, author="ana")
        assert changed["version"] == 2
        with pytest.raises(Conflict, match="ana changed"):
            macros.change(connection, made["id"], version=1, name="Relevé reçu", texts={"fr": "Autre."}, author="mehdi")
        macros.used(connection, made["id"])
        assert macros.get(connection, made["id"])["uses"] == 1
        assert macros.text_for(changed, "nl") == ("Reçu.", "fr")
        assert macros.text_for({"texts": {"en": "Got it.", "fr": "Reçu."}}, "nl", "fr") == ("Reçu.", "fr"), "what can be translated"
        macros.change(connection, made["id"], version=2, name="Relevé reçu", texts={"fr": "Reçu."}, author="ana", active=False)
        assert macros.listed(connection) == []
        assert len(macros.listed(connection, everything=True)) == 1


def test_a_request_for_content_is_settled_once_and_answered(database: Database):
    one = opened(database, "x")
    with database.write() as connection:
        asked = requests.ask(connection, kind="macro", text="un texte pour camille@exemple.fr", author="ana", reference=one)
        assert asked["text"] == "un texte pour [e-mail]"
        assert notify.unseen(connection, "mehdi") == 1
        requests.decide(connection, asked["id"], status="done", answer="C'est « Relevé reçu ».", who="mehdi")
        with pytest.raises(Conflict):
            requests.decide(connection, asked["id"], status="declined", answer="", who="mehdi")
        assert requests.listed(connection) == []
        assert notify.listed(connection, "ana")[0]["detail"]["text"] == "C'est « Relevé reçu »."


# -- takeover
def test_running_chats_come_with_the_most_troubled_first(database: Database):
    def chat(*events: Draft) -> str:
        with database.write() as connection:
            conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
            store.append(connection, conversation.id, list(events))
            store.update(connection, conversation.id, asked_seq=2, answered_seq=3)
        return conversation.id

    ask = Draft("message", "customer", {"text": "mon contrat C-12345674"})
    fine = chat(ask, Draft("message", "bot", {"text": "Voici.", "reply": "answer", "meta": {"intent": "faq"}}))
    failing = chat(*[ask, Draft("message", "bot", {"text": "?", "reply": "nonanswer", "meta": {"intent": "faq"}})] * 2)
    gone = chat(ask)
    with database.write() as connection:
        connection.execute(sa.update(conversations).where(conversations.c.id == gone).values(last_at=later(-3600)))
    with database.read() as connection:
        chats = trouble.running(connection, utcnow())
    assert [(c.conversation_id, c.signs) for c in chats] == [(failing, ("failed_twice",)), (fine, ())]
    assert chats[0].last_words == "mon contrat [contrat]"
    assert iso(utcnow()) >= chats[0].last_at
