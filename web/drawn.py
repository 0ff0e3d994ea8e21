"""Entries of timelines as HTML, kept for as long as they look the same.

What an entry draws depends neither on who looks nor on its neighbours, so that one drawing serves every page
and every push. A page of fifty entries took longer to draw than to read.
"""

from collections import OrderedDict

from jinja2 import Environment
from markupsafe import Markup

from inbox.queries.shown import Entry

MOST_CHARACTERS = 8_000_000


class DrawnEntries:
    """Draws entries with the templates of an environment; remembers the newest drawings, together no longer
    than so many characters."""

    def __init__(self, environment: Environment, *, most_characters: int = MOST_CHARACTERS) -> None:
        self._environment = environment
        self._most = most_characters
        self._characters = 0
        self._kept: OrderedDict[str, tuple[Entry, Markup]] = OrderedDict()

    def __call__(self, entry: Entry) -> Markup:
        """The entry's HTML. An entry that looks different now is drawn anew."""
        name = entry.element_id
        kept = self._kept.get(name)
        if kept is not None and kept[0] == entry:
            self._kept.move_to_end(name)
            return kept[1]
        # What timeline/_entry.html includes, without its detour.
        template = self._environment.get_template(f"timeline/_{entry.kind}.html")
        html = Markup(template.render(entry=entry, shown=entry.shown))  # escaped by its template
        self._keep(name, entry, html)
        return html

    def _keep(self, name: str, entry: Entry, html: Markup) -> None:
        before = self._kept.pop(name, None)
        self._characters += len(html) - (len(before[1]) if before else 0)
        self._kept[name] = entry, html
        while self._characters > self._most:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._characters -= len(oldest)
