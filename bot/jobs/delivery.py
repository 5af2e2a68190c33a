"""One job from lease to settlement, the same under every engine."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import BadInput, Unavailable
from bot.failpoints import hit
from bot.integrations.deliveries import Deliveries, retry_after
from bot.storage import outbox
from bot.storage.database import Database
from bot.storage.outbox import Job
from bot.storage.reach import reason

_log = structlog.get_logger(__name__)


_WORN_OUT = "Every try ended without a word: the process that tried was stopped or died."


class Deliverer:
    """Has a job sent by what delivers its topic and settles the row with what came of it."""

    def __init__(self, database: Database, deliveries: Deliveries) -> None:
        self._database, self._deliveries = database, deliveries

    def deliver(self, job: Job) -> float | None:
        """Send a leased job. Seconds until it should be tried again; None where it is settled."""
        hit("worker.leased")
        if job.attempts > self._deliveries.attempts(job.topic):
            self._bury(job, _WORN_OUT)
            return None
        try:
            hit("worker.sending")
            self._deliveries.send(job)
            hit("worker.sent")
        except BadInput as error:              # never will work
            self._bury(job, error.detail)
            return None
        except (Unavailable, OSError) as error:
            return self._later(job, str(error), retry_after(error))
        except SQLAlchemyError as error:       # away, locked, full: none of the job's doing
            _log.error("delivery failed", topic=job.topic, job=job.id, error=type(error).__name__, why=reason(error))
            return self._later(job, f"The database: {reason(error)}")
        except Exception as error:             # ours to mend; the job waits for that
            _log.exception("delivery failed", topic=job.topic, job=job.id)
            return self._later(job, f"{type(error).__name__} in the handler of '{job.topic}'")
        self._settle(job, lambda connection: outbox.finish(connection, job))
        return None

    def _bury(self, job: Job, why: str) -> None:
        _log.warning("dead letter", topic=job.topic, job=job.id, why=why)
        self._settle(job, lambda connection: outbox.give_up(connection, job, why))

    def _later(self, job: Job, why: str, at_least: float | None = None) -> float | None:
        with self._database.write() as connection:
            seconds = outbox.fail(connection, job, why, at_least=at_least,
                                  attempts=self._deliveries.attempts(job.topic))
        if seconds is None:
            _log.warning("no further try", topic=job.topic, job=job.id, why=why)
        return seconds

    def _settle(self, job: Job, settle: Callable[[Connection], bool]) -> None:
        with self._database.write() as connection:
            settled = settle(connection)
        hit("worker.settled")
        if not settled:
            _log.warning("a lease was lost before its row was settled", topic=job.topic, job=job.id)
