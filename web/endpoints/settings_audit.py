"""Settings → Audit: who did what cannot be undone, or concerns who may do what; and the same as a table."""

import json
from datetime import date, datetime, time, timedelta

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from inbox import clock
from inbox.actions import audit as noting
from inbox.errors import Invalid
from inbox.models import AuditKind
from inbox.phrases import N_
from inbox.queries import agents, audit
from inbox.queries.audit import Sought
from inbox.queries.happenings import Reading
from web.installation import installation_of
from web.moments import is_of_our_time, zone_of
from web.settings_pages import settings_page
from web.spreadsheets import csv_of
from web.visiting import client_host

WORDS = {
    AuditKind.MESSAGE_REDACTED: N_("Words removed"),
    AuditKind.CUSTOMER_BLOCKED: N_("Customer blocked"),
    AuditKind.CUSTOMER_UNBLOCKED: N_("Customer unblocked"),
    AuditKind.CUSTOMER_EXPORTED: N_("Customer exported"),
    AuditKind.CUSTOMERS_MERGED: N_("Customers merged"),
    AuditKind.CUSTOMERS_PARTED: N_("Merge undone"),
    AuditKind.AUDIT_EXPORTED: N_("Audit exported"),
    AuditKind.TAG_REMOVED: N_("Tag removed"),
    AuditKind.TAG_MERGED: N_("Tags merged"),
    AuditKind.FIELD_CHANGED: N_("Customer field changed"),
    AuditKind.FIELD_REMOVED: N_("Customer field removed"),
}
HEAD = ("at", "agent", "kind", "subject", "reason", "details", "origin")
FILTERS = ("kind", "agent", "since", "until")


async def index(request: Request) -> Response:
    """GET /settings/audit?kind=&agent=&since=&until=&cursor="""
    asked = request.query_params
    problem: Invalid | None = None
    async with installation_of(request).database.reading() as session:
        try:
            sought = await _sought(request, session, asked)
        except Invalid as error:
            sought, problem = Sought(), error
        found = await audit.page(session, sought, cursor=asked.get("cursor"))
        people = await agents.everybody(session)
    return await settings_page(
        request,
        "settings/audit.html",
        section="audit",
        entries=found.items,
        next=found.next,
        words=WORDS,
        people=people,
        filters={name: asked.get(name, "") for name in FILTERS},
        problem=problem,
    )


async def export(request: Request) -> Response:
    """POST /settings/audit/export {kind, agent, since, until}: the same entries as CSV, which is noted too"""
    agent, form = request.state.agent, await request.form()
    async with installation_of(request).database.transaction() as session:
        sought = await _sought(request, session, form)
        rows = [
            (
                entry.at.isoformat(),
                entry.agent_name,
                entry.kind,
                entry.subject,
                entry.reason,
                json.dumps(entry.details, ensure_ascii=False),
                entry.origin,
            )
            async for entry in audit.everything(session, sought)
        ]
        origin = client_host(request) or ""
        kind = AuditKind.AUDIT_EXPORTED
        noting.note(session, kind, by=agent, subject="audit", origin=origin, rows=len(rows))
    name = f"audit-{clock.now().date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(csv_of([HEAD, *rows]), media_type="text/csv; charset=utf-8", headers=headers)


async def _sought(request: Request, session: Reading, asked: QueryParams | FormData) -> Sought:
    """Raises Invalid for a day that is none."""
    until = _day(request, asked, "until")
    agent_id = str(asked.get("agent") or "")
    return Sought(
        kind=str(asked.get("kind") or ""),
        agent_id=(await agents.by_id(session, agent_id)).id if agent_id else None,
        since=_day(request, asked, "since"),
        until=until + timedelta(days=1) if until else None,
    )


def _day(request: Request, asked: QueryParams | FormData, name: str) -> datetime | None:
    written = str(asked.get(name) or "")
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise Invalid("Choose a day.", field=name) from error
    if not is_of_our_time(day):
        raise Invalid("Choose a day.", field=name)
    return datetime.combine(day, time(0), zone_of(request))
