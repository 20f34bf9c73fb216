"""The benchmark's goals: for each, the measured figure, the target and whether it was reached."""

from dataclasses import dataclass

from .report import Table, number
from .rounds import Ratio, Subject, ratio


@dataclass(frozen=True)
class Goal:
    """A figure with its minimum or maximum; `reach` is a more ambitious one in the same direction."""

    what: str
    measured: Ratio
    least: float | None = None
    most: float | None = None
    reach: float | None = None
    # For a ratio of throughputs, the ratio of requests per second of CPU, which a noisy machine changes less.
    by_cpu: Ratio | None = None

    def is_reached(self, bound: float) -> bool:
        return self.measured.middle >= bound if self.least is not None else self.measured.middle <= bound

    def row(self) -> tuple[str, ...]:
        bound, words = (self.least, "at least") if self.least is not None else (self.most, "at most")
        reach = ("", "") if self.reach is None else (f"{self.reach:g}", self._answer(self.reach))
        by_cpu = number(self.by_cpu.middle) if self.by_cpu else ""
        return (
            self.what, number(self.measured.middle), self.measured.spread, by_cpu, f"{words} {bound:g}",
            self._answer(bound), *reach)

    def _answer(self, bound: float) -> str:
        return "yes" if self.is_reached(bound) else "no"


def throughput_goal(what: str, left: Subject, right: Subject, least: float, reach: float | None = None) -> Goal:
    """The goal of a ratio of throughputs, with the same ratio by CPU beside it."""
    rate, by_cpu = ratio(left, right, "rate"), ratio(right, left, "cpu")
    return Goal(f"{what}, throughput", rate, least=least, reach=reach, by_cpu=by_cpu)


def goals_table(goals: list[Goal], rounds: int, connections: int) -> Table:
    note = (
        f"{connections} connections; medians of {rounds} rounds, each ratio within its round. Beside a ratio of "
        "throughputs stands that of requests per second of CPU, which a noisy machine changes less. What is shown under "
        "attack and of hidden items is of one run.")
    header = ("What", "measured", "least to most", "by CPU", "must", "reached", "reach for", "reached")
    return Table("Goals", note, header, [goal.row() for goal in goals])
