"""The server's memory while clients request much and read nothing."""

import asyncio
import json
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .facet import Facet, FacetServer
from .goals import Goal
from .people import PERSON, TENANT, identifier
from .probe import Probe
from .progress import Progress
from .report import Table, number
from .rounds import Ratio

ITEMS, ITEM_BYTES, REQUESTS = 40, 60_000, 400
CONNECTIONS = (1, 4, 200)
# When the server has grown by this much, the clients disconnect, so that the machine does not run out of memory.
GROWTH_MB_MOST = 3_000
# A measurement ends after this long without growth, or after this long in total.
QUIET_SECONDS, SECONDS_MOST = 5, 40
PROBES_A_SECOND = 5
# Keeps the client's kernel from buffering much of the unread data.
RECEIVE_BYTES = 64 << 10
LIST = "/profile/interests?$top=999"


@dataclass
class Unread:
    """The effect of one number of connections."""

    what: str
    growth_mb: float
    was_stopped: bool
    closed: int
    probe: Probe

    def row(self) -> tuple[str, ...]:
        growth = f"over {GROWTH_MB_MOST:,}" if self.was_stopped else number(self.growth_mb)
        return (self.what, growth, f"{self.closed}", self.probe.answered, self.probe.figures())


def measure_unread(binary: Path, folder: Path) -> list[Unread]:
    """Measures one, several and many connections that request lists, then many that request batches of lists, each on a
    separate server."""
    data = folder / "unread"
    data.mkdir()
    facet, person, other = Facet(binary, data), identifier(PERSON, 0), identifier(PERSON, 1)
    facet.import_lines(_lines(person, other))
    token, others_token = (facet.token("--user", who, "--scopes", "User.ReadWrite") for who in (person, other))
    kinds = [(f"{count} connections, lists", count, _list(token)) for count in CONNECTIONS]
    kinds.append((f"{CONNECTIONS[-1]} connections, batches", CONNECTIONS[-1], _batch(token)))
    progress, results = Progress(len(kinds)), []
    for what, count, request in kinds:
        progress.step(f"unread answers, {what}")
        with FacetServer(facet) as server:
            what = what.replace("1 connections", "1 connection")
            results.append(asyncio.run(_measure(server, what, count, request, others_token)))
    progress.finish()
    return results


def unread_table(results: list[Unread]) -> Table:
    note = (
        f"Each connection sends {REQUESTS} requests at once and reads nothing: GETs of a person's {ITEMS} items of "
        f"{ITEM_BYTES // 1000} KB each, or batches of 20 such GETs. Meanwhile another client sends {PROBES_A_SECOND} GETs a "
        f"second. Growth is the largest increase of resident memory. Clients disconnect when the server has grown by "
        f"{GROWTH_MB_MOST:,} MB.")
    header = ("Who reads nothing", "growth, MB", "closed by the server", "GETs answered", "their p50, p99, most, ms")
    return Table("Unread answers", note, header, [result.row() for result in results])


def unread_goals(results: list[Unread]) -> list[Goal]:
    lists = next(result for result in results if result.what == f"{CONNECTIONS[-1]} connections, lists")
    growth = lists.growth_mb
    return [Goal(f"growth under {CONNECTIONS[-1]} unread connections, MB", Ratio(growth, growth, growth), most=200)]


def _lines(person: str, other: str) -> Iterator[str]:
    for who, name in ((person, "Innocenty Popov"), (other, "Ruth Okafor")):
        yield json.dumps({"tenant": TENANT, "user": {"id": who, "displayName": name}}) + "\n"
    for slot in range(ITEMS):
        item = {
            "id": f"interest-{slot}", "allowedAudiences": "me", "displayName": f"Interest {slot}",
            "description": "x" * ITEM_BYTES}
        yield json.dumps({"userId": person, "collection": "interests", "item": item}) + "\n"


def _list(token: str) -> bytes:
    return f"GET /beta/me{LIST} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _batch(token: str) -> bytes:
    body = json.dumps({"requests": [{"id": f"{part}", "method": "GET", "url": f"/me{LIST}"} for part in range(20)]})
    return (
        f"POST /beta/$batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


async def _measure(server: FacetServer, what: str, count: int, request: bytes, token: str) -> Unread:
    probe = Probe(server.http, "/beta/me", token, PROBES_A_SECOND)
    # A first run, so that the probe's own memory does not count.
    await probe.run(1)
    before = server.resident_mb()
    clients = [_connect(server.http) for _ in range(count)]
    senders = [asyncio.create_task(_send(client, request * REQUESTS)) for client in clients]
    asking = asyncio.create_task(probe.run(SECONDS_MOST))
    most = await _most_resident(server, before)
    asking.cancel()
    closed = sum(map(_is_closed, clients))
    for sender in senders:
        sender.cancel()
    await asyncio.gather(asking, *senders, return_exceptions=True)
    # Before the clients disconnect: a response that comes only afterwards does not count.
    await probe.finish(2)
    for client in clients:
        client.close()
    return Unread(what, most - before, most - before >= GROWTH_MB_MOST, closed, probe)


async def _most_resident(server: FacetServer, before: float) -> float:
    """Returns the peak resident memory, once it has stopped growing."""
    most, started = before, time.monotonic()
    grew = started
    while (now := time.monotonic()) - started < SECONDS_MOST and now - grew < QUIET_SECONDS:
        if (resident := server.resident_mb()) > most + 1:
            most, grew = resident, now
        if most - before >= GROWTH_MB_MOST:
            break
        await asyncio.sleep(0.02)
    return most


def _connect(address: str) -> socket.socket:
    place, client = urlsplit(address), socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    client.connect((place.hostname, place.port))
    client.setblocking(False)
    return client


async def _send(client: socket.socket, requests: bytes) -> None:
    """Sends as much as the server accepts."""
    try:
        await asyncio.get_running_loop().sock_sendall(client, requests)
    except OSError:
        pass


def _is_closed(client: socket.socket) -> bool:
    """Returns whether the server has closed its side, even if earlier data were not read."""
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))
