"""Files of strangers: offered to be saved, shown only as pixels of our own."""

import base64
import io
import json
import os
from pathlib import Path
from urllib.parse import unquote

import httpx2
import pytest
from PIL import Image

from inbox.db import Database
from inbox.models import Attachment, Message
from tests.builders import Scene, a_conversation
from tests.web import pdfs
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT
from web.endpoints.attachments import NAMED_TYPES, SIGN, picture_url
from web.installation import Installation
from web.pictures import MOST_PIXELS

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
ATTACKS = DATA / "attacks"


@pytest.fixture
async def scene(installation: Installation) -> Scene:
    async with installation.database.transaction() as session:
        return await a_conversation(session)


async def attached(
    installation: Installation,
    message: Message,
    content: bytes,
    *,
    name: str = "file",
    kind: str = "text/plain",
) -> Attachment:
    digest = installation.blobs.put(content)
    async with installation.database.transaction() as session:
        file = Attachment(
            message_id=message.id, digest=digest, filename=name, content_type=kind, size=len(content)
        )
        session.add(file)
    return file


def picture(size: tuple[int, int] = (40, 30), mode: str = "RGB", kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "served"),
    [
        ("application/pdf", "application/pdf"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml; x", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("image/png", "image/png"),
    ],
)
async def test_a_file_is_saved_never_opened(
    maya: Person, installation: Installation, scene: Scene, kind: str, served: str
) -> None:
    file = await attached(installation, scene.messages[0], b"<script>alert(1)</script>", kind=kind)

    answer = await maya.browser.get(f"/attachments/{file.public_id}")

    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"].partition(";")[0] == served
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].endswith("sandbox")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ['a"; filename="b.exe', "ä ö.pdf", "x\r\nSet-Cookie: y=1", "\u202egnp.exe", "%0d"]
)
async def test_a_name_cannot_leave_its_header(
    maya: Person, installation: Installation, scene: Scene, name: str
) -> None:
    file = await attached(installation, scene.messages[0], b"x", name=name)

    answer = await maya.browser.get(f"/attachments/{file.public_id}")

    value = answer.headers["content-disposition"]
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert value.count('"') == 2
    assert value.isascii()
    assert value.isprintable()


async def test_files_of_private_cases_and_uploads_of_others_are_not_there(
    maya: Person, installation: Installation, scene: Scene, new_person: NewPerson, sqlite_database: Database
) -> None:
    priya = await new_person("Priya Nair")
    file = await attached(installation, scene.messages[0], b"x")
    async with sqlite_database.transaction() as session:
        case = await session.merge(scene.case)
        case.is_private, case.assignee_id = True, priya.agent.id
    uploaded = await priya.post("/attachments", files={"file": ("a.txt", b"draft")})

    for path in (f"/attachments/{file.public_id}", f"/attachments/{uploaded.json()['id']}"):
        assert (await priya.browser.get(path)).status_code == 200
        assert (await maya.browser.get(path)).status_code == 404


async def test_a_picture_is_shown_as_pixels_of_our_own(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    payload = picture() + b"<script>alert(1)</script>"
    file = await attached(installation, scene.messages[0], payload, kind="image/png")
    url = picture_url(installation, file)
    assert url is not None

    answer = await maya.browser.get(url)

    assert answer.status_code == 200
    assert b"script" not in answer.content
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "1", "CMYK"])
async def test_pictures_of_every_mode_are_shown(
    maya: Person, installation: Installation, scene: Scene, mode: str
) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    content = picture(mode=mode, kind=kind) if mode != "LA" else picture(mode="L")
    file = await attached(installation, scene.messages[0], content, kind="image/png")

    assert (await maya.browser.get(picture_url(installation, file) or "")).status_code == 200


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", picture()[:60], b"GIF89a"],
)
async def test_what_is_no_picture_is_not_shown(
    maya: Person, installation: Installation, scene: Scene, content: bytes
) -> None:
    file = await attached(installation, scene.messages[0], content, kind="image/png")

    assert (await maya.browser.get(picture_url(installation, file) or "")).status_code == 404


