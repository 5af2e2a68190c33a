"""Messages in a language nobody speaks, translated for the team and for the customer; both texts are kept.

Customers' messages are translated by the worker, outside any transaction, and get a ``translation`` in
their payload. An agent's answer is translated before it is sent: the customer reads the translation, and
what the agent wrote stands beside it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.wording import speak
from bot.errors import BadInput, Unavailable
from bot.integrations.translation import Translator
from bot.settings import LOCALES
from bot.storage.database import Database
from bot.storage.schema import events, tickets
from bot.tickets import store
from bot.tickets.routing import TRANSLATE, current
from bot.tickets.states import LIVE
from bot.tickets.store import Ticket

_E, _T = events.c, tickets.c
_RECENT = 40           # newest messages of a conversation looked at
_MOST = 200            # messages looked at in a run
_DOWN = 3              # failures in a row after which the service is taken to be away
_TRIES = 5             # runs in which a text failed while others were translated
Message = tuple[str, int, str, str]      # conversation, number, text, language


@dataclass
class Failures:
    """What a worker could not get translated, in its memory: how often, and how often while others were."""

    times: Counter[tuple[str, int]] = field(default_factory=Counter)
    alone: Counter[tuple[str, int]] = field(default_factory=Counter)

    def keep(self, waiting: list[Message]) -> None:
        """Forget what does not wait any more."""
        left = {message[:2] for message in waiting}
        for counted in (self.times, self.alone):
            for key in counted.keys() - left:
                del counted[key]


def team_language(connection: Connection) -> str:
    """The language of those who get what nobody speaks: that of the fallback's queue, else French."""
    queue = current(connection).value["fallback"]["queue"]
    return queue if queue in LOCALES else "fr"


def between(connection: Connection, translator: Translator | None, ticket: Ticket) -> dict[str, str] | None:
    """From which language into which an answer can be translated; None without a server, or where both are one."""
    team, wanted = team_language(connection), code_of(ticket["locale"])
    return {"from": team, "to": wanted} if translator is not None and team != wanted else None


def translate_reply(database: Database, translator: Translator | None, reference: str, text: str) -> str:
    """An agent's answer in the customer's language. Raises BadInput without a translator, Unavailable."""
    if translator is None:
        raise BadInput("No translation server is set up: send your answer as it is.", key="translation_off")
    with database.read() as connection:
        ticket, team = store.get(connection, reference), team_language(connection)
    try:
        return translator.translate(text, team, code_of(ticket["locale"]))
    except Unavailable as error:
        raise Unavailable("The translation service does not answer: try again, or send your answer untranslated.", key="translation_down") from error


def translate_pending(
    database: Database, translator: Translator, limit: int = 20, failures: Failures | None = None
) -> int:
    """Translate customers' messages that have no translation yet; how many got one.

    One the service cannot do is marked and not tried again; one it cannot do now waits, behind those that
    failed less often, so that no text keeps the others from being translated. A server may fail for good on
    one text: what fails in five runs in which others were translated is marked too.
    """
    failures = failures or Failures()
    with database.read() as connection:
        team = team_language(connection)
        waiting = _pending(connection)
    failures.keep(waiting)
    waiting.sort(key=lambda message: failures.times[message[:2]])
    done, in_a_row = 0, 0
    failed: list[tuple[str, int]] = []
    for conversation_id, seq, text, language in waiting[:limit]:
        try:
            translation: dict[str, Any] = {
                "language": team, "text": translator.translate(text, code_of(language), team)}
        except BadInput:
            translation = {"language": team, "text": None}
        except Unavailable:
            failed.append((conversation_id, seq))
            in_a_row += 1
            if in_a_row == _DOWN:
                break
            continue
        in_a_row = 0
        with database.write() as connection:
            done += _keep(connection, conversation_id, seq, translation)
    failures.times.update(failed)
    if done:
        failures.alone.update(failed)
    for key in [key for key, times in failures.alone.items() if times >= _TRIES]:
        with database.write() as connection:
            _keep(connection, *key, {"language": team, "text": None})
    return done


def _pending(connection: Connection) -> list[Message]:
    found: list[Message] = []
    rows = connection.execute(
        sa.select(_T.reference, _T.conversation_id, _T.locale, _T.tags).where(
            _T.status.in_(sorted(LIVE)), sa.cast(_T.tags, sa.Text).like(f'%"{TRANSLATE}"%'))
        .order_by(_T.priority, _T.opened_at).limit(200)).all()
    for row in rows:
        ids = [row.conversation_id, *store.merged_conversations(connection, row.reference)]
        said = connection.execute(
            sa.select(_E.conversation_id, _E.seq, _E.payload).where(
                _E.conversation_id.in_(ids), _E.author == "customer", _E.kind == "message")
            .order_by(_E.seq.desc()).limit(_RECENT)).all()
        found += [(event.conversation_id, event.seq, str(event.payload["text"]), row.locale)
                  for event in reversed(said)
                  if event.payload.get("text") and "translation" not in event.payload]
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def _keep(connection: Connection, conversation_id: str, seq: int, translation: dict[str, Any]) -> int:
    where = (_E.conversation_id == conversation_id, _E.seq == seq)
    payload = connection.execute(sa.select(_E.payload).where(*where)).scalar_one_or_none()
    if payload is None or "translation" in payload:
        return 0        # erased, or another worker was first
    connection.execute(sa.update(events).where(*where).values(
        payload={**payload, "translation": translation}))
    return 1 if translation["text"] else 0


def code_of(language: str | None) -> str:
    """The two-letter code of a language, as a translation server wants it; French where none is known."""
    code = (language or "fr").replace("_", "-").split("-")[0].lower()
    return code or speak(language)
