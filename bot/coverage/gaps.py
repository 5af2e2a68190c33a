"""Messages that got no good answer: kept redacted, grouped where they say the same, decided once."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput, NotFound, not_one_of
from bot.privacy.redaction import redact
from bot.storage.clock import now_iso
from bot.storage.database import Database
from bot.storage.schema import gap_decisions, gaps

_G, _D = gaps.c, gap_decisions.c
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_LABEL = re.compile(r"\s*\[(?:e-mail|IBAN|PDL|carte|contrat|téléphone|secret|code)\]")
SORTS = ("count", "newest")
DECISIONS = ("article", "phrasing", "out_of_scope")


def fold(text: str) -> str:
    """What near-equal messages share: letters and digits without accents, repeats and order of words.

    Word order is dropped on purpose ("facture payer" and "payer facture" ask the same); messages
    of one word keep it.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(ch for ch in plain if not unicodedata.combining(ch))
    words = [word for word in _NOT_WORD.split(plain) if word]
    return " ".join(sorted(set(words)))[:400] or text.strip()[:40]


def without_labels(text: str) -> str:
    """A kept message without the labels that stand where personal data was: what a model may learn from."""
    return _LABEL.sub("", text).strip()


def record_gap(
    connection: Connection, *, key: str, conversation_id: str, seq: int, text: str, language: str,
    candidates: list[Any], at: str,
) -> None:
    """Store one, once per ``key``; personal data is replaced before anything is written."""
    if not text.strip() or connection.execute(sa.select(_G.key).where(_G.key == key)).first():
        return
    safe = redact(text)
    connection.execute(sa.insert(gaps).values(
        key=key, conversation_id=conversation_id, seq=seq, at=at, language=language, text=safe,
        fold=fold(safe), candidates=candidates))


def grouped(
    connection: Connection, *, language: str = "", include_decided: bool = False, sort: str = "count", limit: int = 200
) -> list[dict[str, Any]]:
    """Groups of like messages with counts, most frequent first, or newest. Raises BadInput.

    ``id`` names the group in decisions; ``examples`` holds up to five wordings, ``conversations``
    the newest ones to read.
    """
    if sort not in SORTS:
        raise not_one_of("sort", SORTS)
    order = ("count", "last_at") if sort == "count" else ("last_at", "count")
    query = (
        sa.select(
            _G.language, _G.fold, sa.func.count().label("count"),
            sa.func.count(sa.distinct(_G.conversation_id)).label("people"),
            sa.func.max(_G.at).label("last_at"), sa.func.min(_G.at).label("first_at"),
            _D.decision, _D.slug,
        )
        .outerjoin(gap_decisions, sa.and_(_D.language == _G.language, _D.fold == _G.fold))
        .group_by(_G.language, _G.fold, _D.decision, _D.slug)
        .where(*_wanted(language, include_decided))
        .order_by(*(sa.desc(name) for name in order), _G.fold)
        .limit(limit)
    )
    found = [dict(row) for row in connection.execute(query).mappings()]
    newest = _newest(connection, [group["fold"] for group in found])
    for group in found:
        rows = newest[group["language"], group["fold"]]
        group["id"] = f"{group['language']}:{group['fold']}"
        group["text"] = rows[0].text
        group["examples"] = list(dict.fromkeys(row.text for row in rows))[:5]
        group["conversations"] = list(dict.fromkeys(row.conversation_id for row in rows))[:5]
        group["candidates"] = rows[0].candidates
        del group["fold"]
    return found


def count(connection: Connection, *, language: str = "", include_decided: bool = False) -> int:
    """How many groups there are."""
    groups = (
        sa.select(_G.language, _G.fold)
        .outerjoin(gap_decisions, sa.and_(_D.language == _G.language, _D.fold == _G.fold))
        .where(*_wanted(language, include_decided)).group_by(_G.language, _G.fold).subquery()
    )
    return int(connection.execute(sa.select(sa.func.count()).select_from(groups)).scalar_one())


def _wanted(language: str, include_decided: bool) -> list[Any]:
    return ([_G.language == language] if language else []) + ([] if include_decided else [_D.decision.is_(None)])


def _newest(connection: Connection, folds: Sequence[str], most: int = 20) -> dict[tuple[str, str], list[Any]]:
    """The newest messages of each group, read together."""
    place = sa.func.row_number().over(
        partition_by=(_G.language, _G.fold), order_by=(_G.at.desc(), _G.key)).label("place")
    ranked = sa.select(_G.language, _G.fold, _G.key, place).where(_G.fold.in_(folds)).subquery()
    rows = connection.execute(
        sa.select(_G.language, _G.fold, _G.text, _G.conversation_id, _G.candidates)
        .join(ranked, ranked.c.key == _G.key).where(ranked.c.place <= most)
        .order_by(_G.language, _G.fold, ranked.c.place))
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.language, row.fold].append(row)
    return found


def decide(
    connection: Connection, *, group: str, decision: str, slug: str | None, author: str
) -> dict[str, Any]:
    """Settle a group. Raises BadInput, NotFound. Returns its newest text, language and the decision."""
    if decision not in DECISIONS:
        raise not_one_of("decision", DECISIONS)
    if decision != "out_of_scope" and not slug:
        raise BadInput("Name the article (slug) this decision is about.", key="gap_article")
    language, _, folded = group.partition(":")
    row = connection.execute(
        sa.select(_G.text).where(_G.language == language, _G.fold == folded)
        .order_by(_G.at.desc()).limit(1).with_for_update()      # two leads on one group: one after the other
    ).first()
    if row is None:
        raise NotFound("There is no such group of messages.", key="gap_gone")
    where = sa.and_(_D.language == language, _D.fold == folded)
    connection.execute(sa.delete(gap_decisions).where(where))
    connection.execute(sa.insert(gap_decisions).values(
        language=language, fold=folded, decision=decision, slug=slug, text=row.text, author=author,
        at=now_iso()))
    return {"text": row.text, "language": language, "decision": decision, "slug": slug}


def out_of_scope(database: Database) -> list[tuple[str, str]]:
    """``(language, text)`` of messages a lead called out of scope, for whoever answers and learns."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(_D.language, _D.text).where(_D.decision == "out_of_scope")
            .order_by(_D.at, _D.language, _D.fold))
        return [(row.language, row.text) for row in rows]
