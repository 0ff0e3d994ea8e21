"""What a browser says that it prefers."""

import re

_LONGEST = 200  # characters of a header that are looked at


def preferred(header: str) -> list[str]:
    """The language tags of an Accept-Language header (RFC 9110 §12.5.4), most wanted first."""
    weighed = []
    for part in header[:_LONGEST].split(","):
        tag, _, quality = part.strip().partition(";")
        number = quality.strip().removeprefix("q=")
        weight = float(number) if re.fullmatch(r"[01](\.\d{1,3})?", number) else 1.0
        if weight > 0:
            weighed.append((-weight, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: pair[0])]
