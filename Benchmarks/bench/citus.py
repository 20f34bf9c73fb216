"""Compares Facet on Citus with Facet on one PostgreSQL, and that with pgbench's best form of the same work."""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from .facet import Facet, FacetServer
from .load import Measured, add_load_options, measure
from .people import TENANT
from .postgresql import CHOOSE, FIRST, ID, ITEMS, PEOPLE, PhoneLoad, lines, pgbench, psql, READ, STORED
from .processes import ProcessTree
from .progress import Progress
from .recorded import record
from .report import Table, median, number, spread

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
# Who reads the phones of others: one of the people, whose own phones are few among all.
VIEWER = f"{ID}{FIRST}"
TITLES = {"patch": "PATCH", "get": "GET, application", "other": "GET, another person"}
# The least share of the throughput on one PostgreSQL.
GOALS = {"patch": 0.5, "get": 0.5, "other": 0.3}
COORDINATOR_SHARE_MOST = 0.05
SESSIONS_PER_1000_MOST = 2
# One write in one call, which plans nothing and takes one round trip: the best that a client of one write can do.
WRITE_FUNCTION = f"""
create function bench_write(u text, i text, body bytea) returns bigint language plpgsql as $$
declare v bigint; l bigint;
begin
  select length into l from chain where user_id = u and tenant = '{TENANT}' for update;
  perform 1 from person where user_id = u;
  select version into v from item where user_id = u and collection = 'phones' and id = i;
  update item set version = v + 1, json = body where user_id = u and collection = 'phones' and id = i;
  insert into record (user_id, tenant, time, kind, collection, item, properties, version_before, version_after,
    acting_user, acting_app, position, code)
  values (u, '{TENANT}', 1, 1, 'phones', i, 'number,lastModifiedDateTime,lastModifiedBy', v, v + 1, null, null, l + 1,
    sha256('x'));
  update chain set length = l + 1, tip = sha256('x'), seal = sha256('y') where user_id = u and tenant = '{TENANT}';
  return v;
end $$"""
CALL = f"""{CHOOSE}select bench_write('{ID}' || :p, '{ID}' || :n,
  convert_to('{STORED}, "number": "' || :v || '"}}', 'UTF8'));
"""


@dataclass
class Database:
    """A database with a server of Facet, and the processes of its nodes."""

    name: str
    server: FacetServer
    tokens: dict[str, str]
    # The database `bench` on each node, by the node's name.
    nodes: dict[str, str]
    trees: dict[str, ProcessTree]
    rounds: dict[str, list["Round"]] = field(default_factory=lambda: {kind: [] for kind in TITLES})

    def measure(self, kind: str, connections: int, seconds: int) -> None:
        scenario = "patch" if kind == "patch" else "get"
        load = PhoneLoad(self.server.http, scenario, self.tokens["viewer" if kind == "other" else "application"])
        before, sessions = self._cpu(), self._sessions()
        measured = measure(self.server, load, connections, seconds)
        requests = measured.rate * seconds
        cpu = {name: (after - before[name]) / requests * 1e6 for name, after in self._cpu().items()}
        self.rounds[kind].append(Round(measured, cpu, (self._sessions() - sessions) / requests * 1_000))

    def _cpu(self) -> dict[str, float]:
        return {name: tree.cpu_seconds() for name, tree in self.trees.items()}

    def _sessions(self) -> int:
        """How many sessions were opened; the look itself opens one on each node."""
        sql = "select sessions from pg_stat_database where datname = current_database()"
        return sum(int(psql(database, sql)) - 1 for database in self.nodes.values())

    def median(self, kind: str, value: Callable[["Round"], float]) -> float:
        return median([value(each) for each in self.rounds[kind]])


@dataclass(frozen=True)
class Round:
    """One measurement: the server's, the CPU microseconds of each node per request, and sessions per 1,000 requests."""

    server: Measured
    cpu: dict[str, float]
    sessions: float


