"""The tables of docs/scale.md."""

import math
from collections.abc import Callable

from . import skew
from .model import (
    ASSUMPTIONS, CORES, GROUP_PEOPLE, GROUPS, MEMORY_GB, PEOPLE, REQUESTS, TENANT_PEOPLE, Cluster, Costs, Node,
    peak_requests)
from .report import Table, number

TITLES = {"get": "GET by the owner or an application", "other": "GET by another person", "patch": "PATCH"}
DATABASES = {"plain": "one PostgreSQL", "distributed": "Citus"}
Rows = list[tuple[str, ...]]


def all_tables(costs: Costs) -> dict[str, Table]:
    """Returns the tables by their names on the page."""
    clusters = [Cluster(costs, people) for people in PEOPLE]
    sizes = ("", *(f"{cluster.people / 1e6:,.0f} million people" for cluster in clusters))
    return {
        "requests": numbers(
            ("Request", "on", "a second", "CPU each, us: Facet", "coordinator", "nodes"), requests(costs)),
        "sizes": words(("What", "Measured"), measured(costs)),
        "assumptions": words(
            ("What", "Assumed", "Because"),
            [(each.what, f"{each.value:,}", each.why) for each in ASSUMPTIONS + skew.ASSUMPTIONS]),
        "node": numbers(("A node carries", *DATABASES.values()), node(costs)),
        "clusters": numbers(sizes, machines(clusters)),
        "growing": numbers(sizes, growing(clusters)),
        "fame": numbers(
            ("Reads of others", "people", "nodes", "busiest node, to the average", "CPU of a node: average", "busiest",
             "busiest shard, to the average", "cores for the first person"), fame(clusters)),
        "data": numbers(
            ("Data", "fullest node, to the average", "fullest shard, to the average", "largest one, of all"),
            data(clusters[1])),
        "everywhere": numbers(sizes, everywhere(clusters)),
    }


def numbers(header: tuple[str, ...], rows: Rows) -> Table:
    return Table("", "", header, rows)


def words(header: tuple[str, ...], rows: Rows) -> Table:
    return Table("", "", header, rows, has_words=True)


def row(clusters: list[Cluster], what: str, cell: Callable[[Cluster], str]) -> tuple[str, ...]:
    return (what, *map(cell, clusters))


def millions(count: float) -> str:
    return f"{number(count / 1e6)} million"


def span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 200_000 else f"{seconds / 86_400:.0f} days"


def requests(costs: Costs) -> Rows:
    """What was measured of requests."""
    rows = []
    for kind, title in TITLES.items():
        for database, name in DATABASES.items():
            cost = costs.requests[database][kind]
            rows.append((title, name, *(number(cost[part]) for part in ("rate", "server", "coordinator", "workers"))))
    return rows


def measured(costs: Costs) -> Rows:
    """What else was measured."""
    size, (fixed, slope), (fixed_cpu, by_gb_cpu) = costs.sizes["bytes"], costs.move, costs.move_cpu
    base, by_shard = costs.session_mb
    hashed, people = costs.sizes["hash"], costs.sizes["people"]
    rows = [
        ("people, items and groups of each", f"{people:,}, {costs.sizes['items']}, {costs.sizes['groups']}"),
        ("lines that an import reads a second", number(costs.import_lines / costs.sizes["import seconds"])),
        ("a person, with principal name, mail address and the end of the audit chain, bytes",
         number(size["person"] + size["chain"])),
        ("an item, bytes", number(size["item"])),
        ("a membership, bytes", number(size["membership"])),
        ("a row of the audit log, one for each write, bytes", number(size["audit"])),
        ("a group; a tenant: on each node, bytes", f"{number(size['group'])}; {number(size['tenant'])}"),
        ("moving a shard, s", f"{fixed:.1f}, and {slope:.1f} for each GB"),
        ("the same, CPU of all nodes, s", f"{fixed_cpu:.1f}, and {by_gb_cpu:.1f} for each GB"),
        ("memory of a session on a node, MB", f"{base:.1f}, and {by_shard:.2f} for each shard there"),
    ]
    for name, title in (("list", "the first 100 people of a tenant"), ("count", "the number of its people")):
        for each in costs.sizes["shards"]:
            ways = (each[name], each[f"{name} by one"])
            rows.append((
                f"{title}, {each['shards']} shards: CPU of all nodes, ms; by one session each",
                "; ".join(number(sum(way["cpu"]) * 1e3) for way in ways)))
    rows.append((
        f"people on the emptiest and the fullest of {hashed['shards']} shards; chance alone would vary by",
        f"{hashed['least']:,} and {hashed['most']:,}; {math.sqrt(people / hashed['shards']):.0f}"))
    for on, rates in (("one PostgreSQL", costs.sizes["rates"]), ("Citus", costs.sizes["shards"][0]["rates"])):
        rows.append((
            f"PATCHes to items of one person, to those of all, throughput on {on}",
            f"{rates['patch']['one'] / rates['patch']['all']:.2f}"))
    return rows


