"""Reports the progress of a long run on standard error."""

import sys
import time


class Progress:
    """Counts steps. On a terminal, it overwrites one line; elsewhere, it writes a line from time to time."""

    SECONDS_BETWEEN_LINES = 15

    def __init__(self, steps: int) -> None:
        self._steps, self._done, self._started = steps, 0, time.monotonic()
        self._said = self._started

    def step(self, what: str) -> None:
        """Reports the start of the next step."""
        self._done += 1
        self._say(f"{self._done} of {self._steps}: {what}")

    def count(self, done: int, of: int, what: str) -> None:
        """Reports how much of a step is done."""
        self._say(f"{what}, {done / of:.0%}")

    def finish(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")

    def _say(self, text: str) -> None:
        now = time.monotonic()
        is_terminal = sys.stderr.isatty()
        if not is_terminal and now - self._said < self.SECONDS_BETWEEN_LINES:
            return
        self._said = now
        text = f"[{now - self._started:4.0f} s] {text}"
        sys.stderr.write(f"\r\033[K{text}" if is_terminal else f"{text}\n")
        sys.stderr.flush()
