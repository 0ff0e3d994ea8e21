"""When people work."""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model


class WorkingHours(Model):
    """A team's working hours, or with no team the workspace's. `week` has seven lists of ["09:00", "17:00"]
    pairs, Monday first; `closed_days` are ISO dates; `country` and `region` name the public holidays kept."""

    __tablename__ = "working_hours"

    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), unique=True)
    time_zone: Mapped[str] = mapped_column(String(60))
    week: Mapped[list[Any]] = mapped_column(default=list)
    country: Mapped[str] = mapped_column(String(10), default="")
    region: Mapped[str] = mapped_column(String(40), default="")
    closed_days: Mapped[list[str]] = mapped_column(default=list)