def node(costs: Costs) -> Rows:
    """What a node carries."""
    nodes = [Node(costs, database) for database in DATABASES]
    rows = [(f"{title}, a second", *(number(each.rate(kind)) for each in nodes)) for kind, title in TITLES.items()]
    return rows + [
        (f"people whom its {what} suffices for", *(millions(each.people[what]) for each in nodes))
        for what in nodes[0].people]


def machines(clusters: list[Cluster]) -> Rows:
    """The machines and their price."""
    return [
        row(clusters, "GETs a second at the peak",
            lambda each: f"{each.requests['get'] + each.requests['other']:,.0f}"),
        row(clusters, "PATCHes a second at the peak", lambda each: f"{each.requests['patch']:,.0f}"),
        row(clusters, "rows of people, GB", lambda each: f"{each.rows_gb:,.0f}"),
        row(clusters, "audit log, GB", lambda each: f"{each.audit_gb:,.0f}"),
        row(clusters, "nodes that CPU, disk, memory want", lambda each: ", ".join(map(str, each.needs.values()))),
        row(clusters, "nodes", lambda each: str(each.nodes)),
        row(clusters, "shards", lambda each: f"{each.shards:,}"),
        row(clusters, "servers of Facet", lambda each: str(each.servers)),
        row(clusters, "sessions of a node", lambda each: str(each.sessions)),
        row(clusters, "their memory, GB", lambda each: number(each.sessions_gb)),
        row(clusters, "the first 100 people of a tenant: CPU of all nodes, s", lambda each: number(each.list_seconds)),
        row(clusters, "memory of all nodes, GB", lambda each: f"{each.nodes * MEMORY_GB.value:,.0f}"),
        row(clusters, "disk of all nodes and standbys, GB", lambda each: f"{each.disk_gb:,.0f}"),
        row(clusters, "an import of everybody", lambda each: span(each.import_seconds)),
        row(clusters, "dollars a month", lambda each: f"{each.dollars:,.0f}"),
        row(clusters, "dollars a month, for each million people",
            lambda each: f"{each.dollars / each.people * 1e6:,.0f}"),
    ]


def growing(clusters: list[Cluster]) -> Rows:
    """What it takes to add nodes."""
    return [
        row(clusters, "a shard, GB", lambda each: number(each.shard_gb)),
        row(clusters, "it moves in", lambda each: span(each.move_seconds)),
        row(clusters, "one node more: shards that move", lambda each: str(each.shards_to_new_node)),
        row(clusters, "they move in", lambda each: span(each.shards_to_new_node * each.move_seconds)),
        row(clusters, "twice the nodes: shards that move", lambda each: f"{each.shards // 2:,}"),
        row(clusters, "they move in, all pairs of nodes at once",
            lambda each: span(each.shards / 2 / each.nodes * each.move_seconds)),
        row(clusters, "cores that a move takes, of all nodes", lambda each: number(each.move_cores)),
    ]


def everywhere(clusters: list[Cluster]) -> Rows:
    """What lies on every node."""
    return [
        row(clusters, "groups", lambda each: millions(each.people * GROUPS.value / GROUP_PEOPLE.value)),
        row(clusters, "tenants", lambda each: f"{each.people / TENANT_PEOPLE.value:,.0f}"),
        row(clusters, "their rows on each node, GB", lambda each: number(each.shared_gb)),
        row(clusters, "a write of one: CPU of all nodes, ms", lambda each: number(each.shared_write[0] * 1e3)),
        row(clusters, "the same, of the coordinator alone", lambda each: number(each.shared_write[1] * 1e3)),
    ]


def fame(clusters: list[Cluster]) -> Rows:
    """How reads that are not spread evenly change what is carried."""
    rows = []
    for cluster in clusters:
        us = {kind: peak_requests(kind) * cluster.costs.database_us("distributed", kind) for kind in REQUESTS}
        cores = cluster.people * sum(us.values()) / 1e6
        average = cores / cluster.nodes / CORES.value
        for name, exponent in {"all alike": 0, "1/n^0.8": 0.8, "1/n": skew.FAME.value}.items():
            found = skew.reads(cluster.people, exponent, us["other"] / sum(us.values()), cluster.shards, cluster.nodes)
            rows.append((
                name, millions(cluster.people), str(cluster.nodes), f"{found.node:.2f}", f"{average:.0%}",
                f"{average * found.node:.0%}", f"{found.shard:.2f}", number(found.first * cores)))
    return rows


def data(cluster: Cluster) -> Rows:
    """How a huge tenant and a huge group change what is stored."""
    shards, nodes, share = cluster.shards, cluster.nodes, skew.TENANT_SHARE.value
    memberships = cluster.people * GROUPS.value
    cases = {
        "people, spread by person as Facet does, with the huge tenant": skew.even(cluster.people, shards, nodes),
        "the same people, if they were spread by tenant": skew.one(
            share, cluster.people / TENANT_PEOPLE.value, shards, nodes),
        "memberships, by person, with the huge group": skew.even(memberships, shards, nodes),
        "memberships, by group, with the huge group": skew.one(
            skew.GROUP_MEMBERS.value / memberships, memberships / GROUP_PEOPLE.value, shards, nodes),
    }
    return [
        (what, f"{found.node:.2f}", f"{found.shard:.2f}", f"1 in {1 / found.first:,.0f}")
        for what, found in cases.items()]
