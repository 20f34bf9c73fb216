"""The benchmark's goals: for each, the measured figure, the target and whether it was reached."""

from dataclasses import dataclass

from .report import Table, number
from .rounds import Ratio


@dataclass(frozen=True)
class Goal:
    """A figure with its minimum or maximum; `reach` is a more ambitious minimum."""

    what: str
    measured: Ratio
    least: float | None = None
    most: float | None = None
    reach: float | None = None

    @property
    def is_reached(self) -> bool:
        if self.least is not None and self.measured.middle < self.least:
            return False
        return self.most is None or self.measured.middle <= self.most

    def row(self) -> tuple[str, ...]:
        wanted = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        if self.reach:
            wanted += f", reach for {self.reach:g}"
        figures = (number(self.measured.middle), self.measured.spread)
        return (self.what, *figures, wanted, "yes" if self.is_reached else "no")


def goals_table(goals: list[Goal], rounds: int, connections: int) -> Table:
    note = f"{connections} connections; medians of {rounds} rounds, each ratio within its round. What is shown under attack is of one run."
    header = ("What", "measured", "least to most", "wanted", "reached")
    return Table("Goals", note, header, [goal.row() for goal in goals])
