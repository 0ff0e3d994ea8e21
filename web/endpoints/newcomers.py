"""The first two minutes: a sample page of this installation with a chat and a form, and a mail to drop in."""

import asyncio
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from channels.webchat.signatures import sign
from inbox import clock
from inbox.accounts import unsealed
from inbox.actions import samples
from inbox.errors import Invalid, NotFound
from inbox.intake import RawInput
from inbox.models import Channel, IntakeState
from inbox.queries.first_steps import first_steps
from inbox.queries.samples import Samples, progress, sample_channels
from web.installation import Installation, installation_of
from web.sample_mail import CUSTOMER_ADDRESS, CUSTOMER_ID, CUSTOMER_NAME, sample_mail
from web.settings_pages import actor_of
from web.templating import page
from web.workspace import shell_for

HOME = "/try"
FORM_SENT = "/try?sent=form"
SIGNED_SECONDS = 3600


async def show(request: Request) -> Response:
    """GET /try: the sample page; without a sample, what it would be."""
    installation = installation_of(request)
    async with installation.database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        found = await sample_channels(session)
        reached = await progress(session, CUSTOMER_ADDRESS) if found else None
    return page(
        request,
        "newcomers/try.html",
        shell=shell,
        current="try",
        samples=found,
        reached=reached,
        sent=request.query_params.get("sent", ""),
        identity=_signed(installation, found.chat) if found else {},
        customer={"name": CUSTOMER_NAME, "address": CUSTOMER_ADDRESS},
        form_sent=FORM_SENT,
    )


async def create(request: Request) -> Response:
    """POST /try: add the sample. Its customer writes a mail at once, so that the address is known as
    theirs."""
    installation = installation_of(request)
    async with installation.database.transaction() as session:
        is_new = await sample_channels(session) is None
        found = await samples.add_samples(
            session,
            by=actor_of(request),
            keys=installation.keys,
            origin=installation.settings.base_url,
            thanks_page=FORM_SENT,
        )
        mailbox = found.mailbox
    if is_new:
        await installation.intake.submit(mailbox.id, "sample", sample_mail(0, to=mailbox.address or ""))
    return RedirectResponse(HOME, 303)


async def steps(request: Request) -> Response:
    """GET /first-steps?known=: which of the first steps are done, again and again; 204 while nothing is
    new"""
    async with installation_of(request).database.reading() as session:
        first = await first_steps(session)
    if first is None:
        return Response()
    if first.known == request.query_params.get("known"):
        return Response(status_code=204)
    return page(request, "newcomers/_first_steps.html", first=first)


async def send_mail(request: Request) -> Response:
    """POST /try/mails: drop in the next prepared mail, or the file that was chosen."""
    installation = installation_of(request)
    found = await _samples(request)
    form = await request.form()
    try:
        raw = await _raw_input(installation, found, form)
    finally:
        await form.close()
    ids = await installation.intake.accept(found.mailbox.id, "sample", [raw])
    (filed,) = await installation.intake.file(ids) if ids else (None,)
    is_filed = filed is not None and filed.state == IntakeState.FILED
    return RedirectResponse(f"{HOME}?sent={'mail' if is_filed else 'held'}", 303)


async def remove(request: Request) -> Response:
    """POST /try/remove: take the sample and everything that came by it away."""
    async with installation_of(request).database.transaction() as session:
        await samples.remove_samples(session, by=actor_of(request))
    return RedirectResponse("/inbox/mine", 303)


async def _samples(request: Request) -> Samples:
    async with installation_of(request).database.reading() as session:
        found = await sample_channels(session)
    if found is None:
        raise NotFound("There is no sample. An admin can add one.")
    return found


async def _raw_input(installation: Installation, found: Samples, form: FormData) -> RawInput:
    upload, number = form.get("file"), str(form.get("number", ""))
    if isinstance(upload, UploadFile) and upload.filename:
        return await _stored(installation, upload)
    letter = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0
    return RawInput(content=sample_mail(letter, to=found.mailbox.address or ""))


async def _stored(installation: Installation, upload: UploadFile) -> RawInput:
    if not upload.size:
        raise Invalid("That file is empty. Choose a mail that was saved as .eml.", field="file")
    digest, size = await asyncio.to_thread(installation.blobs.put_stream, upload.file)
    return RawInput(digest=digest, size=size, source_ref=str(upload.filename))


def _signed(installation: Installation, chat: Channel) -> dict[str, Any]:
    """What the server of a shop would sign for its customer who is looking at the page."""
    expires = str(int(clock.now().timestamp()) + SIGNED_SECONDS)
    secret = unsealed(chat, installation.keys)["identity_secrets"][0]
    content = "\n".join((chat.public_key, CUSTOMER_ID, CUSTOMER_ADDRESS, expires)).encode()
    return {
        "id": CUSTOMER_ID,
        "email": CUSTOMER_ADDRESS,
        "name": CUSTOMER_NAME,
        "expires": expires,
        "signature": sign(secret, content),
    }
