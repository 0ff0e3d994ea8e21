"""Whose pictures from elsewhere an agent has asked to see."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation


class PicturesOf(StrEnum):
    """What an agent's wish is about: one message, or all of one sender."""

    MESSAGE = "message"
    SENDER = "sender"


class WantedPictures(WithCreation, Model):
    """An agent wants pictures from elsewhere to be loaded; `name` is a message's public id or an address."""

    __tablename__ = "wanted_pictures"
    __table_args__ = (UniqueConstraint("agent_id", "kind", "name"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(400))
