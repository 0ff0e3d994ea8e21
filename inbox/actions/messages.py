"""Filing what customers sent: the hot path, a batch at a time."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.acknowledgements import acknowledge
from inbox.actions.bounces import apply_bounce
from inbox.actions.filings import Filed, Filing, FilingRules
from inbox.models import IntakeState
from inbox.placements import Arrival

__all__ = ["Filed", "FilingRules", "receive"]


async def receive(session: AsyncSession, arrivals: Sequence[Arrival], rules: FilingRules) -> list[Filed]:
    """File a batch in its order; the same message twice changes nothing. Answers one outcome for each
    arrival.

    Raises IntegrityError where another process filed for the same people at the same moment: try the batch
    again.
    """
    bounces = {a.record_id: await _note_bounce(session, a) for a in arrivals if a.message.bounce is not None}
    filing = await Filing.begin(session, arrivals, rules)
    outcomes = [bounces.get(arrival.record_id) or filing.file(arrival) for arrival in arrivals]
    await filing.write()
    if rules.keys is not None:
        await acknowledge(session, arrivals, outcomes, rules.keys)
    return outcomes


async def _note_bounce(session: AsyncSession, arrival: Arrival) -> Filed:
    assert arrival.message.bounce is not None
    report = await apply_bounce(session, arrival.message.bounce)
    return Filed(
        record_id=arrival.record_id, state=IntakeState.IGNORED, reason=report.reason, ignored_as=report.kind
    )
