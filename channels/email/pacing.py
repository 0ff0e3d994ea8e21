"""Filing what was accepted, and leaving the process to its agents in between.

A mailbox with thousands of mails is filed in the process that answers agents. Whatever is filed at once is
time in which no page is made, so a backlog goes in small pieces with rests between them.
"""

import asyncio
import time
from collections.abc import Sequence

from inbox.intake import IntakeDesk

PIECE = 12
REST = 1.0
LONGEST_REST = 0.5  # seconds


async def file_calmly(intake: IntakeDesk, record_ids: Sequence[int], *, more_wait: bool) -> None:
    """File accepted inputs in their order; *more_wait*: others stand in line behind them."""
    pieces = [record_ids[start : start + PIECE] for start in range(0, len(record_ids), PIECE)]
    for number, piece in enumerate(pieces, 1):
        began = time.monotonic()
        await intake.file(piece)
        if more_wait or number < len(pieces):
            await asyncio.sleep(min(REST * (time.monotonic() - began), LONGEST_REST))
