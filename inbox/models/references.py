"""Mails that others refer to and that have not come yet."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation


class AwaitedReference(WithCreation, Model):
    """A Message-ID that nobody knows, and the strand in which a mail refers to it: mails overtake each other,
    and the earlier one belongs beside its answer. Kept for some weeks."""

    __tablename__ = "awaited_references"
    __table_args__ = (Index(None, "created_at"),)

    external_id: Mapped[str] = mapped_column(String(1000), index=True)
    strand_id: Mapped[int] = mapped_column(ForeignKey("strands.id", ondelete="CASCADE"), index=True)
