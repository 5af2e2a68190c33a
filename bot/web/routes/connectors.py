"""Other systems: their webhooks, how they stand, and issues handed to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from bot.errors import Conflict, NotAllowed, NotFound
from bot.integrations.connectors import links
from bot.integrations.connectors.setup import configured, webhook_secret
from bot.integrations.connectors.signatures import delivery_key, genuine, subject
from bot.staff.accounts import Member
from bot.storage.clock import now_iso
from bot.tickets import store as tickets
from bot.web.deps import ServicesDep, allowed

router = APIRouter(prefix="/api/v1")
Agent = Annotated[Member, Depends(allowed("tickets"))]
Integrator = Annotated[Member, Depends(allowed("integrations"))]
System = Literal["zammad", "zendesk", "jira"]


@router.post("/connectors/{system}", status_code=202, tags=["integrations"])
async def incoming(system: System, request: Request, parts: ServicesDep) -> dict[str, bool]:
    """A system's webhook, signed as its vendor documents. It only says *that* something changed."""
    body = await request.body()
    if not genuine(system, webhook_secret(parts.settings, system), request.headers, body):
        raise NotAllowed("The signature of this webhook is missing or wrong.", key="hook_signature")
    external_id, key = subject(system, body), delivery_key(request.headers, body)

    def job(connection: Any) -> bool:
        """Queue a pass over the ticket, if it is one of ours."""
        reference = links.reference_of(connection, system, external_id) if external_id else None
        link = links.find(connection, system, reference) if reference else None
        if link is None or reference is None:
            return False
        links.ask(connection, system, reference, link["conversation_id"], f"hook:{key}")
        return True

    return {"known": await parts.database.run_write(job)}


@router.get("/staff/connectors", tags=["staff"])
def overview(parts: ServicesDep, who: Integrator) -> dict[str, Any]:
    """The systems tickets are kept in step with, and how that goes."""
    with parts.database.read() as connection:
        return {"connectors": links.overview(connection)}


@router.post("/staff/tickets/{reference}/issue", status_code=202, tags=["staff"])
def hand_to_jira(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Make an issue in Jira from a ticket; its comments and status come back as notes. Once a ticket."""
    if "jira" not in configured(parts.settings):
        raise NotFound("No Jira is connected here (RELAIS_JIRA_URL).", key="jira_off")
    with parts.database.write() as connection:
        ticket = tickets.get(connection, reference, lock=True)
        if ticket["status"] == "closed":
            raise Conflict("A closed ticket cannot be handed on.", key="issue_closed")
        before = max((line["id"] for line in tickets.history(connection, reference)), default=0)
        if links.ensure(connection, "jira", reference, ticket["conversation_id"], after_note=before):
            tickets.record(connection, reference, "issue", who.username, ticket["status"],
                           ticket["status"], {"connector": "jira"})
        links.ask(connection, "jira", reference, ticket["conversation_id"], "made")
        return {"external": links.of_tickets(connection, [reference])[reference]}


@router.post("/staff/tickets/{reference}/sync", status_code=202, tags=["staff"])
def look_again(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Bring a ticket and its twins in step now."""
    with parts.database.write() as connection:
        ticket = tickets.get(connection, reference)
        found = links.of_tickets(connection, [reference])[reference]
        for twin in found:
            links.ask(connection, twin["connector"], reference, ticket["conversation_id"],
                      f"asked:{now_iso()}")
    return {"external": found}
