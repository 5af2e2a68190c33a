"""Tables of the embedded back office and how a connection to them is opened.

This database stands for the supplier's own system: it is apart from Relais' database, so that
nothing can grow a habit of joining the two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 1

DDL = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customers (
  number TEXT PRIMARY KEY CHECK (number GLOB 'C-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'),
  first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
  locale TEXT NOT NULL, postcode TEXT NOT NULL, town TEXT NOT NULL, address TEXT NOT NULL,
  energy TEXT NOT NULL CHECK (energy IN ('electricity', 'gas', 'both')),
  offer TEXT NOT NULL, power_kva INTEGER, tariff TEXT CHECK (tariff IN ('base', 'off_peak')),
  pdl TEXT, pce TEXT, linky INTEGER NOT NULL, three_phase INTEGER NOT NULL,
  payment TEXT NOT NULL CHECK (payment IN ('debit', 'transfer')),
  monthly_cents INTEGER, debit_day INTEGER, iban TEXT, since TEXT NOT NULL,
  second_home INTEGER NOT NULL, protected INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'closing', 'closed')), ends_on TEXT,
  cadence TEXT NOT NULL CHECK (cadence IN ('monthly', 'bimonthly', 'yearly')),
  payer TEXT NOT NULL CHECK (payer IN ('good', 'late', 'rejected')),
  next_start TEXT NOT NULL,             -- first day not billed yet
  profile TEXT NOT NULL,                -- JSON of usage.Profile
  CHECK ((energy = 'gas') = (power_kva IS NULL)), CHECK ((energy = 'electricity') = (pce IS NULL)));
CREATE TABLE IF NOT EXISTS readings (
  contract TEXT NOT NULL REFERENCES customers, register TEXT NOT NULL, day TEXT NOT NULL,
  value INTEGER NOT NULL CHECK (value >= 0),
  kind TEXT NOT NULL CHECK (kind IN ('actual', 'remote', 'customer', 'estimated')),
  PRIMARY KEY (contract, register, day, kind));
CREATE TABLE IF NOT EXISTS bills (
  number TEXT PRIMARY KEY, contract TEXT NOT NULL REFERENCES customers, start TEXT NOT NULL,
  end TEXT NOT NULL, due TEXT NOT NULL, to_pay_cents INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('paid', 'due', 'overdue', 'rejected')),
  body TEXT NOT NULL, UNIQUE (contract, start));
CREATE TABLE IF NOT EXISTS payments (
  id INTEGER PRIMARY KEY, contract TEXT NOT NULL REFERENCES customers, day TEXT NOT NULL,
  cents INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('instalment', 'bill', 'refund')),
  bill TEXT REFERENCES bills, UNIQUE (contract, day, kind));
CREATE TABLE IF NOT EXISTS fees (
  id INTEGER PRIMARY KEY, contract TEXT NOT NULL REFERENCES customers, day TEXT NOT NULL,
  label TEXT NOT NULL, cents INTEGER NOT NULL, bill TEXT REFERENCES bills);
CREATE TABLE IF NOT EXISTS appointments (
  id INTEGER PRIMARY KEY, contract TEXT NOT NULL REFERENCES customers, day TEXT NOT NULL,
  slot TEXT NOT NULL, purpose TEXT NOT NULL, reference TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS agreements (   -- plans, delays, moves, ends: what was agreed, by kind
  reference TEXT PRIMARY KEY, contract TEXT REFERENCES customers, kind TEXT NOT NULL,
  at TEXT NOT NULL, until TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS agreements_of ON agreements (contract, kind);
CREATE TABLE IF NOT EXISTS outages (
  id TEXT PRIMARY KEY, postcode TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS outages_at ON outages (postcode);
CREATE TABLE IF NOT EXISTS effects (
  key TEXT PRIMARY KEY, call TEXT NOT NULL, digest TEXT NOT NULL, receipt TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS challenges (
  id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, contract TEXT,
  conversation TEXT NOT NULL, expires REAL NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0, locale TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checks (       -- results of check_code by key, for a turn asked twice
  key TEXT PRIMARY KEY, challenge TEXT NOT NULL, code_hash BLOB NOT NULL, ok INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS code_requests (subject TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS code_requests_of ON code_requests (subject, at);
CREATE TABLE IF NOT EXISTS tokens (
  hash BLOB PRIMARY KEY, contract TEXT NOT NULL, conversation TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS code_mails (
  challenge TEXT PRIMARY KEY REFERENCES challenges, recipient TEXT, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS letters (
  reference TEXT PRIMARY KEY, contract TEXT NOT NULL REFERENCES customers);
"""


class Database:
    """Short-lived connections to one SQLite file: safe from any thread and from several processes."""

    def __init__(self, path: Path, busy_seconds: float = 2.0) -> None:
        self.path = path
        self._busy = busy_seconds
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        path.chmod(0o600)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._busy, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that has the write lock from its start; all of it or nothing."""
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            connection.close()

    def create(self, connection: sqlite3.Connection) -> None:
        """Create the tables that are missing, inside the caller's transaction."""
        for statement in DDL.split(";"):
            if statement.strip():
                connection.execute(statement)
