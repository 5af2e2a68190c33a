"""Realistic stored conversations in bulk: a year of them, tickets, ratings, gaps, in the proportions of a service desk."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.coverage.gaps import fold
from bot.desk import search
from bot.storage.clock import iso
from bot.storage.database import Database
from bot.storage.schema import (
    conversations,
    events,
    feedback,
    gaps,
    metadata,
    ticket_events,
    tickets,
)

#: Share of conversations with a ticket, a rating, a message nobody understood; days they spread over.
TICKETS, RATINGS, GAPS, DAYS = 0.15, 0.2, 0.06, 365
#: Tickets that are still open, whatever the history: what people can work on.
LIVE = 400
#: Conversations written one by one; more are copies.
WRITTEN = 20_000
_TOGETHER = 5_000
#: Distance of a copy's texts in the search index from their originals.
_STRIDE = 100_000
LANGUAGES = ("fr", "fr", "fr", "fr", "en", "nl", "es", "de", "it")
THEMES = ("facture", "paiement", "compteur", "panne", "demenagement", "contrat", "espace-client", "travaux", None)
OUTCOMES = ("answered_unconfirmed", "confirmed_resolved", "flow_completed", "abandoned", "no_need", "refused_answer_left")
WORDS = ["bonjour", "ma", "facture", "est", "plus", "élevée", "que", "le", "mois", "dernier", "je", "voudrais", "comprendre", "le", "montant", "du", "prélèvement", "compteur", "linky", "relève", "index", "déménagement", "contrat", "résiliation", "puissance", "heures", "creuses", "tarif", "espace", "client", "mot", "de", "passe", "code", "panne", "coupure", "réseau", "rue", "conseiller", "rappel", "délai", "remboursement", "échéancier", "régularisation", "attestation", "fournisseur", "offre", "adresse"]


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words))


def _rows(chance: random.Random, number: int, first: int, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of ``number`` conversations, as (table, row), parents before children."""
    for place in range(first, first + number):
        created = now - timedelta(days=DAYS * chance.random(), seconds=1)
        language, theme = chance.choice(LANGUAGES), chance.choice(THEMES)
        with_ticket = chance.random() < TICKETS
        live = with_ticket and place < LIVE / TICKETS
        if live:
            created = now - timedelta(hours=48 * chance.random())
        name, at = str(uuid.UUID(int=chance.getrandbits(116) << 12, version=4)), created    # the last three digits tell copies apart
        outcome = ("handed_over" if live else "handed_over_solved") if with_ticket else chance.choice(OUTCOMES)
        spoken: list[dict[str, Any]] = []
        for turn in range(chance.choice((1, 1, 2, 2, 3, 5))):
            at += timedelta(seconds=chance.uniform(10, 60))
            spoken.append({"kind": "message", "author": "customer", "at": iso(at), "payload": {"text": _text(chance, chance.randint(4, 14))},
                           "client_message_id": str(turn)})
            spoken.append({"kind": "message", "author": "bot", "at": iso(at + timedelta(seconds=0.2)), "client_message_id": None, "payload": {
                "text": _text(chance, 30), "reply": "answer", "choices": [], "articles": [{"id": "comprendre-facture", "title": "Comprendre ma facture", "locale": language, "probability": 0.91}],
                "meta": {"turn": turn, "source": "dialogue", "intent": "faq", "confidence": 0.9, "effects": [{"kind": "answered", "payload": {"article": "comprendre-facture"}}]}}})
        yield "conversations", {
            "id": name, "token_hash": f"{chance.getrandbits(256):064x}", "locale": language, "page_url": "https://example.org/aide", "language": language,
            "created_at": iso(created), "last_at": iso(at), "closed_at": None if live else iso(at), "mode": "waiting" if live else "closed",
            "seq": len(spoken), "asked_seq": 0, "answered_seq": 0, "turn_attempts": 0, "outcome": outcome, "theme": theme}
        for seq, event in enumerate(spoken, 1):
            yield "events", {"conversation_id": name, "seq": seq, **event}
        if chance.random() < RATINGS:
            yield "feedback", {"conversation_id": name, "at": iso(at), "kind": chance.choice(("csat", "effort")), "value": chance.randint(1, 5), "comment": None, "with_agent": with_ticket}
        if chance.random() < GAPS:
            text = _text(chance, 4)
            yield "gaps", {"key": f"{name}:2:gap", "conversation_id": name, "seq": 2, "at": iso(at), "language": language, "text": text, "fold": fold(text), "candidates": []}
        if with_ticket:
            reference = f"SOL-{place:08d}"
            answered = at + timedelta(seconds=chance.expovariate(1 / 400))
            yield "tickets", {
                "reference": reference, "conversation_id": name, "status": ("new" if chance.random() < 0.5 else "open") if live else "closed",
                "queue": language, "priority": chance.choice((0, 1, 2, 2, 2)), "channel": "chat", "locale": language, "theme": theme, "summary": _text(chance, 9),
                "assignee": None, "packet": {"request": spoken[0]["payload"]["text"], "tried": [], "slots": {"contract": "1234567890"}}, "opened_at": iso(at), "updated_at": iso(answered),
                "first_response_at": None if live else iso(answered), "solved_at": None if live else iso(answered + timedelta(minutes=20)), "version": 1}
            for action, status in (("open", "new"), ("take", "open"), ("resolve", "solved")):
                yield "ticket_events", {"reference": reference, "at": iso(answered), "action": action, "author": "agent", "from_status": None, "to_status": status, "detail": {}}


