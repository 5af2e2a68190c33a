"""Macros: leads write them, agents fill and send them, and ask for those they miss."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool

from bot.conversations import store as conversations
from bot.conversations.wording import speak
from bot.desk import customer, filling, macros, requests, suggest
from bot.desk.placeholders import KNOWN
from bot.staff.accounts import Member
from bot.tickets import store
from bot.tickets.translations import between
from bot.web.deps import Line, Name, ServicesDep, Short, allowed
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]
Lead = Annotated[Member, Depends(allowed("articles.write"))]
RowId = Annotated[int, Path(ge=1, le=2**31)]


class NewMacro(BaseModel):
    """A name, and texts by locale with ``{{placeholders}}``."""

    name: Name
    theme: Short | None = None
    texts: dict[str, str]


class ChangedMacro(NewMacro):
    """The version it was read at, so that two editors notice each other."""

    version: int
    active: bool = True


class Ask(BaseModel):
    """What a lead should write."""

    kind: Literal["macro", "article"]
    text: Line
    reference: Name | None = None


class Settle(BaseModel):
    """What became of it, with a word to whoever asked."""

    status: Literal["done", "declined"]
    answer: Line = Line("")


@router.get("/macros")
def list_macros(parts: ServicesDep, who: Agent, all: bool = False) -> dict[str, Any]:
    """Macros by name, and the placeholders they may use."""
    with parts.database.read() as connection:
        return {"macros": macros.listed(connection, everything=all), "placeholders": list(KNOWN)}


@router.post("/macros", status_code=201)
def create_macro(body: NewMacro, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """A new macro; 400 names a broken placeholder."""
    with parts.database.write() as connection:
        return macros.create(connection, name=body.name, texts=body.texts, theme=body.theme, author=who.username)


@router.put("/macros/{row}")
def change_macro(row: RowId, body: ChangedMacro, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Change or retire a macro; 409 where someone changed it meanwhile."""
    with parts.database.write() as connection:
        return macros.change(connection, row, version=body.version, name=body.name, texts=body.texts,
                             theme=body.theme, active=body.active, author=who.username)


@router.get("/tickets/{reference}/macros/{row}")
async def fill_macro(reference: str, row: RowId, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """A macro for this ticket's customer: ``text`` with what is known, ``missing`` to be asked for, ``locale``
    the language it is in: where the customer's is missing, the one answers are translated from."""
    ticket, conversation = await parts.database.run_read(lambda c: _both(c, reference))
    macro = await parts.database.run_read(lambda c: macros.get(c, row))
    translation = await parts.database.run_read(lambda c: between(c, parts.translator, ticket))
    facts = await run_in_threadpool(_facts, parts, ticket, conversation)
    return filling.filled(macro, ticket, facts, who, zone=parts.desk.zone,
                          instead=translation["from"] if translation else "en")


@router.get("/tickets/{reference}/customer")
async def customer_facts(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """What is known of the customer: said by them, and from their contract where they proved who they are."""
    ticket, conversation = await parts.database.run_read(lambda c: _both(c, reference))
    facts = await run_in_threadpool(_facts, parts, ticket, conversation)
    if facts.verified and ticket["packet"].get("account") != facts.public():
        await parts.database.run_write(lambda c: filling.keep(c, reference, facts))
    return facts.public()


@router.get("/tickets/{reference}/suggestions")
async def suggestions(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Articles and macros that fit what the customer wants, by the retrieval that answers customers."""
    def read(connection: Connection) -> Any:
        """What is asked, and the macros there are."""
        ticket, conversation = _both(connection, reference)
        said = conversations.last_events(connection, conversation.id, 30)
        return ticket, conversation, filling.question(ticket, said), macros.listed(connection)

    ticket, conversation, text, known = await parts.database.run_read(read)
    language = speak(conversation.language)

    def by_words(asked: str, locale: str) -> list[dict[str, Any]]:
        """Where no dialogue process answers."""
        return parts.fallback.search(asked, locale)

    found = await suggest.articles(parts.client, by_words, text, language)
    refused = set(ticket["packet"].get("articles_refused") or ())
    for article in found:
        article["title"] = await run_in_threadpool(parts.articles.title, article["id"], language)
        article["refused"] = article["id"] in refused
    ids = await run_in_threadpool(parts.macro_search.find, known, text, language, ticket["theme"])
    names = {macro["id"]: macro["name"] for macro in known}
    return {"articles": found, "macros": [{"id": number, "name": names[number]} for number in ids]}


@router.post("/requests", status_code=201)
async def ask_for_content(body: Ask, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Ask the leads for a macro or an article."""
    def job(connection: Connection) -> dict[str, Any]:
        """One transaction."""
        if body.reference:
            store.get(connection, body.reference)
        return requests.ask(connection, kind=body.kind, text=body.text, author=who.username, reference=body.reference)

    made = await parts.database.run_write(job)
    parts.broadcaster.nudge("inbox", {"kind": "notification"})
    return made


@router.get("/requests")
def list_requests(parts: ServicesDep, who: Lead, status: Literal["open", "done", "declined", ""] = "open") -> dict[str, Any]:
    """What agents asked for."""
    with parts.database.read() as connection:
        return {"requests": requests.listed(connection, status)}


@router.post("/requests/{row}")
async def settle_request(row: RowId, body: Settle, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Settle one; whoever asked is told."""
    done = await parts.database.run_write(
        lambda c: requests.decide(c, row, status=body.status, answer=body.answer, who=who.username))
    parts.broadcaster.nudge("inbox", {"kind": "notification"})
    return done


def _both(connection: Connection, reference: str) -> tuple[store.Ticket, Any]:
    ticket = store.get(connection, reference)
    return ticket, conversations.get(connection, ticket["conversation_id"])


def _facts(parts: Services, ticket: store.Ticket, conversation: Any) -> customer.Facts:
    return customer.look_up(ticket, conversation, parts.backoffice)
