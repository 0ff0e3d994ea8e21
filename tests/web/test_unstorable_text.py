"""What strangers send that is no text: refused or made text at the door, on every database."""

import json

import httpx2
import pytest
from sqlalchemy import select

from inbox.models import Channel, Message
from tests.builders import a_form_channel, a_webchat_channel
from tests.web.conftest import BASE, Person
from web.installation import Installation

HALF, ZERO = "\\ud800", "\\u0000"
FRAMES = [
    f'{{"t":"message","client_id":"abcdefgh{ZERO}","text":"x"}}',
    f'{{"t":"message","client_id":"{HALF}abcdefgh","text":"x"}}',
    f'{{"t":"message","client_id":"abcdefgh-page","text":"a{HALF}{ZERO}b","page":"http://x/{HALF}{ZERO}"}}',
    f'{{"t":"message","client_id":"abcdefgh-asked","text":"x","fields":[["{ZERO}q","{HALF}"],[1],2],"name":"{ZERO}"}}',
    f'{{"t":"message","client_id":"abcdefgh-files","text":"x","files":["{HALF}",{{}}]}}',
    f'{{"t":"{HALF}"}}',
    f'{{"t":"identify","id":"{HALF}","signature":"{HALF}","expires":"1"}}',
    f'{{"t":"identify","id":"u","email":"{HALF}@a.example","expires":"1","signature":"a"}}',
    f'{{"t":"email","email":"a{HALF}@b.example"}}',
    f'{{"t":"code","email":"a{ZERO}@b.example"}}',
    f'{{"t":"prove","code":"{HALF}"}}',
    f'{{"t":"rate","score":5,"comment":"{ZERO}{HALF}"}}',
    f'{{"t":"seen","message":"{HALF}"}}',
    f'{{"t":"notice","page":"http://a/{ZERO}{HALF}","attributes":{{"{ZERO}":"{HALF}"}}}}',
    f'{{"t":"hello","lang":"{HALF}","language":"{HALF}","page":"http://a/{ZERO}","after":"{HALF}"}}',
    f'{{"t":{"[" * 700}1{"]" * 700}}}',
]


@pytest.fixture
async def form(installation: Installation) -> Channel:
    async with installation.database.transaction() as session:
        return await a_form_channel(session)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/forms/%00", 404),
        ("/widget/%00/config", 404),
        ("/mail/a%00", 404),
        ("/setup?token=%00", 400),
        (f"/cases/{'9' * 5_000}", 404),
        (f"/api/v1/cases/{'9' * 5_000}", 404),
    ],
)
async def test_an_address_that_no_database_could_look_up_names_nothing(
    stranger: httpx2.AsyncClient, address: str, status: int
) -> None:
    method = "POST" if address.startswith("/mail") else "GET"
    assert (await stranger.request(method, address)).status_code == status


async def test_a_cursor_beyond_all_numbers_is_none(maya: Person) -> None:
    assert (await maya.program.get("/api/v1/events?cursor=pffffffffffffffff")).status_code == 422
    assert (await maya.program.get("/api/v1/events?cursor=p3fffffffffffffff")).status_code == 200


async def test_a_program_asks_for_nothing_by_a_zero_byte(maya: Person) -> None:
    assert (await maya.program.get("/api/v1/customers?q=a%00")).status_code == 400
    assert (await maya.browser.get("/search?q=%00")).status_code == 400


@pytest.mark.parametrize("frame", FRAMES)
async def test_a_panel_that_sends_no_text_is_answered_in_words(
    stranger: httpx2.AsyncClient, installation: Installation, frame: str
) -> None:
    async with installation.database.transaction() as session:
        channel = await a_webchat_channel(session)
    address = f"/widget/{channel.public_key}/messages"
    hello = await stranger.post(address, json={"t": "hello"}, headers={"Origin": BASE})
    token = hello.json()["frames"][0]["token"]
    headers = {"Origin": BASE, "Authorization": f"Bearer {token}"}

    answer = await stranger.post(address, content=frame, headers=headers)

    assert answer.status_code in (200, 400, 422), answer.text
    async with installation.database.reading() as session:
        for message in await session.scalars(select(Message)):
            (message.text + (message.page_url or "")).encode()
            assert "\0" not in message.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (f'{{"email":"a@b.example","message":"a{ZERO}b{HALF}","_page":"http://x/{HALF}"}}', 202),
        (f'{{"email":"a@b.example","message":{"[" * 400}"x"{"]" * 400}}}', 202),
        (f'{{"email":"a@b.example","message":{"[" * 900}"x"{"]" * 900}}}', 400),
        (f'{{"email":"a{HALF}@b.example","message":"x"}}', 202),
    ],
)
async def test_a_program_that_sends_no_text_to_a_form_is_understood_or_refused(
    stranger: httpx2.AsyncClient, form: Channel, installation: Installation, fields: str, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await stranger.post(f"/forms/{form.public_key}", content=fields, headers=headers)

    assert answer.status_code == status, answer.text
    async with installation.database.reading() as session:
        assert all("\0" not in message.text for message in await session.scalars(select(Message)))


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://shop.example/contact", "https://shop.example/contact"),
        ("javascript:alert(1)", None),
        ("data:text/html,<script>", None),
        ("https://shop.example/a\nb", "https://shop.example/a b"),
    ],
)
async def test_only_a_web_address_is_kept_as_the_page_that_a_form_was_on(
    stranger: httpx2.AsyncClient, form: Channel, installation: Installation, page: str, kept: str | None
) -> None:
    fields = json.dumps({"email": "a@b.example", "message": "hello", "_page": page})
    headers = {"Content-Type": "application/json"}
    await stranger.post(f"/forms/{form.public_key}", content=fields, headers=headers)

    async with installation.database.reading() as session:
        message = (await session.scalars(select(Message))).one()
    assert message.page_url == kept


async def test_words_of_a_form_in_an_odd_charset_are_text_all_the_same(
    stranger: httpx2.AsyncClient,
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n\\ud800\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape", "Origin": BASE}
    assert (await stranger.post("/sign-in", content=body, headers=headers)).status_code == 403
