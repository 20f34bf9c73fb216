"""What response times reveal about items that are hidden from the caller."""

import gc
import itertools
import json
import random
import re
import socket
import struct
import sys
import time
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from .facet import Facet, FacetServer
from .goals import Goal
from .people import ITEM, PERSON, TENANT, Directory, identifier
from .progress import Progress
from .report import Table, median, number
from .rounds import Ratio

# A collection holds at most 1,000 items; every 50th is visible.
ITEMS, VISIBLE_EVERY = 1_000, 50
VISIBLE = ITEMS // VISIBLE_EVERY
# Several pairs of people, so that the place of one person's rows in the file does not count.
PAIRS, SAMPLES = 20, 50
WARM_UPS = 5
# People whose items are changed between measurements. The people of the pairs have numbers beyond theirs.
OTHERS = Directory(people=1_000, items=5, collections=("phones",))
OTHER_TENANT = "33333333-3333-4333-8333-333333333333"
VIEWER = identifier(PERSON, OTHERS.people)
# The viewer is in no list and no group of anybody, and no tenants are federated.
OTHER_FLAGS = ("family", "groupMembers", "contacts", "family,contacts", "federatedOrganizations")
ORDINARY, FOREIGN = "organization", ("organization", "groupMembers", "organization,family", "family", "contacts")

LISTS = {
    "list": "/phones", "$count": "/phones/$count", "$search": "/phones?$search=mobile",
    "$orderby": "/phones?$orderby=number%20desc", "further page": f"/phones?$top={VISIBLE // 2}", "/profile": "",
}
# Paths beside the profile instead of below it.
PHOTOS = {"photo": "/photo", "photo's bytes": "/photo/$value"}
# The files of a photo are as long as those of a picture; they show nothing.
PHOTO_BYTES = {48: 1_500, 64: 2_000, 96: 3_500, 120: 5_000, 240: 14_000, 360: 28_000, 432: 38_000, 504: 50_000, 648: 80_000}
FOREIGN_REQUESTS = {"list": "/phones", "$count": "/phones/$count", "item": "/phones/{item}", "/profile": ""}


@dataclass(frozen=True)
class Person:
    """A person with items: each of the audiences `hidden` in turn, and one in `visible_every` of the audience `visible`."""

    number: int
    tenant: str = TENANT
    hidden: tuple[str, ...] = ()
    visible: str | None = ORDINARY
    visible_every: int = VISIBLE_EVERY
    photo: str | None = None

    @property
    def id(self) -> str:
        return identifier(PERSON, self.number)

    def lines(self) -> Iterator[str]:
        """Yields the lines of an import. All people of the pairs have the same name, so that answers are equally long."""
        stamp = {"user": {"id": self.id, "displayName": "Ruth Okafor"}}
        yield json.dumps({"tenant": self.tenant, "user": {"id": self.id, "displayName": "Ruth Okafor"}}) + "\n"
        if self.photo:
            sizes = {str(side): b64encode(_jpeg(side, length)).decode() for side, length in PHOTO_BYTES.items()}
            photo = {"allowedAudiences": self.photo, "sizes": sizes}
            yield json.dumps({"userId": self.id, "collection": "photo", "item": photo}) + "\n"
        for slot in range(ITEMS):
            if audience := self._audience(slot):
                item = {
                    "id": self.item(slot), "allowedAudiences": audience, "createdDateTime": _minute(slot),
                    "createdBy": stamp, "lastModifiedDateTime": _minute(slot), "lastModifiedBy": stamp,
                    "displayName": "Mobile", "type": "mobile", "number": f"+7 499 {identifier(ITEM, slot)[:7]}"}
                yield json.dumps({"userId": self.id, "collection": "phones", "item": item}) + "\n"

    def item(self, slot: int) -> str:
        return identifier(ITEM, self.number * ITEMS + slot)

    def _audience(self, slot: int) -> str | None:
        if self.visible and slot % self.visible_every == 0:
            return self.visible
        return self.hidden[slot % len(self.hidden)] if self.hidden else None


@dataclass
class Timing:
    """The times of one request to the two people of each pair, in nanoseconds."""

    title: str
    is_after_commit: bool
    pairs: list[tuple[list[int], list[int]]] = field(default_factory=list)

    @property
    def auc(self) -> float:
        """The share of pairs of times that tell the two kinds of people apart: 0.5 reveals nothing, 1 everything.

        Times are compared within each pair of people, and the direction must be the same for all pairs.
        """
        shares = [_share_above(first, second) for first, second in self.pairs]
        return abs(sum(shares) / len(shares) - 0.5) + 0.5

    def cells(self) -> tuple[str, ...]:
        medians = (median([one for pair in self.pairs for one in pair[kind]]) / 1e3 for kind in (0, 1))
        return (*map(number, medians), f"{self.auc:.2f}")


