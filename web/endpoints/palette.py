"""What the palette finds beside the actions of the page: cases, customers, and the search itself."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox.actors import Actor
from inbox.operators import read
from inbox.queries import case_pages, customers
from inbox.queries.case_views import CaseFilter
from inbox.queries.happenings import Reading
from inbox.queries.shown_words import face_of_customer
from inbox.words import Words
from web.acting import actor_of
from web.installation import installation_of
from web.wording import words_for

MOST = 5
_GLYPHS = {
    "email": "mail",
    "webchat": "message-circle",
    "form": "clipboard-list",
    "phone": "phone",
    "meeting": "users",
}
Item = dict[str, str]


async def show(request: Request) -> Response:
    """GET /palette?q=: {"items": [{group, icon, title, hint, url}]}"""
    typed = request.query_params.get("q", "").strip()[:200]
    items: list[Item] = []
    words = words_for(request)
    if typed:
        async with installation_of(request).database.reading() as session:
            items += await _cases(session, typed, actor_of(request), words)
            items += await _customers(session, typed, words)
        search = words.said("Search")
        items.append(
            _item(
                search,
                "search",
                words.say("Search for “%(words)s”", words=typed),
                search,
                f"/search?{urlencode({'q': typed})}",
            )
        )
    return JSONResponse({"items": items})


async def _cases(session: Reading, typed: str, actor: Actor, words: Words) -> list[Item]:
    digits = typed.removeprefix("#")
    asked = f"case:{digits}" if digits.isascii() and digits.isdigit() else f'subject:"{typed}"'
    if read(asked).is_empty:
        return []
    wanted = CaseFilter(words=asked)
    ids = await case_pages.page_of_ids(session, wanted, actor=actor, cursor=None, limit=MOST, sort="new")
    return [
        _item(
            words.said("Cases"),
            _GLYPHS.get(one.case.last_channel_kind, "layers"),
            f"#{one.case.number} {one.case.subject or words.said('No subject')}",
            one.customer.name,
            f"/cases/{one.case.number}",
        )
        for one in await case_pages.details(session, ids.items)
    ]


async def _customers(session: Reading, typed: str, words: Words) -> list[Item]:
    found = await customers.page(session, words=typed, limit=MOST)
    return [
        _item(
            words.said("Customers"),
            "contact",
            face_of_customer(one.customer).name,
            next((known.address for known in one.identities if known.kind == "email"), words.said("Visitor")),
            f"/conversations/{one.conversation.public_id}"
            if one.conversation
            else f"/customers/{one.customer.public_id}",
        )
        for one in found.items
    ]


def _item(group: str, icon: str, title: str, hint: str, url: str) -> Item:
    return {"group": group, "icon": icon, "title": title, "hint": hint or group, "url": url}
