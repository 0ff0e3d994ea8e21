"""What browser somebody signed in with, in words: nobody recognises a `User-Agent`."""

from inbox.phrases import N_, Phrase, phrase

# The order matters: most browsers also name those whose pages they want (RFC 9110, 10.1.5 is no help here).
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> Phrase:
    """ "Firefox on Windows", or as much of it as is known; a program's own name where it is no browser."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return phrase(N_("%(browser)s on %(system)s"), browser=browser, system=system)
    if browser or system:
        return Phrase("%(name)s", {"name": browser or system})
    name = user_agent.partition("/")[0].strip()
    return Phrase("%(name)s", {"name": name}) if name else phrase(N_("Unknown browser"))


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
