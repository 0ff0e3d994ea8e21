"""Searches that agents have kept."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class Audience(StrEnum):
    """Who sees a saved view: its owner, one team, or everybody inside."""

    OWN = "own"
    TEAM = "team"
    EVERYBODY = "everybody"


class SavedView(WithPublicId, WithCreation, Model):
    """A search (`inbox.operators`) with a name, shown as a list of cases among the views of the inbox.

    `team_id` is set when the audience is a team. Whoever sees it may use it; its owner and admins change it.
    """

    __tablename__ = "saved_views"

    owner_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    audience: Mapped[str] = mapped_column(String(20), default=Audience.OWN)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    words: Mapped[str] = mapped_column(String(400))
