"""The languages that people may read us in, by their codes (BCP 47)."""

from collections.abc import Mapping

ENGLISH = "en"
LENGTHENED = "en-XA"  # English made longer, to try layouts with; nobody is offered it
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "de": "Deutsch"}
KNOWN = frozenset({*LANGUAGES, LENGTHENED})
