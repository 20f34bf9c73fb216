"""Facet and its peers, all running at once."""

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .facet import Facet, FacetServer, get
from .goals import Goal, throughput_goal
from .load import HTTPLoad, LDAPLoad
from .peers import DirectoryServer389, FastAPI, FixedAnswer, Nginx, OpenLDAP, RawNIO
from .people import Directory
from .progress import Progress
from .report import Table, number
from .rounds import Ratio, Subject, ratio, requests_table, run_rounds, steps_of_rounds

# Items are created for people who have none, so that the lists that are read do not grow, and none reaches its bound.
DIRECTORY = Directory(people=50, items=20, collections=("phones",), posted_to=5_000)
ITEMS = DIRECTORY.people * DIRECTORY.items
FACET_REQUESTS = {
    "get": "GET item", "list": f"GET list of {DIRECTORY.items}", "filter": "GET list with $select and $filter",
    "patch": "PATCH item, durable", "post": "POST item, durable", "batch": "batch of 20 GETs",
}


@dataclass
class Comparison:
    """All subjects, by a short name."""

    subjects: dict[str, Subject]
    resident_mb: float = 0

    def ratio(self, left: str, right: str, property: str, share: float = 1) -> Ratio:
        return ratio(self.subjects[left], self.subjects[right], property, share)

    def table(self, connections: int, rounds: int, seconds: int) -> Table:
        note = (
            f"{connections} connections, medians of {rounds} rounds of {seconds} s; Facet, FastAPI and the directory "
            f"servers hold {ITEMS:,} items or entries. Resident memory of Facet after all rounds: "
            f"{number(self.resident_mb)} MB.")
        return requests_table("Requests", note, list(self.subjects.values()))

    def goals(self) -> list[Goal]:
        return [
            self._throughput("GET item to raw SwiftNIO", "get", "raw", least=0.65, reach=0.75),
            Goal("GET item to nginx, CPU", self.ratio("get", "nginx", "cpu"), most=3.5, reach=3),
            Goal("OpenLDAP search to GET item, CPU", self.ratio("search", "get", "cpu"), least=1.05, reach=1.2),
            self._throughput("PATCH to OpenLDAP modify", "patch", "modify", least=5, reach=7),
            self._throughput("PATCH to raw SwiftNIO", "patch", "raw", least=0.25, reach=0.33),
            self._throughput("GET to FastAPI + SQLite", "get", "fastapi get", least=42),
            self._throughput("PATCH to FastAPI + SQLite", "patch", "fastapi patch", least=36),
            Goal("p99/p50 of GET to that of raw SwiftNIO", self.ratio("get", "raw", "tail"), most=1.2),
            Goal("batch of 20 GETs to 20 GETs, CPU", self.ratio("batch", "get", "cpu", 1 / 20), most=0.4),
        ]

    def _throughput(self, what: str, left: str, right: str, least: float, reach: float | None = None) -> Goal:
        return throughput_goal(what, self.subjects[left], self.subjects[right], least, reach)


def compare(facet: Facet, folder: Path, rounds: int, connections: int, seconds: int) -> Comparison:
    """Starts Facet and its peers on files in the folder, and measures them."""
    facet.import_people(DIRECTORY)
    with ExitStack() as servers:
        server = servers.enter_context(FacetServer(facet))
        subjects = _subjects(servers, server, facet, folder)
        progress = Progress(steps_of_rounds(len(subjects), rounds))
        run_rounds(list(subjects.values()), rounds, connections, seconds, progress)
        progress.finish()
        return Comparison(subjects, server.resident_mb())


def _subjects(servers: ExitStack, server: FacetServer, facet: Facet, folder: Path) -> dict[str, Subject]:
    token = facet.application_token()
    answer = FixedAnswer(*get(server.http, DIRECTORY.item_path(0, 0), token))
    raw = servers.enter_context(RawNIO(facet.binary.parent / "RawNIO", answer, _folder(folder, "rawnio")))
    nginx = servers.enter_context(Nginx(answer, _folder(folder, "nginx")))
    ldap = servers.enter_context(OpenLDAP(ITEMS, _folder(folder, "openldap")))
    other_ldap = servers.enter_context(DirectoryServer389(ITEMS, _folder(folder, "389")))
    fastapi = servers.enter_context(FastAPI(server.keys(), DIRECTORY, _folder(folder, "fastapi")))
    _check_answers(answer, [raw, nginx], fastapi, token)

    def http(address: str, scenario: str) -> HTTPLoad:
        return HTTPLoad(address, scenario, token, DIRECTORY)

    def ldap_load(server: OpenLDAP | DirectoryServer389, kind: str) -> LDAPLoad:
        return LDAPLoad(server.client, server.port, kind, ITEMS)

    subjects = {
        "raw": Subject("raw SwiftNIO, fixed body", raw, http(raw.address, "get")),
        "nginx": Subject("nginx, fixed body", nginx, http(nginx.address, "get")),
    }
    for scenario, title in FACET_REQUESTS.items():
        subjects[scenario] = Subject(f"Facet: {title}", server, http(server.http, scenario))
        subjects[f"{scenario} tls"] = Subject(f"Facet: {title}, TLS", server, http(server.https, scenario))
    return subjects | {
        "search": Subject("OpenLDAP: search of an entry", ldap, ldap_load(ldap, "search")),
        "modify": Subject("OpenLDAP: modify, durable", ldap, ldap_load(ldap, "modify")),
        "389 search": Subject("389 DS: search of an entry", other_ldap, ldap_load(other_ldap, "search")),
        "389 modify": Subject("389 DS: modify, durable", other_ldap, ldap_load(other_ldap, "modify")),
        "fastapi get": Subject("FastAPI + SQLite: GET item", fastapi, http(fastapi.address, "get")),
        "fastapi patch": Subject("FastAPI + SQLite: PATCH item, durable", fastapi, http(fastapi.address, "patch")),
    }


def _check_answers(answer: FixedAnswer, fixed: list[RawNIO | Nginx], fastapi: FastAPI, token: str) -> None:
    """Exits if a peer returns something other than Facet, which would make the ratios meaningless."""
    for peer in fixed:
        if get(peer.address, DIRECTORY.item_path(0, 0), token)[1].decode() != answer.body:
            sys.exit(f"{peer.name} does not return what Facet returns.")
    own, other = json.loads(answer.body), json.loads(get(fastapi.address, DIRECTORY.item_path(0, 0), token)[1])
    if any(own[name] != other[name] for name in ("id", "number", "createdBy", "createdDateTime")):
        sys.exit("FastAPI does not return what Facet returns.")


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
