"""Tables, as plain text for the terminal and as Markdown for the documentation."""

import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

LINE_MAX = 120


@dataclass(frozen=True)
class Table:
    """A title, a note below it, a header and rows."""

    title: str
    note: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    # Whether the cells after the first are words rather than numbers.
    has_words: bool = False

    def text(self) -> str:
        """Returns plain text with aligned columns: words to the left, numbers to the right."""
        rows = [self.header, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.header))]
        lines = ["  ".join(map(self._aligned, range(len(row)), row, widths)).rstrip() for row in rows]
        return "\n".join(filter(None, [f"\n{self.title}", wrapped(self.note), *lines]))

    def _aligned(self, column: int, cell: str, width: int) -> str:
        return cell.rjust(width) if column and not self.has_words else cell.ljust(width)

    def markdown(self) -> str:
        """Returns Markdown for a page, without the title, which is a heading there."""
        marks = ["---"] + ["---" if self.has_words else "--:"] * (len(self.header) - 1)
        lines = ["| " + " | ".join(row) + " |" for row in [self.header, tuple(marks), *self.rows]]
        return "\n\n".join(filter(None, [wrapped(self.note), "\n".join(lines)]))


def wrapped(text: str) -> str:
    """Wraps a paragraph to the documentation's line length."""
    return "\n".join(textwrap.wrap(text, LINE_MAX, break_on_hyphens=False))


def number(value: float) -> str:
    """Formats a number with about three significant digits, and with commas between thousands."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """Formats the minimum and the maximum."""
    return f"{number(min(values))} to {number(max(values))}"