async def test_a_picture_of_too_many_pixels_is_not_decoded(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    bomb = picture(size=(MOST_PIXELS // 4_000 + 1, 4_000), mode="1")
    file = await attached(installation, scene.messages[0], bomb, kind="image/png")

    assert (await maya.browser.get(picture_url(installation, file) or "")).status_code == 404


async def test_the_address_of_a_picture_cannot_be_made_up_and_expires(
    maya: Person, installation: Installation, scene: Scene, stranger: httpx2.AsyncClient
) -> None:
    file = await attached(installation, scene.messages[0], picture(), kind="image/png")
    url = picture_url(installation, file) or ""

    assert (await maya.browser.get(f"/pictures/{file.digest}")).status_code == 404
    assert (await maya.browser.get(url[:-2] + "xx")).status_code == 404
    assert (await stranger.get(url)).status_code == 303  # a seal is not enough: sign in as well


async def test_a_picture_has_a_thumbnail_for_those_who_may_see_it(
    maya: Person, stranger: httpx2.AsyncClient, installation: Installation, scene: Scene
) -> None:
    large = await attached(
        installation, scene.messages[0], picture((900, 600)) + b"<script>", name="a.png", kind="image/png"
    )
    url = f"/attachments/{large.public_id}/thumbnail"
    answer = await maya.browser.get(url)
    with Image.open(io.BytesIO(answer.content)) as small:
        assert small.size == (160, 107)
    assert answer.headers["content-type"] == "image/jpeg" and b"script" not in answer.content
    page = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert f'<img src="{url}"' in page
    assert (await stranger.get(url)).status_code in (303, 401)
    look = (await maya.browser.get(f"/attachments/{large.public_id}/preview", headers=SCRIPT)).text
    assert f'<img src="/attachments/{large.public_id}/picture" alt="a.png">' in look and "<html" not in look
    shown = await maya.browser.get(f"/attachments/{large.public_id}/picture")
    with Image.open(io.BytesIO(shown.content)) as whole:
        assert whole.size == (900, 600)
    assert b"script" not in shown.content


@pytest.mark.parametrize("kind", ["image/png", "text/html", "image/svg+xml"])
async def test_what_is_no_picture_has_no_thumbnail(
    maya: Person, installation: Installation, scene: Scene, kind: str
) -> None:
    file = await attached(installation, scene.messages[0], b"<svg onload=alert(1)>", kind=kind)
    for size in ("thumbnail", "picture"):
        assert (await maya.browser.get(f"/attachments/{file.public_id}/{size}")).status_code == 404


async def test_a_pdf_shows_its_first_page_and_how_many_there_are(
    maya: Person, stranger: httpx2.AsyncClient, installation: Installation, scene: Scene
) -> None:
    file = await attached(
        installation, scene.messages[0], pdfs.letter(), name="a.pdf", kind="application/octet-stream"
    )
    url = f"/attachments/{file.public_id}"
    page = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert f'href="{url}/preview" data-sheet' in page and f'<img src="{url}/thumbnail" alt=""' in page

    look = (await maya.browser.get(f"{url}/preview", headers=SCRIPT)).text
    assert "1 page ·" in look and f'<img src="{url}/picture" alt="The first page of a.pdf">' in look
    for size, side in (("thumbnail", 160), ("picture", 1_600)):
        answer = await maya.browser.get(f"{url}/{size}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-security-policy"].endswith("sandbox")
        with Image.open(io.BytesIO(answer.content)) as image:
            assert max(image.size) == side
        assert (await stranger.get(f"{url}/{size}")).status_code == 303


async def test_a_pdf_that_cannot_be_drawn_is_saved_as_ever(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    file = await attached(
        installation, scene.messages[0], pdfs.locked(), name="a.pdf", kind="application/pdf"
    )
    url = f"/attachments/{file.public_id}"

    look = await maya.browser.get(f"{url}/preview", headers=SCRIPT)

    assert look.status_code == 200 and "asks for a password" in look.text and "<img" not in look.text
    assert (await maya.browser.get(f"{url}/picture")).status_code == 404
    sign = await maya.browser.get(f"{url}/thumbnail")
    assert sign.headers["content-type"] == "image/svg+xml" and sign.content == SIGN
    assert sign.headers["content-security-policy"].endswith("sandbox")
    assert (await maya.browser.get(url)).content == pdfs.locked()


async def test_words_of_a_file_stand_escaped_in_a_document_that_may_do_nothing(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    evil = b"Name,Town\n<script>alert(1)</script>,</td><img src=x onerror=alert(1)>\n"
    for name, kind in (("a.csv", "text/csv"), ("a.txt", "text/plain"), ("a.eml", "message/rfc822")):
        file = await attached(installation, scene.messages[0], evil, name=name, kind=kind)
        url = f"/attachments/{file.public_id}"
        look = (await maya.browser.get(f"{url}/preview", headers=SCRIPT)).text
        assert f'<iframe src="{url}/text" sandbox ' in look and "alert" not in look

        answer = await maya.browser.get(f"{url}/text")

        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';") and policy.endswith("; sandbox")
        assert "script-src" not in policy and "frame-ancestors 'self'" in policy
        assert "&lt;script&gt;alert(1)" in answer.text and "<img" not in answer.text
        assert ("<table>" in answer.text) is (kind == "text/csv")


async def test_what_holds_no_text_says_so_in_its_place(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    file = await attached(installation, scene.messages[0], b"\0\1\2" * 99, name="a.log")

    answer = await maya.browser.get(f"/attachments/{file.public_id}/text")

    assert answer.status_code == 200 and "There is no text in this file." in answer.text


async def test_sound_and_film_are_played_in_stretches_and_still_only_saved(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    voice = await attached(
        installation, scene.messages[0], b"RIFF0123456789", name="a.wav", kind="audio/x-wav"
    )
    film = await attached(
        installation, scene.messages[0], b"0000ftyp", name="a.mp4", kind="application/octet-stream"
    )
    for file, element, kind in ((voice, "audio", "audio/wav"), (film, "video", "video/mp4")):
        url = f"/attachments/{file.public_id}"
        look = (await maya.browser.get(f"{url}/preview", headers=SCRIPT)).text
        assert f'<{element} src="{url}" controls' in look and "autoplay" not in look
        part = await maya.browser.get(url, headers={"Range": "bytes=4-6"})
        assert (part.status_code, part.headers["content-type"]) == (206, kind)
        assert part.headers["content-range"] == f"bytes 4-6/{file.size}" and len(part.content) == 3
        assert part.headers["content-disposition"].startswith("attachment;")
        assert part.headers["content-security-policy"].endswith("sandbox")
    assert "media-src 'self'" in (await maya.browser.get("/inbox/mine")).headers["content-security-policy"]


@pytest.mark.parametrize("kind", ["text/html", "application/zip", "image/svg+xml"])
async def test_what_cannot_be_shown_has_no_look(
    maya: Person, installation: Installation, scene: Scene, kind: str
) -> None:
    file = await attached(installation, scene.messages[0], b"<script>", name="a.pdf", kind=kind)
    for way in ("preview", "text", "picture", "thumbnail"):
        assert (await maya.browser.get(f"/attachments/{file.public_id}/{way}")).status_code == 404


def assert_only_saved(answer: httpx2.Response) -> None:
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] in NAMED_TYPES | {"application/octet-stream"}
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.skipif(not (ATTACKS / "attachments.jsonl").exists(), reason="the attacks are not here")
async def test_published_files_are_saved_as_they_came_and_never_shown(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    lines = (ATTACKS / "attachments.jsonl").read_text().splitlines()
    for attack in map(json.loads, lines):
        content, name, kind = base64.b64decode(attack["data_b64"]), attack["filename"], attack["content_type"]
        mailed = await attached(installation, scene.messages[0], content, name=name, kind=kind)
        kept = await maya.post("/attachments", files={"file": (name, content, kind)})
        for file in (mailed.public_id, kept.json()["id"]):
            answer = await maya.browser.get(f"/attachments/{file}")
            assert_only_saved(answer)
            assert answer.content == content
            small = await maya.browser.get(f"/attachments/{file}/thumbnail")
            assert small.status_code == 404 or small.content == SIGN, name
        url = picture_url(installation, mailed)
        assert url is None or (await maya.browser.get(url)).status_code == 404, name
    print(f"\n{len(lines)} files, mailed and uploaded: all saved, none shown")
    assert lines


@pytest.mark.skipif(not (ATTACKS / "filenames.jsonl").exists(), reason="the attacks are not here")
async def test_published_names_are_made_fit_and_stay_in_their_header(
    maya: Person, installation: Installation, scene: Scene
) -> None:
    lines = (ATTACKS / "filenames.jsonl").read_text().splitlines()
    for written in (json.loads(line)["payload"] for line in lines):
        kept = await maya.post("/attachments", files={"file": (written or "x", b"x")})
        raw = await attached(installation, scene.messages[0], b"x", name=written[:300])
        assert set(kept.json()["filename"]).isdisjoint('/\\<>"\r\n\0\u202e'), written
        for file in (kept.json()["id"], raw.public_id):
            answer = await maya.browser.get(f"/attachments/{file}")
            assert_only_saved(answer)
            value = answer.headers["content-disposition"]
            assert value.isascii() and value.isprintable() and value.count('"') == 2, written
        assert unquote(value.partition("UTF-8''")[2]) == written[:300]
    print(f"\n{len(lines)} names, uploaded and as they came: none leaves its header")
    assert lines
