"""What must hold on SQLite and PostgreSQL alike: schema, transactions, turns, tickets, outbox."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from web_support import ALWAYS, Dialogue, answer, make_settings, running

from benchmarks.faults.servers import Proxy
from bot.analytics import judge
from bot.analytics.judge import judge_all, refresh_outcomes
from bot.analytics.metrics import figures, period
from bot.assistant.protocol import TurnResponse
from bot.conversations import intake, store
from bot.conversations.effects import Moment
from bot.conversations.idle import close_idle
from bot.conversations.model import Draft
from bot.conversations.turns import abandoned, claim_by_id, commit, release
from bot.coverage import gaps
from bot.desk import listing, search
from bot.desk.filters import Filters
from bot.errors import BadInput, ConfigurationError, Conflict
from bot.faq import store as articles
from bot.faq.articles import Article
from bot.handover import safety
from bot.handover.service import hand_over
from bot.jobs.chores import retain
from bot.privacy.erasure import erase_conversation, expired
from bot.privacy.export import export_conversation
from bot.staff.accounts import Member
from bot.storage import outbox as jobs
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import HEAD, alembic_config, upgrade
from bot.storage.reach import await_database
from bot.storage.schema import conversations, events, facts, metadata, outbox, tickets
from bot.tickets import service
from bot.tickets import store as ticket_store
from bot.tickets.hours import desk

AGENT = Member("agent", "Ana", "agent")


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def moment(tmp_path: Path) -> Moment:
    return Moment(utcnow(), desk(make_settings(tmp_path, None, opening_hours=ALWAYS)))


def begin(database: Database):
    with database.write() as connection:
        conversation, token, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
    return conversation.id, token


def write(database: Database, conversation_id: str, token: str, text: str = "ma facture est fausse", **more):
    with database.write() as connection:
        return intake.accept(connection, conversation_id, token,
                             client_message_id=more.pop("message_id", uuid.uuid4().hex), text=text,
                             choice=None, knows_article=lambda slug, language: None, lease_seconds=5, **more)


def result(text: str = "Réponse.", reply: str = "answer", **more) -> TurnResponse:
    return TurnResponse.parse_obj(answer(text, reply, **more))


def not_ours(name: str | None) -> bool:
    """The full-text index with SQLite's tables behind it, and the job engine's: made by migrations."""
    return (name or "").startswith(("search_fts", "procrastinate_"))


def test_migrated_and_fresh_schema_are_the_same(database: Database, tmp_path: Path):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={
            "compare_type": True, "include_name": lambda name, kind, _: kind != "table" or not not_ours(name)})
        assert compare_metadata(context, metadata) == []
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]
    upgrade(database)      # twice changes nothing
    inspector = sa.inspect(database.engine)
    kept = {name for name in inspector.get_table_names() if not not_ours(name)}
    assert kept == {*metadata.tables, "alembic_version"}


def test_constraints_are_in_the_migrated_database(database: Database):
    conversation_id, _ = begin(database)
    values = {"conversation_id": conversation_id, "queue": "fr", "priority": 2, "channel": "chat",
              "locale": "fr", "summary": "s", "packet": {}}
    with database.write() as connection:
        ticket_store.create(connection, author="x", **values)
    for bad in (
        sa.update(conversations).values(mode="asleep"),
        sa.update(tickets).values(status="lost"),
        sa.update(tickets).values(assignee="ana"),                 # new and assigned
        sa.update(tickets).values(status="solved"),                # solved without a time
    ):
        with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
            connection.execute(bad)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        ticket_store.create(connection, author="x", **values)      # a second live one


def test_a_failing_write_leaves_nothing_and_does_not_take_its_neighbours_along(database: Database):
    conversation_id, _ = begin(database)

    def good(connection):
        store.append(connection, conversation_id, [Draft("survey", "customer", {"csat": 5})])

    def bad(connection):
        store.append(connection, conversation_id, [Draft("survey", "customer", {"csat": 1})])
        raise ValueError("no")

    futures = [database.submit(bad if n % 3 == 0 else good) for n in range(30)]
    for n, future in enumerate(futures):
        if n % 3 == 0:
            with pytest.raises(ValueError, match="no"):
                future.result(timeout=20)
        else:
            future.result(timeout=20)
    with database.read() as connection:
        found = store.all_events(connection, conversation_id)
    assert [event.seq for event in found] == list(range(1, 22))
    assert all(event.payload.get("csat") != 1 for event in found)


def test_numbers_have_no_holes_whoever_writes(database: Database):
    conversation_id, _ = begin(database)
    errors: list[BaseException] = []

    def add():
        try:
            for _ in range(10):
                with database.write() as connection:
                    store.append(connection, conversation_id, [Draft("survey", "customer", {}), Draft("survey", "customer", {})])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with database.read() as connection:
        assert [e.seq for e in store.all_events(connection, conversation_id)] == list(range(1, 82))


def test_one_turn_in_flight_a_conversation(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    first = write(database, conversation_id, token, "un")
    second = write(database, conversation_id, token, "deux")
    assert first.turn is not None
    assert second.turn is None
    with database.write() as connection:
        assert claim_by_id(connection, conversation_id, 5) is None
    with database.write() as connection:
        done = commit(connection, first.turn, result("à un"), moment, 5)
    assert [e.text for e in done.events] == ["à un"]
    assert done.following is not None
    assert done.following.message.text == "deux"
    with database.write() as connection:
        again = commit(connection, first.turn, result("à un, encore"), moment, 5)
    assert again.events == []          # its lease is spent
    with database.write() as connection:
        commit(connection, done.following, result("à deux"), moment, 5)
    with database.read() as connection:
        assert abandoned(connection) == []
        texts = [e.text for e in store.all_events(connection, conversation_id)][1:]
    assert texts == ["un", "deux", "à un", "à deux"]


def test_a_turn_left_by_a_crash_is_taken_up_and_the_old_holder_loses(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    lost = write(database, conversation_id, token).turn
    assert lost is not None
    with database.read() as connection:
        assert abandoned(connection) == []
    with database.write() as connection:
        store.update(connection, conversation_id, turn_lease_until=later(-1))
    with database.read() as connection:
        assert abandoned(connection) == [conversation_id]
    with database.write() as connection:
        taken = claim_by_id(connection, conversation_id, 5)
    assert taken is not None
    assert taken.id == lost.id
    assert taken.attempts == 2
    with database.write() as connection:
        assert commit(connection, lost, result("tardive"), moment, 5).events == []
        assert [e.text for e in commit(connection, taken, result("juste"), moment, 5).events] == ["juste"]


def test_a_person_who_steps_in_silences_a_turn_in_flight(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    turn = write(database, conversation_id, token).turn
    assert turn is not None
    with database.write() as connection:
        done = hand_over(connection, store.get(connection, conversation_id, lock=True),
                         desk=moment.desk, now=moment.now, author="agent")
        service.take(connection, done.reference, AGENT)
    with database.write() as connection:
        assert commit(connection, turn, result("trop tard"), moment, 5).events == []
    with database.read() as connection:
        assert "trop tard" not in [e.text for e in store.all_events(connection, conversation_id)]


DONE = {"kind": "flow", "key": "t:flow:0", "payload": {"event": "done", "flow": "cancel_contract", "reference": "RES-7"}}
ASKED = {"kind": "handover", "key": "t:handover:1", "payload": {"reason": "asked", "priority": "normal"}}


@pytest.mark.parametrize("back", [False, True])
def test_what_the_bot_did_while_a_person_stepped_in_is_told(database: Database, moment: Moment, back: bool):
    conversation_id, token = begin(database)
    turn = write(database, conversation_id, token, "oui").turn
    assert turn is not None
    with database.write() as connection:
        reference = hand_over(connection, store.get(connection, conversation_id, lock=True),
                              desk=moment.desk, now=moment.now, author="agent").reference
        service.take(connection, reference, AGENT)
        if back:
            service.hand_back(connection, reference, AGENT)
    late = result("C'est résilié, RES-7.", "flow", effects=[DONE, ASKED], state={"loop": "outage_form", "slots": {}},
                  choices=[{"id": "human", "label": "Une personne"}])
    with database.write() as connection:
        made = commit(connection, turn, late, moment, 5).events
    assert [(e.kind, e.text, e.payload["choices"]) for e in made] == [("message", "C'est résilié, RES-7.", [])]
    with database.read() as connection:
        found = store.get(connection, conversation_id)
        kinds = connection.execute(sa.select(facts.c.kind).where(facts.c.conversation_id == conversation_id)).scalars().all()
    assert (found.mode, found.state, kinds) == ("bot" if back else "agent", None, ["flow"])


def test_danger_is_answered_also_where_a_person_stepped_in_meanwhile(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    turn = write(database, conversation_id, token, "je veux mourir").turn
    assert turn is not None
    with database.write() as connection:
        hand_over(connection, store.get(connection, conversation_id, lock=True), desk=moment.desk, now=moment.now)
    with database.write() as connection:
        made = commit(connection, turn, safety.plan("self_harm", turn.message, "fr"), moment, 5, source="safety").events
        ticket = ticket_store.of_conversation(connection, conversation_id)
    assert "3114" in made[0].text
    assert ticket is not None
    assert ticket["priority"] == 0


def test_what_was_written_to_an_agent_never_waits_for_the_bot(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    with database.write() as connection:
        reference = hand_over(connection, store.get(connection, conversation_id, lock=True),
                              desk=moment.desk, now=moment.now).reference
        service.take(connection, reference, AGENT)
    for text in ("pour Ana", "toujours pour Ana", "et encore"):
        assert write(database, conversation_id, token, text).turn is None
    with database.write() as connection:
        service.hand_back(connection, reference, AGENT)
    turn = write(database, conversation_id, token, "pour le robot").turn
    assert turn is not None
    with database.write() as connection:
        release(connection, turn)          # its first try failed
        again = claim_by_id(connection, conversation_id, 5)
    assert again is not None
    assert again.message.text == "pour le robot"


def test_a_turn_that_outlives_a_visit_to_an_agent_does_not_bring_old_messages_back(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    slow = write(database, conversation_id, token, "question").turn
    assert slow is not None
    with database.write() as connection:
        reference = hand_over(connection, store.get(connection, conversation_id, lock=True),
                              desk=moment.desk, now=moment.now).reference
    write(database, conversation_id, token, "pour Ana")
    with database.write() as connection:
        service.hand_back(connection, reference, AGENT)
    assert write(database, conversation_id, token, "pour le robot").turn is None     # the slow one has the turn
    with database.write() as connection:
        late = commit(connection, slow, result("enfin", state={"loop": "outage_form", "slots": {}}), moment, 5)
        assert (late.events, store.get(connection, conversation_id).state) == ([], None), "Ana answered that"
    following = late.following
    assert following is not None
    assert following.message.text == "pour le robot"


@pytest.mark.parametrize(("source", "kept"), [("safety", "de"), ("dialogue", "de"), ("fallback", "fr")])
def test_who_is_in_danger_is_served_in_their_own_words_language(database: Database, moment: Moment, source, kept):
    conversation_id, token = begin(database)
    turn = write(database, conversation_id, token, "ich will nicht mehr leben").turn
    assert turn is not None
    response = safety.plan("self_harm", turn.message, "fr")
    with database.write() as connection:
        made = commit(connection, turn, response, moment, 5, source=source).events
        ticket = ticket_store.of_conversation(connection, conversation_id)
        assert ticket is not None
        assert (store.get(connection, conversation_id).language, ticket["locale"]) == (kept, kept)
    notice = next(e.text for e in made if e.kind == "handover")
    assert ("Vorgang" in notice) is (kept == "de")


def test_a_ticket_changed_by_someone_else_is_not_changed_again(database: Database, moment: Moment):
    conversation_id, _ = begin(database)
    with database.write() as connection:
        reference = hand_over(connection, store.get(connection, conversation_id), desk=moment.desk,
                              now=moment.now).reference
        stale = ticket_store.get(connection, reference)
        service.take(connection, reference, AGENT)
        with pytest.raises(Conflict):
            ticket_store.act(connection, stale, "take", "lead", assignee="lead")


def test_idle_chats_close_and_open_again_but_never_with_a_question_open(database: Database, moment: Moment):
    quiet, quiet_token = begin(database)
    turn = write(database, quiet, quiet_token).turn
    waiting, waiting_token = begin(database)
    write(database, waiting, waiting_token)
    assert turn is not None
    with database.write() as connection:
        commit(connection, turn, result(), moment, 5)
        connection.execute(sa.update(conversations).values(last_at=later(-3600)))
        assert close_idle(connection, 30) == 1
        assert store.get(connection, quiet).mode == "closed"
        assert store.get(connection, waiting).mode == "bot"
    assert write(database, quiet, quiet_token, "me revoilà").turn is not None
    with database.read() as connection:
        assert store.get(connection, quiet).mode == "bot"


def test_erasing_and_exporting_reach_every_table(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    turn = write(database, conversation_id, token, "mon code secret").turn
    assert turn is not None
    effects = [{"kind": kind, "key": f"k{n}", "payload": {"article": "linky", "text": "mon code", "contact": None}}
               for n, kind in enumerate(("answered", "gap", "flow", "handover"))]
    with database.write() as connection:
        commit(connection, turn, result(effects=effects), moment, 5)
        intake.rate(connection, conversation_id, token, kind="csat", value=5, comment="bien")
        hand_over(connection, store.get(connection, conversation_id, lock=True), desk=moment.desk,
                  now=moment.now, channel="email", contact="camille@exemple.fr")
    with database.read() as connection:
        data = export_conversation(connection, conversation_id)
    said = ("conversation", "events", "tickets", "ticket_events", "gaps", "facts", "article_views",
            "feedback", "outbox")
    assert all(data[name] for name in said), {name: len(rows) for name, rows in data.items()}
    assert "token_hash" not in data["conversation"]
    owned = [table for table in metadata.sorted_tables if "conversation_id" in table.c]
    assert {table.name for table in owned} <= set(data)
    with database.write() as connection:
        erase_conversation(connection, conversation_id)
    with database.read() as connection:
        for table in owned:
            left = connection.execute(sa.select(sa.func.count()).where(
                table.c.conversation_id == conversation_id).select_from(table)).scalar_one()
            assert left == 0, table.name
        for name in ("ticket_events", "conversations"):
            assert connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one() == 0


def test_retention_spares_open_tickets(database: Database, moment: Moment):
    old, _ = begin(database)
    owed, _ = begin(database)
    begin(database)
    with database.write() as connection:
        hand_over(connection, store.get(connection, owed), desk=moment.desk, now=moment.now)
        connection.execute(sa.update(conversations).where(conversations.c.id.in_([old, owed]))
                           .values(last_at=later(-400 * 86400)))
        assert expired(connection, 365) == [old]


def past_their_time(database: Database, number: int) -> list[str]:
    with database.write() as connection:
        ids = [intake.begin(connection, locale="fr", page_url=None, language="fr")[0].id for _ in range(number)]
        connection.execute(sa.update(conversations).values(last_at=later(-400 * 86400)))
    return ids


def test_a_run_of_retention_erases_all_that_is_past_its_time(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.jobs.chores.TOGETHER", 2)
    past_their_time(database, 5)
    kept, _ = begin(database)
    assert retain(database, 365, tmp_path) == 5
    with database.read() as connection:
        assert list(connection.execute(sa.select(conversations.c.id)).scalars()) == [kept]


def test_a_conversation_that_cannot_be_erased_keeps_nothing_else_from_going(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    odd, *others = past_their_time(database, 4)
    with database.write() as connection:
        jobs.put(connection, key="k", topic="mail", payload={})
        connection.execute(sa.update(outbox).values(done_at=later(-30 * 86400)))

    def erase(connection, conversation_id, **more) -> None:
        if conversation_id == odd:
            raise RuntimeError("odd")
        erase_conversation(connection, conversation_id, **more)

    monkeypatch.setattr("bot.jobs.chores.erase_conversation", erase)
    assert retain(database, 365, tmp_path) == len(others)
    with database.read() as connection:
        assert list(connection.execute(sa.select(conversations.c.id)).scalars()) == [odd]
        assert connection.execute(sa.select(outbox.c.id)).all() == []
    monkeypatch.undo()
    assert retain(database, 365, tmp_path) == 1


def test_a_run_of_retention_ends_before_its_lease(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    past_their_time(database, 3)
    ticks = iter(range(100))
    monkeypatch.setattr("bot.jobs.chores.monotonic", lambda: next(ticks))
    monkeypatch.setattr("bot.jobs.chores.RETENTION_SECONDS", 2)
    assert [retain(database, 365, tmp_path) for _ in range(4)] == [1, 1, 1, 0]


def test_shipped_articles_come_in_but_never_over_a_leads_edit(database: Database):
    def article(answer: str) -> Article:
        return Article(id="linky", locale="fr", title="Linky", answer=answer, variants=("a", "b"))

    with database.write() as connection:
        assert articles.seed_articles(connection, [article("un")]) == 1
        version = articles.content_version(connection)
        assert articles.seed_articles(connection, [article("un")]) == 0
        assert articles.content_version(connection) == version
        assert articles.seed_articles(connection, [article("deux")]) == 1
        assert articles.get_article(connection, "linky", "fr").answer == "deux"
        articles.put_article(connection, "linky", "fr", {"answer": "du lead"}, author="lead")
        assert articles.seed_articles(connection, [article("trois")]) == 0
        assert articles.get_article(connection, "linky", "fr").answer == "du lead"
        assert [v["version"] for v in articles.versions(connection, "linky", "fr")] == [3, 2, 1]


def test_figures_on_both_engines(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    turn = write(database, conversation_id, token).turn
    assert turn is not None
    with database.write() as connection:
        commit(connection, turn, result(theme="facture"), moment, 5)
        intake.rate(connection, conversation_id, token, kind="csat", value=4, comment=None)
        refresh_outcomes(connection)
    assert judge_all(database) == 0
    with database.read() as connection:
        zone = moment.desk.zone
        got = figures(connection, period(None, None, zone, moment.now), by="topic", zone=zone)
    assert next(m for m in got["metrics"] if m["name"] == "csat")["value"] == 4
    assert [g["key"] for g in got["groups"]] == ["facture"]
    deflection = next(m for m in got["metrics"] if m["name"] == "deflection")
    assert (deflection["low"], deflection["high"], deflection["n"]) == (1.0, 1.0, 1)


def test_search_of_tickets_takes_wildcards_as_text(database: Database, moment: Moment):
    conversation_id, token = begin(database)
    write(database, conversation_id, token, "remise de 10% sur mon_contrat")
    with database.write() as connection:
        hand_over(connection, store.get(connection, conversation_id, lock=True), desk=moment.desk, now=moment.now)
        search.index(connection, search.behind(connection))

        def found(**wanted: str) -> int:
            return len(listing.find(connection, Filters(**wanted), me="agent", now=moment.now))

        assert found(q="10% mon_contrat") == 1
        assert found(q="10_") == 1
        assert found(q="2_%") == 0
        assert found(q="%") == 0
        assert found(q="éléphant") == 0
        assert found(status="live", queue="fr") == 1
        assert connection.execute(sa.select(sa.func.count()).select_from(events)).scalar_one() >= 3


@pytest.mark.postgres
def test_the_whole_path_on_postgres_with_two_web_processes(tmp_path: Path, postgres_url: str, dialogue: Dialogue):
    dialogue.script = lambda body: answer(f"réponse à {body['text']}")
    with running(tmp_path / "a", dialogue, database_url=postgres_url) as one, \
            running(tmp_path / "b", dialogue, database_url=postgres_url) as two:
        customer = one.customer()
        reply = customer.say("par le premier")
        customer.url = customer.url.replace(one.url, two.url)
        assert [e["text"] for e in customer.events(after=1)] == ["par le premier", reply["text"]]
        customer.post("par le second")
        customer.url = customer.url.replace(two.url, one.url)      # hears of it from the database
        seen = customer.until(lambda e: e.get("text") == "réponse à par le second", after=3)
        assert [e["seq"] for e in seen] == [4, 5]
        assert one.http.post(f"{customer.url}/handover", json={}, headers=customer.headers).status_code == 202
        staff = two.staff("agent")
        reference = staff.get("/tickets").json()["tickets"][0]["reference"]
        assert staff.post(f"/tickets/{reference}/reply", json={"text": "Bonjour !"}).status_code == 200
        customer.until(lambda e: e["author"] == "agent" and e["kind"] == "message")


@pytest.mark.postgres
def test_a_server_that_comes_up_late_is_waited_for(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.storage.reach._PAUSE", 0.2)
    server = urlsplit(postgres_url)
    assert server.port is not None
    door = Proxy(server.port)
    door.mode = "refuse"
    late = postgres_url.replace(f":{server.port}/", f":{door.port}/")
    with pytest.raises(ConfigurationError, match=r"does not answer: .*Start it"):
        await_database(late, 0.0)
    up = threading.Timer(1.0, lambda: setattr(door, "mode", "pass"))
    said: list[str] = []
    up.start()
    try:
        await_database(late, 60.0, said.append)
        upgrade(late)
    finally:
        up.join()
        door.close()
    assert said == ["Waiting for the database of RELAIS_DATABASE_URL…"]


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_said_at_once(postgres_url: str):
    with pytest.raises(ConfigurationError, match="does not exist"):
        await_database(f"{postgres_url}x", 600.0)


def at_once(*actions):
    """Run each in a thread of its own, all begun before any ends; what went wrong."""
    errors: list[BaseException] = []
    together = threading.Barrier(len(actions))

    def run(action) -> None:
        try:
            together.wait(timeout=10)
            action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_leads_who_change_one_article_at_once_lose_nothing(database: Database):
    with database.write() as connection:
        articles.put_article(connection, "linky", "fr", {"title": "Linky", "answer": "un"}, author="lead")

    def adds(text: str):
        def add() -> None:
            with database.write() as connection:
                articles.add_variant(connection, "linky", "fr", text, author="lead")
        return add

    def publish() -> None:
        with database.write() as connection:
            articles.put_article(connection, "linky", "fr", {"answer": "deux"}, author="lead")

    lines = [f"formulation {n}" for n in range(6)]
    assert at_once(*(adds(line) for line in lines), publish) == []
    with database.read() as connection:
        found = articles.get_article(connection, "linky", "fr")
        assert (set(found.variants), found.answer) == (set(lines), "deux")
        assert articles.content_version(connection) == 8
        assert len(articles.versions(connection, "linky", "fr")) == 8


def test_whoever_published_meanwhile_is_not_overwritten(database: Database):
    with database.write() as connection:
        for answer_ in ("un", "deux", "trois"):
            articles.put_article(connection, "linky", "fr", {"title": "Linky", "answer": answer_}, author="lead")
    holds, done = threading.Event(), threading.Event()

    def first() -> None:
        with database.write() as connection:
            articles.put_article(connection, "linky", "fr", {"answer": "d'une collègue"}, author="eva", base_version=3)
            holds.set()
            done.wait(timeout=0.5)

    holder = threading.Thread(target=first)
    holder.start()
    assert holds.wait(timeout=10)
    for late in (lambda c: articles.put_article(c, "linky", "fr", {"answer": "quatre"}, author="lead", base_version=3),
                 lambda c: articles.roll_back(c, "linky", "fr", 1, author="lead", base_version=3)):
        with pytest.raises(Conflict, match="version 4 meanwhile"), database.write() as connection:
            late(connection)
    holder.join()
    with database.write() as connection:
        assert articles.get_article(connection, "linky", "fr").answer == "d'une collègue"
        assert articles.roll_back(connection, "linky", "fr", 1, author="lead", base_version=4) == 5


def test_a_decision_on_a_gap_is_told_to_the_bot_and_forgotten_with_its_message(database: Database):
    conversation_id, _ = begin(database)
    with database.write() as connection:
        gaps.record_gap(connection, key="k", conversation_id=conversation_id, seq=1, text="mon voisin joue du tambour",
                        language="fr", candidates=[], at=later(0))
        gaps.decide(connection, group="fr:du joue mon tambour voisin", decision="out_of_scope", slug=None, author="lead")
        version = articles.content_version(connection)
    assert gaps.out_of_scope(database) == [("fr", "mon voisin joue du tambour")]
    with database.write() as connection:
        erase_conversation(connection, conversation_id)
        assert articles.content_version(connection) > version
    assert gaps.out_of_scope(database) == []


def test_every_conversation_is_judged_anew_in_steps_that_let_others_write(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(judge, "_TOGETHER", 2)
    ids = [begin(database)[0] for _ in range(5)]
    with database.write() as connection:
        refresh_outcomes(connection)
        connection.execute(sa.update(conversations).values(outcome="urgent", created_at="2026-11-01T10:00:00.000Z"))
    steps = [0]
    forget = judge.daily.forget

    def counted(connection, created) -> None:
        steps[0] += 1
        forget(connection, created)

    monkeypatch.setattr(judge.daily, "forget", counted)
    assert judge_all(database, anew=False) == 0
    assert judge_all(database) == len(ids)
    assert steps == [3]
    with database.read() as connection:
        assert set(connection.execute(sa.select(conversations.c.outcome)).scalars()) == {"no_need"}


def test_newest_gaps_and_those_of_a_small_language_are_seen_beside_many_frequent_ones(database: Database):
    conversation_id, _ = begin(database)
    with database.write() as connection:
        for n, (text, language) in enumerate([("facteur", "fr")] * 3 + [("plombier", "fr")] * 2 + [("loodgieter", "nl"), ("météo", "fr")]):
            gaps.record_gap(connection, key=f"k{n}", conversation_id=conversation_id, seq=n, text=text, language=language,
                            candidates=[], at=later(n))
        gaps.decide(connection, group="fr:plombier", decision="out_of_scope", slug=None, author="lead")
    with database.read() as connection:
        def texts(**more) -> list[str]:
            return [group["text"] for group in gaps.grouped(connection, limit=2, **more)]

        assert texts() == ["facteur", "météo"]
        assert texts(sort="newest") == ["météo", "loodgieter"]
        assert texts(language="nl") == ["loodgieter"]
        assert texts(include_decided=True) == ["facteur", "plombier"]
        assert [gaps.count(connection), gaps.count(connection, language="nl"), gaps.count(connection, include_decided=True)] == [3, 1, 4]
        with pytest.raises(BadInput):
            texts(sort="oldest")
