"""What the pages of channels share: reading what was typed about one, and what there is to choose from."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from inbox.actions import channels as ways
from inbox.envelopes import ChannelKind
from inbox.models import Channel, Team
from inbox.queries import agents, channels
from inbox.queries.happenings import Reading
from inbox.words import LANGUAGES
from web.acting import text_of
from web.channel_forms import FieldRow, rows_given
from web.installation import Installation, installation_of
from web.mailbox_forms import client_secret
from web.mailbox_pages import mailbox_facts

SECTION = "channels"
HOME = "/settings/channels"


async def channel_of_path(request: Request) -> Channel:
    """The channel that the address names. Raises NotFound."""
    async with installation_of(request).database.reading() as session:
        return await channels.by_id(session, request.path_params["id"])


async def choices(
    request: Request, kind: ChannelKind, values: Mapping[str, str], channel: Channel | None
) -> dict[str, Any]:
    """The teams and mailboxes to choose from, and those that are chosen."""
    async with installation_of(request).database.reading() as session:
        teams = [each.team for each in await agents.teams(session)]
        mailboxes = await channels.active(session, kind=ChannelKind.EMAIL)
        mailbox = await mailbox_facts(session, installation_of(request), kind, channel)
    team_ids = [team.public_id for team in teams if channel and team.id == channel.default_team_id]
    mailbox_ids = [box.public_id for box in mailboxes if channel and box.id == channel.reply_mailbox_id]
    return {
        "languages": LANGUAGES,
        **mailbox,
        "teams": [(team.public_id, team.name) for team in teams],
        "mailboxes": [(box.public_id, box.address) for box in mailboxes],
        "team_id": values.get("team", next(iter(team_ids), "")),
        "mailbox_id": values.get("reply_mailbox", next(iter(mailbox_ids), "")),
    }


async def team_given(session: Reading, form: FormData) -> Team | None:
    """The team that was chosen. Raises NotFound for one that is gone."""
    chosen = text_of(form, "team")
    return await agents.team_by_id(session, chosen) if chosen else None


async def reply_mailbox_given(session: Reading, form: FormData) -> Channel | None:
    """The mailbox that was chosen to answer by. Raises NotFound for one that is gone."""
    chosen = text_of(form, "reply_mailbox")
    return await channels.by_id(session, chosen) if chosen else None


def password_given(form: FormData) -> str | None:
    """A password as it was typed, spaces too; None leaves the stored one."""
    value = form.get("password")
    return value if isinstance(value, str) and value else None


def keep_client_secret(channel: Channel, form: FormData, installation: Installation) -> None:
    """Seal the secret of a registration of one's own, where one was typed."""
    if typed := client_secret(form):
        ways.keep_secret(channel, "client_secret", typed, keys=installation.keys)


def questions_given(kind: ChannelKind, form: FormData) -> list[FieldRow]:
    """The questions as they were sent; none for what is no form."""
    return rows_given(form) if kind is ChannelKind.FORM else []


def button_pressed(form: FormData) -> str:
    """Which of the buttons beside a form's questions was pressed; "" for Save."""
    return text_of(form, "row")
