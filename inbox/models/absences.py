"""When somebody does not work, and who does in their place."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class Absence(WithPublicId, WithCreation, Model):
    """An agent is away from a moment on, until another one or (None) until they come back.

    An agent, a team or nobody covers. `keeps_cases`: it is too short to take their cases away, and nobody
    covers. `began_at` and `ended_at` are when it was noticed: an absence stands
    between the two, and one that was called off before it began has the second only.
    """

    __tablename__ = "absences"
    __table_args__ = (Index(None, "agent_id", "ended_at"), Index(None, "ended_at", "starts_at"))

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    cover_agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    cover_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    keeps_cases: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
