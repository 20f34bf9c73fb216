"""Measures on Citus what docs/scale.md reckons with beside the costs of requests: bytes, moves of shards, statements
that ask every shard, writes on every node, the memory of sessions, and what one person can take.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from .citus import postmaster, spread_over
from .facet import Facet, FacetServer
from .load import HTTPLoad, measure
from .people import ITEM, TENANT, Directory, identifier
from .postgresql import psql
from .processes import ProcessTree
from .report import median

ROOT = Path(__file__).resolve().parent.parent.parent
COLLECTIONS = ("names", "phones", "emails", "addresses", "websites")
GROUPS_PER_PERSON, PEOPLE_PER_GROUP = 5, 50
# Tables that grow together, by what they grow with.
TABLES = {
    "person": ("person", "principal_name", "mail_address"), "item": ("item",), "chain": ("chain",),
    "audit": ("record",), "membership": ("membership", "group_member"), "group": ("directory_group",),
    "tenant": ("tenant",),
}
# Moves are measured with shards of several sizes. With the first two numbers, other costs are compared too.
SHARDS = (32, 128, 8, 2)
MOVES = 2
STATEMENTS = {
    "list": f"""select user_id, tenant, principal_name, display_name, version, json from person
        where tenant = '{TENANT}' order by user_id limit 101;""",
    "count": f"select count(*)::bigint from person where tenant = '{TENANT}';",
}
# For larger shards: four more items for each.
MORE_ITEMS = """insert into item select user_id, collection, n || id, version, audience, created, collapse_start,
    collapse_end, json, listed, listed_as from item, generate_series(1, 4) n"""
ONE_SESSION = "-c citus.max_adaptive_executor_pool_size=1"
POLICY = '{"name":"Fabrikam","policy":{"writersOfOthers":"administrators","administrators":"0123456789abcdef"}}'
GROUP = """insert into directory_group (id, tenant, version, json)
    values (md5((random() * 1000)::int::text), 'tenant', 1, convert_to(repeat('x', 200), 'UTF8'))
    on conflict (id) do update set version = excluded.version, json = excluded.json;"""


class Cluster:
    """The database `bench` on each node, with the CPU time of the nodes."""

    def __init__(self, name: str, nodes: list[str]) -> None:
        for node in nodes:
            psql(f"{node} dbname=postgres", f"create database {name} template template0")
        self.databases = [f"{node} dbname={name}" for node in nodes]
        self.first, self._trees = self.databases[0], [ProcessTree(postmaster(each)) for each in self.databases]

    def cpu_seconds(self) -> list[float]:
        """Returns the CPU time of each node, the coordinator's first."""
        return [tree.cpu_seconds() for tree in self._trees]

    @contextmanager
    def cost(self, of: int = 1) -> Iterator[dict]:
        """Fills in the seconds and the CPU seconds, of each node, that one of so many took."""
        before, start, cost = self.cpu_seconds(), time.perf_counter(), {}
        yield cost
        cost["seconds"] = (time.perf_counter() - start) / of
        cost["cpu"] = [(now - then) / of for now, then in zip(self.cpu_seconds(), before, strict=True)]

    def ask(self, sql: str) -> str:
        return psql(self.first, sql)

    def run(self, statement: str, times: int, settings: str = "") -> dict:
        """Runs a statement by the coordinator on one connection and returns what it costs."""
        script = Path(os.environ.get("TMPDIR", "/tmp")) / f"sizes-{os.getpid()}.sql"
        script.write_text(" ".join(statement.split()) + "\n")
        command = ["pgbench", "--no-vacuum", "--protocol=extended", f"--file={script}"]
        environment = os.environ | {"PGOPTIONS": settings}
        with self.cost(times) as cost:
            subprocess.run(
                [*command, f"--transactions={times}", self.first], check=True, capture_output=True, env=environment)
        script.unlink()
        return cost


