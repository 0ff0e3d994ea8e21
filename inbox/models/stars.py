"""Cases that an agent has put a star on, for nobody but themselves."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation


class Star(WithCreation, Model):
    """An agent wants to find this case again."""

    __tablename__ = "stars"
    __table_args__ = (UniqueConstraint("agent_id", "case_id"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
