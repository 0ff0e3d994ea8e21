"""The files of web/static: vendored files are those that were looked at, and nothing outgrows its budget."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest

from web.endpoints.static import SCRIPTS, SHEETS, slim_script, slim_sheet

STATIC = Path(__file__).parents[2] / "web" / "static"
OURS = SCRIPTS[1:]
# Text colours by what they stand on; WCAG 2.2 asks for 4.5, and for 3 where it is a border or a dot.
INKS = ("text", "text-strong", "text-2", "text-3")
TEXT_ON = {
    **dict.fromkeys(
        ("bg-nav", "bg-list", "bg-thread", "surface", "sel-bg", "msg-team", "surface-sunken"), INKS
    ),
    "accent": ("on-accent",),
    "accent-hover": ("on-accent",),
    "accent-soft": ("accent-text",),
    "note-bg": ("note-text", "note-accent"),
    "note-accent": ("on-note",),
    "danger-soft": ("danger",),
    "warn-soft": ("warn",),
    "ch-email-soft": ("ch-email",),
    "ch-chat-soft": ("ch-chat",),
    "ch-form-soft": ("ch-form", "text"),
    **{f"av-{n}-bg": (f"av-{n}",) for n in range(1, 9)},
}
MORE_TEXT_ON = {
    "bg-nav": ("accent-text",),
    "bg-list": ("warn",),
    "bg-thread": ("danger", "ch-email", "ch-form"),
    "sel-bg": ("accent-text", "warn"),
    "surface": ("accent-text", "danger", "warn"),
    "msg-team": ("accent-text",),
}
MARKS_ON = {
    "surface": ("line-control", "focus", "away"),
    "bg-list": ("line-control", "unread", "sel-bar"),
    "bg-nav": ("focus",),
    "note-bg": ("focus",),
    "sel-bg": ("unread",),
}
PAIRS = [
    (ink, ground, least)
    for table, least in ((TEXT_ON, 4.5), (MORE_TEXT_ON, 4.5), (MARKS_ON, 3))
    for ground, inks in table.items()
    for ink in inks
]


def test_vendored_files_have_the_checksums_that_are_written_down() -> None:
    rows = re.findall(r"^\| `(\S+)` .*`sha384-(\S+)` \|$", (STATIC / "VERSIONS.md").read_text(), re.M)
    assert {name for name, _ in rows} == {"htmx.min.js", "icons.svg"}
    for name, checksum in rows:
        found = base64.b64encode(hashlib.sha384((STATIC / name).read_bytes()).digest()).decode()
        assert found == checksum, f"{name} is not the file that VERSIONS.md names"


@pytest.mark.parametrize("parts", SHEETS.values(), ids=SHEETS)
def test_what_a_page_looks_like_weighs_12_kb_at_most(parts: tuple[str, ...]) -> None:
    sheet = "".join(slim_sheet((STATIC / name).read_text()) for name in parts)
    assert len(gzip.compress(sheet.encode(), 9)) <= 12_000


def test_the_scripts_of_a_page_weigh_60_kb_at_most() -> None:
    served = "\n".join(slim_script((STATIC / name).read_text()) for name in SCRIPTS)
    assert len(gzip.compress(served.encode(), 9)) <= 60_000


def bare(name: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / name).read_text(), flags=re.S)
    return re.sub(r"\n\s*", "\n", re.sub(r"\s+// .*$", "", text, flags=re.M))


@pytest.mark.parametrize("name", [*OURS, "devices.js", "preview.js", "sw.js"])
def test_scripts_do_nothing_that_the_content_policy_refuses(name: str) -> None:
    text = (STATIC / name).read_text()
    for refused in (
        r"\beval\(",
        r"new Function",
        r"setAttribute\('style'",
        r"<style",
        r"\bstyle=",
        r"https?://",
    ):
        assert not re.search(refused, text), f"{name} contains {refused}"


@pytest.mark.parametrize("name", sorted({part for parts in SHEETS.values() for part in parts}))
def test_style_sheets_load_nothing_from_elsewhere(name: str) -> None:
    assert not re.search(r"@import|url\(", (STATIC / name).read_text())


def test_every_icon_is_in_the_sprite_once_and_in_order() -> None:
    names = re.findall(r'<symbol id="([\w-]+)" viewBox="0 0 24 24">', (STATIC / "icons.svg").read_text())
    assert names == sorted(set(names))
    named = r"\['([\w-]+)', (?:desk\.words\()?'[A-Z]"
    used = {name for script in OURS for name in re.findall(named, (STATIC / script).read_text())}
    assert used and used <= set(names)


def tokens() -> dict[str, str]:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "tokens.css").read_text(), flags=re.S).split("@media (forced")[
        0
    ]
    return dict(re.findall(r"--([\w-]+)\s*:\s*([^;]+);", text))


def colour(value: str, theme: str, known: dict[str, str]) -> str:
    value = value.strip()
    if both := re.match(r"light-dark\((.+),(.+)\)$", value):
        return colour(both[1 if theme == "light" else 2], theme, known)
    if name := re.match(r"var\(--([\w-]+)\)$", value):
        return colour(known[name[1]], theme, known)
    return value


def luminance(code: str) -> float:
    digits = code.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_told_apart_in_both_themes(theme: str) -> None:
    known = tokens()
    weak = []
    for ink, ground, least in PAIRS:
        low, high = sorted(luminance(colour(known[name], theme, known)) for name in (ink, ground))
        if (high + 0.05) / (low + 0.05) < least:
            weak.append((ink, ground, round((high + 0.05) / (low + 0.05), 2)))
    assert weak == []
