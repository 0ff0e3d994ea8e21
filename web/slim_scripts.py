"""The two scripts that foreign sites fetch, without what only their authors need. There is no build step."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class SlimScript:
    """A script as it is served, and a name for exactly this content."""

    content: bytes
    version: str


def slim(script: str) -> str:
    """A script without indentation and without comments that fill lines of their own or follow two spaces."""
    without_blocks = re.sub(r"^\s*/\*.*?\*/\n", "", script, flags=re.S | re.M)
    without_remarks = re.sub(r"[ \t]{2,}// .*$", "", without_blocks, flags=re.M)
    return re.sub(r"^[ \t]+", "", without_remarks, flags=re.M)


def _slim_script(name: str) -> SlimScript:
    content = slim((_STATIC / name).read_text()).encode()
    return SlimScript(content, _version(content))


def _version(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(contents)).hexdigest()[:24]


LOADER = _slim_script("widget.js")
PANEL = _slim_script("panel.js")
PANEL_VERSION = _version(
    PANEL.content, (_STATIC / "widget.css").read_bytes()
)  # of all that its document names
