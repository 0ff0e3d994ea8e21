"""What the chat says, in the visitor's language: catalogues in `templates/webchat/words`, one for each.

A language is chosen from what the page asks for (`data-lang`), else from what the browser prefers.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from inbox.errors import OnethreadError
from inbox.words import words_in
from web.preferences import preferred

DEFAULT = "en"
_FOLDER = Path(__file__).parent / "templates" / "webchat" / "words"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language: of the panel, of its rarer screens, and of the host page's button. What the
    server says to visitors stands with its other sentences (`inbox.words`)."""

    language: str
    panel: Mapping[str, str]
    screens: Mapping[str, str]
    host: Mapping[str, str]

    def told(self, error: OnethreadError) -> str:
        """What is wrong, for a visitor."""
        return words_in(self.language).told(error.phrase)


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """Every language that there is a catalogue for, by its tag."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        content = tomllib.loads(path.read_text())
        found[path.stem] = Catalogue(path.stem, content["panel"], content["screens"], content["host"])
    return found


def catalogue_for(asked: object, accepted: str = "") -> Catalogue:
    """The catalogue for a BCP 47 tag that was asked for, else for an Accept-Language header (RFC 9110
    §12.5.4), else English."""
    wanted = [asked] if isinstance(asked, str) and asked not in ("", "auto") else preferred(accepted)
    for tag in wanted:
        if found := catalogues().get(tag.lower().partition("-")[0]):
            return found
    return catalogues()[DEFAULT]
