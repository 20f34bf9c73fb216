"""Measures all subjects in one run: each round measures every subject once, every other round in reverse order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from .load import HTTPLoad, LDAPLoad, Measured, measure
from .processes import Process
from .progress import Progress
from .report import Table, median, number, spread

WARM_UP_SECONDS = 1


@dataclass
class Subject:
    """One kind of request to one server, and the measurements of its rounds."""

    title: str
    process: Process
    load: HTTPLoad | LDAPLoad
    # A file that is read once before each measurement, so that the system's cache holds it.
    cached: Path | None = None
    rounds: list[Measured] = field(default_factory=list)

    def measure(self, connections: int, seconds: int) -> Measured:
        if self.cached:
            read_through(self.cached)
        return measure(self.process, self.load, connections, seconds)

    def values(self, property: str) -> list[float]:
        return [getattr(measured, property) for measured in self.rounds]

    def median(self, property: str) -> float:
        return median(self.values(property))


class Ratio(NamedTuple):
    """The ratio of two subjects within the same rounds, so that a temporary slowdown of the machine does not count."""

    middle: float
    least: float
    most: float

    @property
    def spread(self) -> str:
        return spread((self.least, self.most))


def ratio(left: Subject, right: Subject, property: str, share: float = 1) -> Ratio:
    """Divides the left by the right in each round, and multiplies by the share."""
    each = [share * a / b for a, b in zip(left.values(property), right.values(property), strict=True)]
    return Ratio(median(each), min(each), max(each))


def run_rounds(subjects: list[Subject], rounds: int, connections: int, seconds: int, progress: Progress) -> None:
    """Measures all subjects, once as an uncounted warm-up and then in each round."""
    for subject in subjects:
        progress.step(f"warming up, {subject.title}")
        subject.measure(connections, WARM_UP_SECONDS)
    for turn in range(rounds):
        for subject in reversed(subjects) if turn % 2 else subjects:
            progress.step(f"round {turn + 1}, {subject.title}")
            subject.rounds.append(subject.measure(connections, seconds))


def read_through(file: Path) -> None:
    """Reads a file and drops what was read."""
    with file.open("rb", buffering=0) as stream:
        while stream.read(1 << 20):
            pass


def steps_of_rounds(subjects: int, rounds: int) -> int:
    return subjects * (rounds + 1)


def requests_table(title: str, note: str, subjects: list[Subject]) -> Table:
    """Returns the medians of all rounds, with the spread of throughput and CPU."""
    header = ("Request", "a second", "least to most", "CPU each, us", "least to most", "p50, ms", "p99, ms")
    columns: list[Callable[[Subject], str]] = [
        lambda subject: number(subject.median("rate")), lambda subject: spread(subject.values("rate")),
        lambda subject: number(subject.median("cpu")), lambda subject: spread(subject.values("cpu")),
        lambda subject: f"{subject.median('p50') / 1e3:.2f}", lambda subject: f"{subject.median('p99') / 1e3:.2f}",
    ]
    rows = [(subject.title, *(column(subject) for column in columns)) for subject in subjects]
    return Table(title, note, header, rows)
