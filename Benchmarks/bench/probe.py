"""A client whose answers are timed while others do their worst."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .report import median, number


@dataclass
class Probe:
    """Asks for one path at fixed times, whatever has become of the answers before: a slow one holds up no other."""

    address: str
    path: str
    token: str
    each_second: int
    # Of the answers that came, since the moment when the request was due.
    milliseconds: list[float] = field(default_factory=list)
    asked: int = 0
    refused: int = 0
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    _running: set[asyncio.Task] = field(default_factory=set)

    async def run(self, seconds: float) -> None:
        """Asks for so long, and does not wait for the last answers."""
        started = time.perf_counter()
        for number_of_request in range(round(seconds * self.each_second)):
            due = started + number_of_request / self.each_second
            await asyncio.sleep(max(0, due - time.perf_counter()))
            self.asked += 1
            task = asyncio.create_task(self._ask(due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def finish(self, seconds: float) -> None:
        """Waits so long at the most for answers that are missing, then gives them up."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    @property
    def answered(self) -> str:
        return f"{len(self.milliseconds):,} of {self.asked:,}"

    def percentile(self, share: float) -> float:
        """Of all requests: one without an answer counts as the longest of all."""
        times = sorted(self.milliseconds) + [float("inf")] * (self.asked - len(self.milliseconds))
        return times[min(len(times) - 1, int(len(times) * share))]

    def figures(self) -> str:
        """The middle, the slowest of 100 and the slowest."""
        if not self.milliseconds:
            return "none"
        figures = (self.percentile(0.5), self.percentile(0.99), self.percentile(1))
        return ", ".join("no answer" if figure == float("inf") else number(figure) for figure in figures)

    async def _ask(self, due: float) -> None:
        request = (
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n\r\n").encode()
        try:
            reader, writer = self._idle.pop() if self._idle else await connect(self.address)
            writer.write(request)
            status, _ = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.refused += 1
            return
        self._idle.append((reader, writer))
        if status != 200:
            self.refused += 1
            return
        self.milliseconds.append((time.perf_counter() - due) * 1e3)


async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(address)
    return await asyncio.open_connection(place.hostname, place.port)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one answer, which must have a length or come in chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    status = int(head.split()[1])
    if "content-length" in fields:
        return status, await reader.readexactly(int(fields["content-length"]))
    body = b""
    while fields.get("transfer-encoding") == "chunked":
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        body += (await reader.readexactly(size + 2))[:-2]
        if size == 0:
            break
    return status, body
