"""Queries of people, in directories of increasing size."""

import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .facet import Facet, FacetServer
from .goals import Goal
from .hidden import Client
from .people import Somebody, scattered
from .progress import Progress
from .report import Table, median, number
from .rounds import Ratio

SAMPLES, WARM_UPS = 41, 3
# Somebody who is in every directory.
KNOWN = Somebody(123)
PICKER = "startswith(displayName,'{0}') or startswith(mail,'{0}') or startswith(userPrincipalName,'{0}')"
MOST_MILLISECONDS, MOST_GROWTH = 20, 2
# Times below this one are the network's and the machine's more than the query's, so that their growth says nothing.
LEAST_MILLISECONDS = 1


@dataclass(frozen=True)
class Query:
    """A query of people by its options, and whether an index serves it."""

    what: str
    options: dict[str, str]
    path: str = "/users"
    is_indexed: bool = True

    @property
    def target(self) -> str:
        options = "&".join(f"{name}={quote(value)}" for name, value in self.options.items())
        return f"/beta{self.path}?{options}"


QUERIES = [
    Query("mail eq, found", {"$filter": f"mail eq '{KNOWN.account}@contoso.example'"}),
    Query("mail eq, not found", {"$filter": "mail eq 'nobody@contoso.example'"}),
    Query("userPrincipalName eq, found", {"$filter": "userPrincipalName eq 'PERSON123@contoso.example'"}),
    Query("startswith(userPrincipalName), found", {"$filter": "startswith(userPrincipalName,'person123@')"}),
    Query("startswith of three properties, found", {"$filter": PICKER.format("person123@")}),
    Query("startswith of three properties, not found", {"$filter": PICKER.format("xq")}),
    Query("endswith(mail), found", {"$filter": f"endswith(mail,'{KNOWN.account[1:]}@contoso.example')"}),
    Query("contains(displayName), not found", {"$filter": "contains(displayName,'zzzz')"}),
    Query("$search of an account, found", {"$search": f'"mail:{KNOWN.account}@"'}),
    Query("$search of a word, not found", {"$search": '"nosuchword"'}),
    Query("$orderby=jobTitle", {"$orderby": "jobTitle"}),
    Query("$orderby=displayName desc, startswith", {
        "$orderby": "displayName desc", "$filter": "startswith(displayName,'I')", "$top": "20"}),
    Query("jobTitle eq, one page", {"$filter": "jobTitle eq 'Nurse'", "$top": "50"}),
    Query("number of all", {}, path="/users/$count"),
    Query("number of one mail", {"$filter": f"mail eq '{KNOWN.account}@contoso.example'"}, path="/users/$count"),
    Query(
        "officeLocation ne, their number", {"$filter": "officeLocation ne 'Leeds'"}, path="/users/$count",
        is_indexed=False),
]


def measure_directory(binary: Path, folder: Path, sizes: list[int]) -> dict[int, list[float]]:
    """Returns the medians of all queries in milliseconds, for each number of people."""
    return {people: _measure(binary, folder / f"directory-{people}", people) for people in sorted(sizes)}


def directory_table(found: dict[int, list[float]]) -> Table:
    note = (
        f"Medians in milliseconds of {SAMPLES} requests that follow each other on one connection, by an application that may "
        "read everybody; pages of 100 unless the row says otherwise. Nothing else is asked meanwhile. The last row is "
        "evaluated person by person.")
    header = ("Query", *(f"{people:,} people" for people in found))
    rows = [(query.what, *(number(times[row]) for times in found.values())) for row, query in enumerate(QUERIES)]
    return Table("Directory", note, header, rows)


def directory_goals(found: dict[int, list[float]]) -> list[Goal]:
    """The worst query that an index serves counts."""
    indexed = [row for row, query in enumerate(QUERIES) if query.is_indexed]
    few, many = found[min(found)], found[max(found)]
    slowest = max(many[row] for row in indexed)
    growth = max(many[row] / max(few[row], LEAST_MILLISECONDS) for row in indexed)
    return [
        Goal(
            f"slowest indexed query of {max(found):,} people, ms", Ratio(slowest, slowest, slowest),
            most=MOST_MILLISECONDS, reach=MOST_MILLISECONDS / 2),
        Goal(
            f"the same to {min(found):,} people (from {LEAST_MILLISECONDS} ms on), worst ratio",
            Ratio(growth, growth, growth), most=MOST_GROWTH, reach=1.5),
    ]


def _measure(binary: Path, data: Path, people: int) -> list[float]:
    data.mkdir()
    facet = Facet(binary, data)
    facet.import_lines(_lines(people))
    with FacetServer(facet) as server, Client(server.http) as client:
        token, progress = facet.application_token(), Progress(len(QUERIES))
        # A collection of garbage would count as the server's time.
        gc.disable()
        medians = []
        for query in QUERIES:
            progress.step(f"{query.what}, {people:,} people")
            medians.append(_ask(client, query, token))
        gc.enable()
        progress.finish()
    return medians


def _ask(client: Client, query: Query, token: str) -> float:
    request = (
        f"GET {query.target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "ConsistencyLevel: eventual\r\n\r\n").encode()
    times = []
    for sample in range(WARM_UPS + SAMPLES):
        status, body, nanoseconds = client.ask(request)
        if status != 200:
            sys.exit(f"{query.what} was answered {status}: {body[:300].decode(errors='replace')}")
        if sample >= WARM_UPS:
            times.append(nanoseconds / 1e6)
    return median(times)


def _lines(people: int) -> Iterator[str]:
    """Yields people as an export has them, with mail addresses and departments."""
    progress = Progress(1)
    for count, person in enumerate(sorted(range(people), key=scattered)):
        somebody = Somebody(person)
        line = json.loads(somebody.line())
        line["user"]["mail"] = f"{somebody.account}@contoso.example"
        line["user"]["department"] = f"Department {person % 200}"
        if count % 20_000 == 0:
            progress.count(count, people, f"importing {people:,} people")
        yield json.dumps(line, ensure_ascii=False) + "\n"
    progress.finish()
