"""How long other people's requests wait while one person's queries keep the server busy."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .facet import Facet, FacetServer
from .goals import Goal
from .people import PERSON, TENANT, identifier
from .probe import Probe, connect, read_answer
from .progress import Progress
from .report import Table, number
from .rounds import Ratio

ITEMS, ITEM_BYTES = 900, 10_000
CONNECTIONS, SECONDS = 30, 15
PROBES_A_SECOND, HEALTH_A_SECOND = 20, 2
# A client that is refused retries after a short pause.
PAUSE_SECONDS = 0.05
# The longest wait for the server to become idle after the clients disconnected.
PATIENCE_SECONDS = 120
# Below this share of one core, the server counts as idle.
REST_SHARE, REST_SECONDS = 0.1, 1


def _words(count: int) -> list[str]:
    """Returns words that no item contains, so that each search scans the whole text."""
    letters = "bcdfghjk"
    return [f"q{first}{second}{third}" for first, second, third in itertools.product(letters, repeat=3)][:count]


QUERIES = {
    "$search of 64 words": "$search=" + quote(" OR ".join(f'"{word}"' for word in _words(64))),
    "$filter of 130 contains": "$filter=" + quote(
        " or ".join(f"contains(description,'{word}')" for word in _words(130)), safe="(),'"),
}


@dataclass
class Starving:
    """The effect of one kind of query on others."""

    what: str
    alone_seconds: float
    statuses: Counter
    probe: Probe
    health: Probe
    work_seconds: float

    def column(self) -> list[str]:
        statuses = ", ".join(f"{count:,} of {status}" for status, count in sorted(self.statuses.items()))
        work = f"over {PATIENCE_SECONDS}" if self.work_seconds >= PATIENCE_SECONDS else number(self.work_seconds)
        return [
            number(self.alone_seconds), statuses or "none", self.probe.answered, self.probe.figures(),
            self.health.answered, self.health.figures(), work]


def measure_starving(binary: Path, folder: Path) -> list[Starving]:
    """Measures each kind of query, on a separate server."""
    data = folder / "starving"
    data.mkdir()
    facet, person, other = Facet(binary, data), identifier(PERSON, 0), identifier(PERSON, 1)
    facet.import_lines(_lines(person, other))
    token, others_token = (facet.token("--user", who, "--scopes", "User.ReadWrite") for who in (person, other))
    progress, results = Progress(len(QUERIES)), []
    for what, query in QUERIES.items():
        progress.step(f"heavy queries, {what}")
        request = (
            f"GET /beta/me/profile/interests?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {token}\r\n\r\n").encode()
        with FacetServer(facet) as server:
            results.append(asyncio.run(_measure(server, what, request, others_token)))
    progress.finish()
    return results


def starving_table(results: list[Starving]) -> Table:
    note = (
        f"For {SECONDS} s, {CONNECTIONS} connections of one person query {ITEMS} items of {ITEM_BYTES // 1000} KB each. "
        f"Each connection repeats its query as soon as it is answered, or {PAUSE_SECONDS * 1e3:.0f} ms after a refusal. "
        f"Another person sends GET /beta/me {PROBES_A_SECOND} times a second and /healthz {HEALTH_A_SECOND} times, on "
        f"schedule. Then all clients disconnect at once.")
    titles = [
        "one alone, s", "answers to the queries", "GETs of /beta/me answered", "their p50, p99, most, ms",
        "/healthz answered", "its p50, p99, most, ms", "work after the clients left, s"]
    rows = [(title, *cells) for title, cells in zip(titles, zip(*(result.column() for result in results)))]
    return Table("Heavy queries", note, ("What", *(result.what for result in results)), rows)


def starving_goals(results: list[Starving]) -> list[Goal]:
    slowest = [result.probe.percentile(0.99) for result in results]
    worst = max(slowest)
    return [Goal(
        f"p99 of another's GET under {CONNECTIONS} heavy queries, ms", Ratio(worst, min(slowest), worst), most=50)]


def _lines(person: str, other: str) -> Iterator[str]:
    for who, name in ((person, "Innocenty Popov"), (other, "Ruth Okafor")):
        yield json.dumps({"tenant": TENANT, "user": {"id": who, "displayName": name}}) + "\n"
    text = "lorem ipsum " * (ITEM_BYTES // 12)
    for slot in range(ITEMS):
        item = {
            "id": f"interest-{slot}", "allowedAudiences": "me", "displayName": f"Interest {slot}", "description": text}
        yield json.dumps({"userId": person, "collection": "interests", "item": item}) + "\n"


async def _measure(server: FacetServer, what: str, request: bytes, token: str) -> Starving:
    alone = await _alone(server, request)
    probe = Probe(server.http, "/beta/me", token, PROBES_A_SECOND)
    health = Probe(server.http, "/healthz", token, HEALTH_A_SECOND)
    statuses = Counter()
    clients = [asyncio.create_task(_ask_again(server.http, request, statuses)) for _ in range(CONNECTIONS)]
    # Let all queries start before the probes do.
    await asyncio.sleep(0.5)
    await asyncio.gather(probe.run(SECONDS), health.run(SECONDS))
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    work = await _work_seconds(server)
    await asyncio.gather(probe.finish(5), health.finish(5))
    return Starving(what, alone, statuses, probe, health, work)


async def _alone(server: FacetServer, request: bytes) -> float:
    """Returns the time that one query takes on an otherwise idle server."""
    reader, writer = await connect(server.http)
    started = time.monotonic()
    writer.write(request)
    status, body = await read_answer(reader)
    writer.close()
    if status != 200 or json.loads(body)["value"]:
        raise SystemExit(f"A heavy query was answered {status}: it should examine all items and find none.")
    return time.monotonic() - started


async def _ask_again(address: str, request: bytes, statuses: Counter) -> None:
    """Repeats the request until it is cancelled, then aborts the connection."""
    while True:
        writer = None
        try:
            reader, writer = await connect(address)
            while True:
                writer.write(request)
                status, _ = await read_answer(reader)
                statuses[status] += 1
                if status != 200:
                    await asyncio.sleep(PAUSE_SECONDS)
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(PAUSE_SECONDS)
        finally:
            if writer:
                writer.transport.abort()


async def _work_seconds(server: FacetServer) -> float:
    """Returns how long the server stays busy after all clients disconnected."""
    left = busy = time.monotonic()
    looked, used = left, server.cpu_seconds()
    while (now := time.monotonic()) - busy < REST_SECONDS and now - left < PATIENCE_SECONDS:
        await asyncio.sleep(0.1)
        now, total = time.monotonic(), server.cpu_seconds()
        if total - used > REST_SHARE * (now - looked):
            busy = now
        looked, used = now, total
    return busy - left
