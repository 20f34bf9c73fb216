"""A client whose response times are measured while hostile clients are active."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .report import median, number


@dataclass
class Probe:
    """Requests one path on a fixed schedule, without waiting for earlier responses, so that none delays the next."""

    address: str
    path: str
    token: str
    each_second: int
    # Response times, from the moment when each request was due.
    milliseconds: list[float] = field(default_factory=list)
    asked: int = 0
    refused: int = 0
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    _running: set[asyncio.Task] = field(default_factory=set)

    async def run(self, seconds: float) -> None:
        """Sends requests for the given time, without waiting for the last responses."""
        started = time.perf_counter()
        for number_of_request in range(round(seconds * self.each_second)):
            due = started + number_of_request / self.each_second
            await asyncio.sleep(max(0, due - time.perf_counter()))
            self.asked += 1
            task = asyncio.create_task(self._ask(due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def finish(self, seconds: float) -> None:
        """Waits at most the given time for outstanding responses, then abandons them."""
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
        """Returns a percentile over all requests; one without a response counts as infinitely slow."""
        times = sorted(self.milliseconds) + [float("inf")] * (self.asked - len(self.milliseconds))
        return times[min(len(times) - 1, int(len(times) * share))]

    def figures(self) -> str:
        """Formats the median, the 99th percentile and the maximum."""
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
    """Reads the status and body of one response, which must have a length or be chunked."""
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
