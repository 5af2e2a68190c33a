"""One contract for the job engine, held by the embedded one on SQLite and procrastinate on PostgreSQL."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput, NotFound, Unavailable
from bot.integrations.deliveries import Deliveries, Delivery, build
from bot.integrations.mail import SpoolMailer
from bot.jobs.delivery import Deliverer
from bot.jobs.engine import Engine, make_engine
from bot.jobs.listing import jobs, retry_all
from bot.settings import Settings
from bot.storage import outbox
from bot.storage.clock import later
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.outbox import Job
from bot.storage.schema import outbox as table


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


class Receiver:
    """Takes jobs, or fails as told first."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.got = list(failures), []

    def __call__(self, job: Job) -> None:
        """Take a job."""
        if self.failures:
            raise self.failures.pop(0)
        self.got.append(job.key)


def engine_for(database: Database, handler: Callable[[Job], None]) -> Engine:
    return make_engine(database, Deliverer(database, Deliveries({"mail": Delivery(handler)})), concurrency=2)


def put(database: Database, key: str = "k", topic: str = "mail") -> bool:
    with database.write() as connection:
        return outbox.put(connection, key=key, topic=topic, payload={"to": "camille@exemple.fr", "subject": "Sujet"})


def put_and_fail(database: Database) -> Future[None]:
    """A transaction that queues an effect and then fails."""
    def job(connection: Connection) -> None:
        outbox.put(connection, key="undone", topic="mail", payload={})
        raise ValueError("no")

    return database.submit(job)


