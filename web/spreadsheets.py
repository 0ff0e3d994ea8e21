"""Tables as CSV (RFC 4180) that a spreadsheet shows and never computes (SECURITY R38)."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
# What a spreadsheet takes for the beginning of a formula, in full width too, and after blanks.
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@|\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def csv_of(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV; a text that looks like a formula begins with an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([cell_of(value) for value in row] for row in rows)
    return BYTE_ORDER_MARK + written.getvalue()


def cell_of(value: object) -> str:
    """A value as a cell: a number as it is, a text so that it stays one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = "" if value is None else str(value).replace("\x00", "")
    return f"'{text}" if _FORMULA.match(text) else text
