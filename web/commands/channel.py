"""onethread channel: the ways in and out."""

from typing import Annotated, Any

import typer

app = typer.Typer(help="The ways in and out.", no_args_is_help=True, rich_markup_mode=None)
adding = typer.Typer(help="Add a way in and out.", no_args_is_help=True)
app.add_typer(adding, name="add")


@adding.command("email")
def add_email(
    name: Annotated[str, typer.Argument(help="As agents see it.")],
    address: Annotated[str, typer.Option(help="The mailbox's address, like support@example.com.")],
    imap: Annotated[str | None, typer.Option(help="imaps://user@host:993")] = None,
    smtp: Annotated[str | None, typer.Option(help="smtp://user@host:587")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    authserv_id: Annotated[str | None, typer.Option(help="Whose Authentication-Results to believe.")] = None,
    rate: Annotated[str | None, typer.Option(help="Send no more than, like 30/minute or 2000/day.")] = None,
) -> None:
    """Add a mailbox and print its id. Without --imap it is fed by ingest, LMTP or /mail."""
    from inbox.envelopes import ChannelKind
    from web.terminal import secret_from_stdin

    settings = {"imap_url": imap, "smtp_url": smtp, "authserv_id": authserv_id, "sending_rate": rate}
    password = secret_from_stdin() if password_stdin else None
    _add(ChannelKind.EMAIL, name, "public_id", address=address, settings=settings, password=password)


@adding.command("webchat")
def add_webchat(
    name: Annotated[str, typer.Argument(help="As agents see it.")],
    origin: Annotated[
        list[str] | None, typer.Option(help="A site that may show it: https://shop.example")
    ] = None,
) -> None:
    """Add a chat for web sites and print its public key."""
    from inbox.envelopes import ChannelKind

    _add(ChannelKind.WEBCHAT, name, "public_key", settings={"origins": origin or []})


@adding.command("form")
def add_form(name: Annotated[str, typer.Argument(help="As agents see it.")]) -> None:
    """Add a form and print its public key."""
    from inbox.envelopes import ChannelKind

    _add(ChannelKind.FORM, name, "public_key")


@app.command("list")
def list_channels(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show the channels and how they are."""
    from json import dumps

    from inbox.queries import channels
    from web.terminal import run

    async def listed(installation: Any) -> list[dict[str, Any]]:
        async with installation.database.reading() as session:
            return [_shown(channel) for channel in await channels.everything(session)]

    rows = run(listed)
    if json:
        typer.echo(dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        where = row["address"] or row["public_key"]
        typer.echo(f"{row['kind']:8} {row['name']:24} {where:32} {row['state']} {row['state_text']}".rstrip())


@app.command()
def check(name: Annotated[str, typer.Argument(help="The mailbox's name.")]) -> None:
    """Log in to IMAP and SMTP, and say what is wrong."""
    from channels.email.servers import foreign_login
    from inbox.accounts import account_of
    from inbox.envelopes import ChannelKind
    from inbox.errors import Invalid
    from inbox.queries import channels
    from web.mailbox_checks import check_account
    from web.terminal import run

    async def checked(installation: Any) -> tuple[list[str], str]:
        async with installation.database.reading() as session:
            channel = await channels.by_name(session, name)
            if channel.kind != ChannelKind.EMAIL:
                raise Invalid(f"{name} is no mailbox: there is nothing to log in to.")
            account = account_of(channel, installation.keys)
        troubles = await check_account(account, installation)
        login = None if troubles else foreign_login(account)
        doubt = f" It signs in at {login} but writes as {account.address}: see to DKIM." if login else ""
        return troubles, doubt

    troubles, doubt = run(checked)
    if troubles:
        raise Invalid(" ".join(troubles))
    typer.echo(f"{name} works.{doubt}")


def _add(kind: Any, name: str, shown: str, **values: Any) -> None:
    from inbox.actions import channels
    from inbox.actors import SYSTEM
    from web.terminal import run

    async def added(installation: Any) -> str:
        async with installation.database.transaction() as session:
            channel = await channels.add_channel(
                session, kind=kind, name=name, by=SYSTEM, keys=installation.keys, **values
            )
            return str(getattr(channel, shown))

    typer.echo(run(added))


def _shown(channel: Any) -> dict[str, Any]:
    return {
        "id": channel.public_id,
        "kind": channel.kind,
        "name": channel.name,
        "address": channel.address,
        "public_key": channel.public_key,
        "state": "off" if channel.deactivated_at else channel.state,
        "state_text": channel.state_text,
        "last_message_at": channel.last_message_at.isoformat() if channel.last_message_at else None,
    }