_TABLES = {table.name: table for table in (conversations, events, feedback, gaps, tickets, ticket_events)}


def fill(database: Database, first: int, number: int, now: datetime) -> None:
    """Store conversations ``first`` to ``first + number``; the planner's statistics are brought up to date.

    Up to :data:`WRITTEN` are written one by one; the rest are copies of these under other ids, made by the database.
    """
    loading = sa.create_engine(database.url, future=True, **({} if database.is_sqlite else {"executemany_mode": "values_only"}))
    with loading.connect() as connection:
        if database.is_sqlite:      # the benchmark's own file: a power cut may spoil it
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            connection.exec_driver_sql("PRAGMA cache_size=-1000000")
            connection.exec_driver_sql("PRAGMA temp_store=MEMORY")
        fresh = max(0, min(first + number, WRITTEN) - first)
        _write(connection, first, fresh, now)
        connection.exec_driver_sql("CREATE TEMPORARY TABLE originals AS SELECT id FROM conversations WHERE substr(id, 34, 3) = '000'")
        connection.commit()
        left, copy = number - fresh, first // WRITTEN
        while left > 0:
            copy += 1
            _copy(connection, copy, min(left, WRITTEN))
            connection.commit()
            left -= WRITTEN
    with loading.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")
    loading.dispose()


def _write(connection: Connection, first: int, number: int, now: datetime) -> None:
    chance = random.Random(first + 1)
    waiting: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    references: list[str] = []
    for table, row in _rows(chance, number, first, now):
        waiting[table].append(row)
        if table == "tickets":
            references.append(row["reference"])
        if len(waiting["events"]) >= _TOGETHER:
            _flush(connection, waiting)
    _flush(connection, waiting)
    search.index(connection, references)


def _copy(connection: Connection, copy: int, number: int) -> None:
    """Another ``number`` conversations like the first ones, all of them over and done with."""
    mark, ref = f"'{copy:03x}'", f"'-{copy}'"
    new_id = "substr({0}, 1, 33) || " + mark
    among = f"SELECT id FROM originals ORDER BY id LIMIT {number}"
    changed = {
        "conversations": {"id": new_id.format("id"), "mode": "'closed'"},
        "events": {"conversation_id": new_id.format("conversation_id")},
        "feedback": {"conversation_id": new_id.format("conversation_id")},
        "gaps": {"conversation_id": new_id.format("conversation_id"), "key": "key || " + ref},
        "tickets": {"conversation_id": new_id.format("conversation_id"), "reference": "reference || " + ref, "status": "'closed'",
                    "first_response_at": "updated_at", "solved_at": "updated_at"},
        "ticket_events": {"reference": "reference || " + ref},
    }
    for name, table in _TABLES.items():
        columns = [column.name for column in table.columns if not (column.name == "id" and table.name in ("feedback", "ticket_events"))]
        values = ", ".join(changed[name].get(column, f'"{column}"') for column in columns)
        if name == "ticket_events":
            which = f"reference IN (SELECT reference FROM tickets WHERE conversation_id IN ({among}))"
        else:
            which = f"{'id' if name == 'conversations' else 'conversation_id'} IN ({among})"
        quoted = ", ".join(f'"{column}"' for column in columns)
        connection.exec_driver_sql(f"INSERT INTO {name} ({quoted}) SELECT {values} FROM {name} WHERE {which}".replace("%", "%%"))
    documents = f"SELECT id FROM search_documents WHERE conversation_id IN ({among})"
    shift = f"+ {copy * _STRIDE}"
    connection.exec_driver_sql(
        f"INSERT INTO search_documents (id, reference, conversation_id, seq, at) SELECT id {shift}, reference || {ref}, {new_id.format('conversation_id')}, seq, at "
        f"FROM search_documents WHERE id IN ({documents})")
    row, words = ("rowid", "text") if connection.dialect.name == "sqlite" else ("id", "document")
    connection.exec_driver_sql(f"INSERT INTO search_fts ({row}, {words}) SELECT {row} {shift}, {words} FROM search_fts WHERE {row} IN ({documents})")


def _flush(connection: Connection, waiting: dict[str, list[dict[str, Any]]]) -> None:
    for name in _TABLES:          # parents first
        if waiting[name]:
            connection.execute(sa.insert(_TABLES[name]), waiting[name])
            waiting[name] = []


def stored(database: Database) -> dict[str, int]:
    """Rows by table, for the report."""
    with database.read() as connection:
        return {name: int(connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one()) for name in _TABLES}