def make_due(database: Database) -> None:
    """Let the time pass that rows wait for, and leases last."""
    with database.write() as connection:
        connection.execute(sa.update(table).values(next_at=later(-1), lease_until=None))
        if not database.is_sqlite:
            connection.exec_driver_sql("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return [job["state"] for job in jobs(connection)]


def test_what_commits_is_delivered_once_and_what_rolls_back_never(database: Database) -> None:
    receiver = Receiver()
    engine = engine_for(database, receiver)
    put(database, "kept")
    undone = put_and_fail(database)
    with pytest.raises(ValueError, match="no"):
        undone.result(timeout=20)
    assert engine.run_due() == 1
    assert engine.run_due() == 0
    assert receiver.got == ["kept"]
    assert states(database) == ["done"]


def test_the_same_key_is_one_effect_whoever_writes_it(database: Database) -> None:
    receiver = Receiver()
    engine = engine_for(database, receiver)
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(put(database))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 5 + [True]
    engine.run_due()
    assert put(database) is False      # done is not forgotten
    engine.run_due()
    assert receiver.got == ["k"]


def test_a_failing_one_comes_back_later_and_then_is_done(database: Database) -> None:
    receiver = Receiver(Unavailable("away"), OSError("reset"), RuntimeError("a mistake of ours"))
    engine = engine_for(database, receiver)
    put(database)
    engine.run_due()
    assert states(database) == ["retrying"]
    assert engine.run_due() == 0               # not before its time
    for _ in range(3):
        make_due(database)
        assert engine.run_due() == 1
    assert receiver.got == ["k"]
    assert states(database) == ["done"]


def test_what_never_can_work_is_dead_at_once_and_lives_again_by_hand(database: Database) -> None:
    receiver = Receiver(BadInput("no such address"))
    engine = engine_for(database, receiver)
    put(database)
    put(database, "other", topic="pigeon")
    engine.run_due()
    with database.read() as connection:
        dead = jobs(connection, state="dead")
    assert [job["error"] for job in dead] == ["No way to deliver 'pigeon'.", "no such address"]
    assert dead[1]["to"] == "c…@exemple.fr"
    make_due(database)
    assert engine.run_due() == 0
    with database.write() as connection:
        outbox.retry(connection, dead[1]["id"])
    with pytest.raises(NotFound), database.write() as connection:
        outbox.retry(connection, dead[1]["id"])     # it lives
    engine.run_due()
    assert receiver.got == ["k"]
    with database.write() as connection:
        assert retry_all(connection, "mail") == 0
        assert retry_all(connection) == 1


def test_after_the_last_try_it_is_a_dead_letter(database: Database) -> None:
    engine = engine_for(database, Receiver(*[Unavailable("away")] * 99))
    put(database)
    for _ in range(outbox.MAX_ATTEMPTS):
        assert states(database) != ["dead"]
        engine.run_due()
        make_due(database)
    assert states(database) == ["dead"]
    with database.read() as connection:
        assert outbox.counts(connection) == {"waiting": 0, "dead": 1}


def test_mails_wait_two_days_for_a_mail_server_that_is_away(tmp_path: Path, database: Database) -> None:
    settings = Settings(home=tmp_path)
    tries = build(settings, database, SpoolMailer(settings.spool)).attempts("mail")
    seconds = [sum(outbox.back_off(n) for n in range(1, tries)) for _ in range(20)]
    assert 36 * 3600 < min(seconds) < max(seconds) < 60 * 3600
    assert max(outbox.back_off(tries) for _ in range(20)) < 2 * 3600      # and leave soon after it is back


def test_a_row_whose_workers_always_die_is_buried_too(database: Database) -> None:
    receiver = Receiver()
    engine = engine_for(database, receiver)
    put(database)
    with database.write() as connection:
        connection.execute(sa.update(table).values(attempts=outbox.MAX_ATTEMPTS))
    engine.run_due()
    assert receiver.got == []
    assert states(database) == ["dead"]


def test_whoever_lost_the_lease_cannot_settle(database: Database) -> None:
    put(database)
    with database.write() as connection:
        first = outbox.lease(connection)[0]
        assert outbox.lease(connection) == []
        assert isinstance(outbox.lease_row(connection, first.id), outbox.Busy)
    make_due(database)
    with database.write() as connection:
        second = outbox.lease(connection)[0]
    assert second.fence == first.fence + 1
    with database.write() as connection:
        assert not outbox.finish(connection, first)
        assert outbox.fail(connection, first, "late") is None
        assert not outbox.give_up(connection, first, "late")
        assert outbox.finish(connection, second)
        assert outbox.lease_row(connection, first.id) is None


def test_two_engines_share_the_work(database: Database) -> None:
    receiver = Receiver()
    stopping = threading.Event()
    engines = [engine_for(database, receiver) for _ in range(2)]
    threads = [threading.Thread(target=engine.run, args=(stopping,)) for engine in engines]
    for thread in threads:
        thread.start()
    try:
        for number in range(20):
            put(database, f"k{number}")
        until = time.monotonic() + 60
        while states(database) != ["done"] * 20 and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        stopping.set()
        for thread in threads:
            thread.join(30)
    assert sorted(receiver.got) == sorted(f"k{number}" for number in range(20))
    assert not any(thread.is_alive() for thread in threads)


def test_a_clock_set_back_does_not_hold_a_row_for_ever(database: Database) -> None:
    at = later(86400)
    put(database)
    with database.write() as connection:
        connection.execute(sa.update(table).values(created_at=at, next_at=at, lease_until=at))
        assert [job.key for job in outbox.lease(connection)] == ["k"]


@pytest.mark.parametrize(("created", "due", "taken"), [
    (86400, 86400 + 120, True),         # put with a delay while the clock was ahead
    (86400, 86400 + 3600, True),        # tried there, and put off
    (-3600, 2 * 86400, True),           # from before, tried while the clock was two days ahead
    (-3600, 86400 - 60, False),         # a receiver asked for a day, a minute ago
    (86400, 120, False),                # tried since the clock was set back: its pause holds
    (0, 120, False),
])
def test_a_due_time_that_cannot_be_binds_nobody(database: Database, created: float, due: float, taken: bool) -> None:
    put(database)
    with database.write() as connection:
        connection.execute(sa.update(table).values(created_at=later(created), next_at=later(due)))
        assert [job.key for job in outbox.lease(connection)] == (["k"] if taken else [])


def test_a_failing_database_puts_no_words_of_a_customer_into_the_log(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    words = "mon IBAN est faux"
    put(database, words)

    def stumble(job: Job) -> None:
        with database.write() as connection:
            connection.execute(sa.insert(table).values(key=words, topic=words, payload={"text": words}, created_at="", next_at="",
                                                       attempts=0, fence=0, dead=False))

    with pytest.raises(sa.exc.IntegrityError) as failed:
        stumble(Job(1, "", "", {}, 0, 0))
    shown = "".join(traceback.format_exception(failed.type, failed.value, failed.tb)) + str(failed.value.orig)
    assert "IntegrityError" in shown
    assert words not in shown
    engine_for(database, stumble).run_due()
    assert states(database) == ["retrying"]
    said = capsys.readouterr()
    assert "delivery failed" in said.out + said.err
    assert words not in said.out + said.err
    with database.read() as connection:
        assert "database" in jobs(connection)[0]["error"]
        assert words not in jobs(connection)[0]["error"]


def test_erasing_a_conversation_takes_what_waits_with_it(database: Database) -> None:
    receiver = Receiver()
    engine = engine_for(database, receiver)
    put(database)
    with database.write() as connection:
        connection.execute(sa.delete(table))
    engine.run_due()
    assert receiver.got == []


@pytest.mark.postgres
def test_postgres_rows_without_a_job_get_one_and_jobs_of_dead_workers_run_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    upgrade(database)
    try:
        receiver = Receiver()
        engine = engine_for(database, receiver)
        put(database, "restored")
        put(database, "killed")
        with database.write() as connection:
            connection.exec_driver_sql("DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs)")
            # as a killed worker leaves it: fetched, leased, no heart beats
            connection.exec_driver_sql("SELECT procrastinate_fetch_job_v2(ARRAY['outbox']::varchar[], worker_id) FROM procrastinate_register_worker_v1()")
            connection.exec_driver_sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        assert engine.run_due() == 0
        assert engine.tend() == 2
        engine.run_due()
        assert sorted(receiver.got) == ["killed", "restored"]
        assert engine.tend() == 0
    finally:
        database.close()