def measure_sizes(binary: Path, people: int, seconds: int) -> dict:
    """Returns the figures of `sizes` in scale.json."""
    if "TEST_CITUS_WORKERS" not in os.environ or not shutil.which("pgbench"):
        sys.exit("Start it with: Scripts/with-citus Benchmarks/scale --measure")
    coordinator = os.environ["TEST_POSTGRESQL"]
    nodes = [coordinator] + [
        re.sub(r"host=\S+ port=\d+", f"host=127.0.0.1 port={port}", coordinator)
        for port in os.environ["TEST_CITUS_WORKERS"].split()]
    folder = Path(mkdtemp(prefix="bench-", dir=ROOT / ".build"))
    try:
        return {"everywhere": everywhere(nodes)} | _measure(binary, folder, nodes, people, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(binary: Path, folder: Path, nodes: list[str], people: int, seconds: int) -> dict:
    cluster, directory = Cluster("bench", nodes), Directory(people, len(COLLECTIONS), COLLECTIONS)
    host, port = (re.search(rf"{name}=(\S+)", cluster.first)[1] for name in ("host", "port"))
    facet = Facet(binary, folder, f"postgresql://facet@/bench?host={host}&port={port}")
    started = time.perf_counter()
    facet.import_lines(lines(directory))
    found = {"people": people, "items": len(COLLECTIONS), "groups": GROUPS_PER_PERSON, "workers": len(nodes) - 1}
    found["import seconds"] = time.perf_counter() - started
    _say("imported")
    with FacetServer(facet) as server:
        token = facet.application_token()
        found["rates"] = rates(server, token, directory, seconds)
        # Rows of the audit log and chains come from writes.
        measure(server, HTTPLoad(server.http, "patch", token, directory), 64, 4 * seconds)
    cluster.ask(f"insert into tenant select md5(n::text), 1, '{POLICY}' from generate_series(1, 10000) n")
    found["bytes"] = sizes(cluster)
    _say("written")
    spread_over(dict(enumerate(cluster.databases)))
    started = time.perf_counter()
    facet.run("migrate", "--distribute")
    found["distribute seconds"] = time.perf_counter() - started
    cluster.ask("vacuum analyze")
    found |= {"hash": evenness(cluster), "shards": [], "moves": []}
    for shards in SHARDS:
        set_shards(cluster, shards)
        if shards in SHARDS[:2]:
            costs = of_all_shards(cluster) | sessions(facet, cluster, directory, seconds)
            found["shards"].append({"shards": shards} | costs)
        if shards == SHARDS[2]:
            cluster.ask(MORE_ITEMS)
        found["moves"] += [move(cluster, shards, place) for place in range(min(MOVES, shards))]
        _say(f"moved {shards} shards")
    return found


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def lines(directory: Directory) -> Iterator[str]:
    """Yields people with mail addresses, their items, groups and memberships."""
    people = []
    for line in directory.lines():
        if line.startswith('{"tenant"'):
            user = re.search(r'"id":"([^"]+)"', line)[1]
            people.append(user)
            line = line.replace('"jobTitle"', f'"mail":"{user}@contoso.example","jobTitle"')
        yield line
    groups = [identifier(ITEM + 1, number) for number in range(len(people) * GROUPS_PER_PERSON // PEOPLE_PER_GROUP)]
    for group in groups:
        of = {"id": group, "displayName": f"Group {group[:8]}", "description": "The people of a project."}
        yield json.dumps({"tenant": TENANT, "group": of}) + "\n"
    for number, person in enumerate(people):
        for place in range(GROUPS_PER_PERSON):
            group = groups[(number + place * 7_919) % len(groups)]
            yield json.dumps({"groupId": group, "member": person}) + "\n"


def sizes(cluster: Cluster) -> dict[str, float]:
    """The bytes of one row with its indexes, a person's with their names."""
    cluster.ask("vacuum analyze")
    found = {}
    for what, tables in TABLES.items():
        there = [table for table in tables if cluster.ask(f"select to_regclass('{table}')")]
        size = sum(int(cluster.ask(f"select pg_total_relation_size('{table}')")) for table in there)
        found[what] = size / int(cluster.ask(f"select count(*) from {there[0]}"))
    return found


def rates(server: FacetServer, token: str, directory: Directory, seconds: int) -> dict[str, dict[str, float]]:
    """The requests a second to the items of one person and to those of all."""
    whose = {"all": directory, "one": Directory(1, directory.items, directory.collections)}
    return {
        scenario: {name: rate(server, scenario, token, of, seconds) for name, of in whose.items()}
        for scenario in ("get", "patch")}


def rate(server: FacetServer, scenario: str, token: str, directory: Directory, seconds: int) -> float:
    """The requests a second, once the sessions have prepared their statements."""
    load = HTTPLoad(server.http, scenario, token, directory)
    return [measure(server, load, 64, seconds).rate for _ in range(2)][1]


def evenness(cluster: Cluster) -> dict[str, int]:
    """How many people the emptiest and the fullest shard hold."""
    counts = cluster.ask("select success, result from run_command_on_shards('person', 'select count(*) from %s')")
    people = [int(line.split("|")[1]) for line in counts.splitlines()]
    return {"shards": len(people), "least": min(people), "most": max(people)}


def set_shards(cluster: Cluster, shards: int) -> None:
    if int(cluster.ask("select count(*) from pg_dist_shard where logicalrelid = 'person'::regclass")) != shards:
        cluster.ask(f"select alter_distributed_table('person', shard_count := {shards}, cascade_to_colocated := true)")
        cluster.ask("vacuum analyze")


def of_all_shards(cluster: Cluster) -> dict[str, dict]:
    """What statements cost that ask each shard: by several sessions to each node, as Citus does, and by one."""
    found = {}
    for name, statement in STATEMENTS.items():
        for way, settings in {name: "", f"{name} by one": ONE_SESSION}.items():
            cluster.run(statement, 5, settings)
            found[way] = cluster.run(statement, 40, settings)
    return found


def sessions(facet: Facet, cluster: Cluster, directory: Directory, seconds: int) -> dict:
    """Loads a server, and returns its rates and the MB of memory that each of its sessions on a worker has for itself."""
    with FacetServer(facet) as server:
        token = facet.application_token()
        measured = rates(server, token, directory, seconds)
        pids = psql(cluster.databases[1], """select pid from pg_stat_activity where datname = current_database()
            and backend_type = 'client backend' and pid <> pg_backend_pid() and application_name not like 'citus%'""")
        found = [_own_mb(int(pid)) for pid in pids.split()]
    return {"session mb": median(found), "sessions": len(found), "rates": measured}


def _own_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024


def move(cluster: Cluster, shards: int, place: int) -> dict:
    """Moves one shard, with those beside it, from one worker to the other and returns what it costs."""
    shard, source = cluster.ask(
        "select shardid, nodeport from citus_shards where table_name = 'person'::regclass order by shardid "
        f"offset {place} limit 1").split("|")
    ports = {re.search(r"port=(\d+)", database)[1]: database for database in cluster.databases[1:]}
    target = next(port for port in ports if port != source)
    names = cluster.ask(
        "select string_agg(quote_literal(logicalrelid || '_' || shardid), ', ') from pg_dist_shard "
        f"where shardid = any(get_colocated_shard_array({shard}))")
    # Citus hides the tables of shards from pg_class, unless told not to.
    size = int(psql(
        ports[source], "set citus.override_table_visibility to off; "
        f"select sum(pg_total_relation_size(oid)) from pg_class where relname in ({names})"))
    with cluster.cost() as cost:
        cluster.ask(
            f"select citus_move_shard_placement({shard}, '127.0.0.1', {source}, '127.0.0.1', {target}, "
            "shard_transfer_mode := 'force_logical')")
    return {"shards": shards, "mb": size / 1e6} | cost


def everywhere(nodes: list[str]) -> list[dict]:
    """What a write costs to a table that lies on every node, with one node, two and three."""
    cluster = Cluster("everywhere", nodes)
    for database in cluster.databases:
        psql(database, "create extension citus")
    port = [re.search(r"port=(\d+)", database)[1] for database in cluster.databases]
    cluster.ask(f"select citus_set_coordinator_host('127.0.0.1', {port[0]})")
    cluster.ask("create table directory_group (id text primary key, tenant text, version bigint, json bytea)")
    cluster.ask("select create_reference_table('directory_group')")
    found = []
    for count in range(1, len(nodes) + 1):
        if count > 1:
            cluster.ask(f"select citus_add_node('127.0.0.1', {port[count - 1]})")
            cluster.ask("select replicate_reference_tables('block_writes')")
        cluster.run(GROUP, 50)
        found.append({"nodes": count} | cluster.run(GROUP, 1_000))
    return found
