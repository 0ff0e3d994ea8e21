"""A backlog is filed in small pieces, so that agents get their pages in between; a single mail at once."""

from collections.abc import Sequence

import pytest

from channels.email import pacing
from channels.email.pacing import PIECE, file_calmly
from inbox.actions.messages import Filed
from inbox.models import IntakeState


class Desk:
    """Notes what it was given to file."""

    def __init__(self) -> None:
        self.filed: list[list[int]] = []

    async def file(self, record_ids: Sequence[int], *, forced: bool = False) -> list[Filed]:
        self.filed.append(list(record_ids))
        return [Filed(record_id=record_id, state=IntakeState.FILED) for record_id in record_ids]


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []

    async def rest(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("channels.email.pacing.asyncio.sleep", rest)
    return taken


async def test_a_backlog_goes_in_pieces_in_order_with_a_rest_after_each(rests: list[float]) -> None:
    desk = Desk()
    await file_calmly(desk, range(PIECE * 2 + 1), more_wait=True)  # type: ignore[arg-type]

    assert [len(piece) for piece in desk.filed] == [PIECE, PIECE, 1]
    assert [number for piece in desk.filed for number in piece] == list(range(PIECE * 2 + 1))
    assert len(rests) == 3 and all(0 <= rest <= pacing.LONGEST_REST for rest in rests)


async def test_what_comes_alone_is_filed_without_a_rest(rests: list[float]) -> None:
    await file_calmly(Desk(), [1], more_wait=False)  # type: ignore[arg-type]
    assert rests == []
