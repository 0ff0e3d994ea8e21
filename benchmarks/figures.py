"""One measured figure, and the bar it is held to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`holds` is None where a figure is only shown."""

    benchmark: str
    name: str
    value: str
    bar: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.holds is None else "yes" if self.holds else "NO"