def main() -> None:
    options = parse()
    places = {name: os.environ.get(name, "") for name in ("TEST_POSTGRESQL_ALONE", "TEST_POSTGRESQL")}
    if not all(places.values()) or "TEST_CITUS_WORKERS" not in os.environ or not shutil.which("pgbench"):
        sys.exit("Start it with: make bench-citus")
    folder = Path(mkdtemp(prefix="bench-", dir=ROOT / ".build"))
    try:
        run(options, *places.values(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares Facet on Citus with Facet on one PostgreSQL, in one run.")
    add_load_options(parser)
    parser.add_argument("--record", action="store_true", help="record the figures for docs/scale.md")
    return parser.parse_args()


def run(options: argparse.Namespace, alone: str, coordinator: str, folder: Path) -> None:
    workers = [re.sub(r"host=\S+ port=\d+", f"host=127.0.0.1 port={port}", coordinator)
               for port in os.environ["TEST_CITUS_WORKERS"].split()]
    people = folder / "people.ndjson"
    people.write_text("".join(json.dumps(line) + "\n" for line in lines()))
    with ExitStack() as servers:
        plain = start(servers, options, "one PostgreSQL", folder, people, {"database": alone})
        cluster = {"coordinator": coordinator} | {f"worker {place}": worker for place, worker in enumerate(workers, 1)}
        distributed = start(servers, options, "Citus", folder, people, cluster)
        pgbenches = rounds(options, plain, distributed, folder)
    show(options, plain, distributed, pgbenches)
    if options.record:
        record(requests=figures([plain, distributed]))


def start(
    servers: ExitStack, options: argparse.Namespace, name: str, folder: Path, people: Path, nodes: dict[str, str]
) -> Database:
    """Makes the database, spread over the nodes if there are several, and starts a server on it."""
    for node in nodes.values():
        psql(f"{node} dbname=postgres", "create database bench template template0")
    databases = {title: f"{node} dbname=bench" for title, node in nodes.items()}
    first = next(iter(databases.values()))
    host, port = re.search(r"host=(\S+)", first)[1], re.search(r"port=(\d+)", first)
    url = f"postgresql://facet@/bench?host={quote(host, safe='/')}" + (f"&port={port[1]}" if port else "")
    data = folder / name.replace(" ", "-")
    data.mkdir()
    facet = Facet(options.facet.resolve(), data, url)
    if len(databases) > 1:
        spread_over(databases)
    facet.run("import", str(people))
    if len(databases) > 1:
        facet.run("migrate", "--distribute")
    psql(first, "vacuum analyze")
    trees = {title: ProcessTree(postmaster(database)) for title, database in databases.items()}
    tokens = {"application": facet.application_token(), "viewer": facet.token("--user", VIEWER, "--scopes", "User.Read.All")}
    server = servers.enter_context(FacetServer(facet, name.replace(" ", "-")))
    return Database(name, server, tokens, databases, trees)


def spread_over(databases: dict[str, str]) -> None:
    for database in databases.values():
        psql(database, "create extension citus")
    (_, coordinator), *workers = databases.items()
    port = re.search(r"port=(\d+)", coordinator)[1]
    psql(coordinator, f"select citus_set_coordinator_host('127.0.0.1', {port})")
    for _, worker in workers:
        psql(coordinator, f"select citus_add_node('127.0.0.1', {re.search(r'port=([0-9]+)', worker)[1]})")


def postmaster(database: str) -> int:
    return int(psql(database, "select split_part(pg_read_file('postmaster.pid'), chr(10), 1)"))


def rounds(
    options: argparse.Namespace, plain: Database, distributed: Database, folder: Path
) -> dict[str, list[tuple[float, float]]]:
    """Measures each kind of request on both databases, in reverse order in every other round, and pgbench beside them.

    Returns for `patch` and `get` Facet's throughput on one PostgreSQL and that of pgbench.
    """
    psql(plain.nodes["database"], WRITE_FUNCTION)
    scripts = {"patch": CALL, "get": READ}
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in scripts}
    progress = Progress(len(TITLES) * 2 * (options.rounds + 1) + len(scripts) * options.rounds)
    for turn in range(-1, options.rounds):
        for kind in TITLES:
            for database in [distributed, plain] if turn % 2 else [plain, distributed]:
                progress.step(f"{database.name}, {TITLES[kind]}")
                database.measure(kind, options.connections, options.seconds)
            # The first round warms up: threads connect to the nodes, statements are prepared.
            if turn < 0:
                plain.rounds[kind], distributed.rounds[kind] = [], []
            elif script := scripts.get(kind):
                progress.step(f"pgbench, {TITLES[kind]}")
                rate = pgbench(script, plain.nodes["database"], folder, options)
                found[kind].append((plain.rounds[kind][-1].server.rate, rate))
    progress.finish()
    return found


def show(
    options: argparse.Namespace, plain: Database, distributed: Database,
    pgbenches: dict[str, list[tuple[float, float]]]
) -> None:
    version = psql(plain.nodes["database"], "show server_version").split()[0]
    citus = psql(distributed.nodes["coordinator"], "select extversion from pg_extension where extname = 'citus'")
    note = (
        f"{options.connections} connections, medians of {options.rounds} rounds of {options.seconds} s, {PEOPLE:,} "
        f"people with {ITEMS} phones each, PostgreSQL {version}, Citus {citus} with two workers, 32 shards, fsync "
        f"{psql(plain.nodes['database'], 'show fsync')}, all on {os.cpu_count()} cores.")
    print(Table("Throughput and CPU", note, *throughput(plain, distributed)).text())
    print(Table("Goals", "", *goals(plain, distributed, pgbenches)).text())


def throughput(plain: Database, distributed: Database) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    header = ("Request", "on", "a second", "least to most", "p99, ms", "CPU each, us: Facet", "coordinator", "workers")
    rows = []
    for kind, title in TITLES.items():
        for database in (plain, distributed):
            rates = [each.server.rate for each in database.rounds[kind]]
            cpu = split(database, kind)
            rows.append((
                title, database.name, number(median(rates)), spread(rates),
                f"{database.median(kind, lambda each: each.server.p99) / 1e3:.1f}", number(cpu["server"]),
                number(cpu["coordinator"]), number(cpu["workers"])))
    return header, rows


def split(database: Database, kind: str) -> dict[str, float]:
    """The CPU microseconds of one request; one PostgreSQL counts as a worker."""
    def of_workers(each: Round) -> float:
        return sum(cpu for name, cpu in each.cpu.items() if name != "coordinator")

    return {
        "server": database.median(kind, lambda each: each.server.cpu),
        "coordinator": database.median(kind, lambda each: each.cpu.get("coordinator", 0)),
        "workers": database.median(kind, of_workers),
    }


def goals(
    plain: Database, distributed: Database, pgbenches: dict[str, list[tuple[float, float]]]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = []
    for kind, title in TITLES.items():
        ratios = [
            b.server.rate / a.server.rate for a, b in zip(plain.rounds[kind], distributed.rounds[kind], strict=True)]
        rows.append((f"{title}: Citus to one PostgreSQL", number(median(ratios)), spread(ratios), f"at least {GOALS[kind]}"))
    for kind, least, what in (("patch", 1.0, "function"), ("get", 0.6, "select")):
        ratios = [ours / theirs for ours, theirs in pgbenches[kind]]
        rows.append((
            f"{TITLES[kind]} on one PostgreSQL to pgbench's {what}", number(median(ratios)), spread(ratios),
            f"at least {least}"))
    shares = [
        each.cpu["coordinator"] / sum(each.cpu.values()) for kind in TITLES for each in distributed.rounds[kind]]
    rows.append((
        "the coordinator's share of the databases' CPU", f"{median(shares):.1%}",
        f"{min(shares):.1%} to {max(shares):.1%}", f"at most {COORDINATOR_SHARE_MOST:.0%}"))
    sessions = [each.sessions for each in distributed.rounds["patch"]]
    rows.append((
        "new database sessions for 1,000 writes, warm", number(median(sessions)), spread(sessions),
        f"at most {SESSIONS_PER_1000_MOST}"))
    return ("Figure", "median", "least to most", "must"), rows


def figures(databases: list[Database]) -> dict[str, dict[str, dict[str, float]]]:
    """The medians, by database and kind of request."""
    return {
        {"Citus": "distributed"}.get(database.name, "plain"): {
            kind: {"rate": database.median(kind, lambda each: each.server.rate)} | split(database, kind)
            for kind in TITLES}
        for database in databases}