@dataclass(frozen=True)
class Contrast:
    """Pairs of people, and the paths below `/profile` to request of each."""

    what: str
    pairs: list[tuple[Person, Person]]
    requests: dict[str, str]
    # Whether only the flags of audiences other than `me` hide the items; None for what hides nothing, as a control.
    is_by_flags: bool | None = False
    has_equal_answers: bool = True
    status: int = 200
    timings: list[tuple[Timing, Timing]] = field(default_factory=list)

    def row(self, warm: Timing, after_commit: Timing) -> tuple[str, ...]:
        return (f"{self.what}: {warm.title}", *warm.cells(), *after_commit.cells())

    def aucs(self) -> list[float]:
        return [timing.auc for both in self.timings for timing in both]


class Client:
    """One connection that is kept, on which one request at a time is sent and timed."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._socket = socket.create_connection((place.hostname, place.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes, int]:
        """Returns the status, the body with its framing, and the nanoseconds to the last byte of the response."""
        started = time.perf_counter_ns()
        self._socket.sendall(request)
        answer = self._socket.recv(1 << 20)
        while not _is_whole(answer):
            more = self._socket.recv(1 << 20)
            if not more:
                sys.exit("Facet closed the connection on which response times are measured.")
            answer += more
        took = time.perf_counter_ns() - started
        return int(answer[9:12]), answer.partition(b"\r\n\r\n")[2], took


class Probing:
    """The two callers: one whose requests are timed, and an application that changes items of others in between."""

    def __init__(self, client: Client, facet: Facet) -> None:
        self._client = client
        self._viewer = facet.token("--user", VIEWER, "--scopes", "User.Read.All")
        self._application = facet.application_token()
        self._numbers, self._random = itertools.count(1_000_000), random.Random(17)

    def measure(self, contrast: Contrast, title: str, path: str, is_after_commit: bool) -> Timing:
        """Times the request to both people of each pair, in random order."""
        timing = Timing(title, is_after_commit)
        for pair in contrast.pairs:
            requests = [self._request(person, title, path) for person in pair]
            self._check(contrast, title, requests)
            times: tuple[list[int], list[int]] = ([], [])
            kinds = [0, 1] * SAMPLES
            self._random.shuffle(kinds)
            for kind in kinds:
                if is_after_commit:
                    self._commit()
                times[kind].append(self._client.ask(requests[kind])[2])
            timing.pairs.append(times)
        return timing

    def _request(self, person: Person, title: str, path: str) -> bytes:
        place = "" if path in PHOTOS.values() else "/profile"
        target = f"/beta/users/{person.id}{place}{path.format(item=person.item(0))}"
        if title == "further page":
            _, body, _ = self._client.ask(self._get(target))
            link = urlsplit(json.loads(body)["@odata.nextLink"])
            target = f"{link.path}?{link.query}"
        return self._get(target)

    def _get(self, target: str) -> bytes:
        return (
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._viewer}\r\n\r\n").encode()

    def _check(self, contrast: Contrast, title: str, requests: list[bytes]) -> None:
        """Sends each request some times. Exits if the answers themselves tell the people apart."""
        answers = [self._client.ask(request) for _ in range(WARM_UPS) for request in requests]
        if {status for status, _, _ in answers} != {contrast.status}:
            sys.exit(f"{contrast.what}: {title} was not answered {contrast.status}.")
        if contrast.has_equal_answers and len({len(body) for _, body, _ in answers}) != 1:
            sys.exit(f"{contrast.what}: {title} has answers of different lengths.")

    def _commit(self) -> None:
        """Changes an item of somebody else, so that pages that the server has cached become stale."""
        path = OTHERS.item_path(self._random.randrange(OTHERS.people), self._random.randrange(OTHERS.items))
        body = f'{{"number":"+7 {next(self._numbers)}"}}'
        request = (
            f"PATCH /beta{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._application}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        if self._client.ask(request.encode())[0] != 200:
            sys.exit("A change between two measurements was refused.")


def measure_hidden(binary: Path, folder: Path) -> list[Contrast]:
    """Measures all contrasts on one server, warm and just after a commit."""
    data = folder / "hidden"
    data.mkdir()
    facet, contrasts = Facet(binary, data), _contrasts()
    facet.import_lines(_lines(contrasts))
    progress = Progress(2 * sum(len(contrast.requests) for contrast in contrasts))
    with FacetServer(facet) as server, Client(server.http) as client:
        probing = Probing(client, facet)
        # A collection of garbage would count as the server's time.
        gc.disable()
        for contrast in contrasts:
            for title, path in contrast.requests.items():
                timings = []
                for is_after_commit in (False, True):
                    progress.step(f"{contrast.what}: {title}")
                    timings.append(probing.measure(contrast, title, path, is_after_commit))
                contrast.timings.append((timings[0], timings[1]))
        gc.enable()
    progress.finish()
    return contrasts


def hidden_table(contrasts: list[Contrast]) -> Table:
    note = (
        f"Medians in microseconds for a colleague, of the person with hidden items (or of another tenant) and of the one "
        f"without (or nobody); AUC is the share of pairs of times that tell the two apart, where 0.5 reveals nothing and "
        f"1 everything. {ITEMS - VISIBLE} of {ITEMS:,} phones are hidden and {VISIBLE} visible, against {VISIBLE} visible "
        f"ones alone; of the person of another tenant all are hidden. {PAIRS} pairs of people, each asked {SAMPLES} times a "
        "person in random order on one connection; after a commit: an item of somebody else was changed just before "
        f"each request. The last two rows are controls: {VISIBLE} visible items against {VISIBLE}, which nothing can tell "
        f"apart, and {2 * VISIBLE} against {VISIBLE}, which time does tell apart unless the machine is too busy.")
    header = ("Request", "warm, us", "without, us", "AUC", "after a commit, us", "without, us", "AUC")
    rows = [contrast.row(*timings) for contrast in contrasts for timings in contrast.timings]
    return Table("Hidden items", note, header, rows)


def hidden_goals(contrasts: list[Contrast]) -> list[Goal]:
    """The worst of all requests counts."""
    kinds = {False: ("items hidden by `me`", 0.60, 0.55), True: ("items hidden by other flags", 0.75, 0.60)}
    goals = []
    for is_by_flags, (what, most, reach) in kinds.items():
        aucs = [auc for each in contrasts if each.is_by_flags is is_by_flags for auc in each.aucs()]
        worst = Ratio(max(aucs), min(aucs), max(aucs))
        goals.append(Goal(f"{what} told by time, worst AUC", worst, most=most, reach=reach))
    return goals


def _contrasts() -> list[Contrast]:
    numbers = itertools.count(OTHERS.people + 1)

    def people(**kind) -> list[Person]:
        return [Person(next(numbers), **kind) for _ in range(PAIRS)]

    without, others_without, with_more = people(), people(), people(visible_every=VISIBLE_EVERY // 2)
    by_me, by_flags = people(hidden=("me",)), people(hidden=OTHER_FLAGS)
    foreign = people(tenant=OTHER_TENANT, hidden=("me",), visible=None)
    foreign_by_flags = people(tenant=OTHER_TENANT, hidden=FOREIGN, visible=None)
    nobody = people(visible=None)
    return [
        Contrast("`me`", list(zip(by_me, without)), LISTS),
        Contrast("other tenant, `me`", list(zip(foreign, nobody)), FOREIGN_REQUESTS, status=404),
        Contrast("photo, `me`", list(zip(people(photo="me"), others_without)), PHOTOS, status=404),
        Contrast(
            "photo, other flags", list(zip(people(photo="family,contacts"), others_without)), PHOTOS, is_by_flags=True,
            status=404),
        Contrast("other flags", list(zip(by_flags, without)), LISTS, is_by_flags=True),
        Contrast(
            "other tenant, other flags", list(zip(foreign_by_flags, nobody)), FOREIGN_REQUESTS, is_by_flags=True,
            status=404),
        Contrast("nothing hidden", list(zip(others_without, without)), {"list": LISTS["list"]}, is_by_flags=None),
        Contrast(
            f"{2 * VISIBLE} visible", list(zip(with_more, without)), {"list": LISTS["list"]}, is_by_flags=None,
            has_equal_answers=False),
    ]


def _lines(contrasts: list[Contrast]) -> Iterator[str]:
    yield from OTHERS.lines()
    yield json.dumps({"tenant": TENANT, "user": {"id": VIEWER, "displayName": "Innocenty Popov"}}) + "\n"
    people = {person for contrast in contrasts for pair in contrast.pairs for person in pair}
    for person in sorted(people, key=lambda person: person.id):
        if person.hidden or person.visible:
            yield from person.lines()


def _jpeg(side: int, length: int) -> bytes:
    """Returns a file of the form that an import takes."""
    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    frame = struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0)
    head = b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + segment(0xC0, frame)
    head += segment(0xDA, b"\1\1\0\0\x3f\0")
    return head + b"\x11" * (length - len(head) - 2) + b"\xff\xd9"


def _minute(slot: int) -> str:
    return (datetime(2024, 3, 1, tzinfo=UTC) + timedelta(minutes=slot)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_whole(answer: bytes) -> bool:
    """Returns whether all of a response is there, which has a length or is chunked."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def _share_above(first: list[int], second: list[int]) -> float:
    """Returns the probability that a time of the first kind exceeds one of the second; equal times count half."""
    second = sorted(second)
    below = sum(bisect_left(second, one) + bisect_right(second, one) for one in first)
    return below / 2 / (len(first) * len(second))
