"""The model of docs/scale.md: from measured costs and named assumptions, what people need of machines."""

import math
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Assumption:
    """A number that is not measured, and why it is what it is."""

    what: str
    value: float
    why: str


OWNER_READS = Assumption(
    "GETs of a person's items by themselves or an application, a day", 2,
    "their own page now and then, and programs that keep copies")
OTHER_READS = Assumption(
    "GETs of a person's items by others, a day", 10,
    "cards that mail, chat and calendar show; with client caches fewer")
WRITES = Assumption(
    "PATCHes of a person's items, a day", 0.05, "one item changes every three weeks")
PEAK = Assumption(
    "the busiest minute, to the mean of a day", 5, "working hours of one region")
ITEMS = Assumption("items of a person", 10, "names, phones, addresses, positions, skills")
GROUPS = Assumption("groups of a person", 5, "teams, lists and projects")
GROUP_PEOPLE = Assumption("members of a group", 50, "few are large, most are small")
TENANT_PEOPLE = Assumption("people of a tenant", 1_000, "many small organisations and some large ones")
AUDIT_YEARS = Assumption("years of audit log", 5, "Facet never deletes any; five years show what that means")
ACTIVE = Assumption(
    "people whose rows are to be in memory", 0.3, "who is read within some hours; all others cost a read from the disk")
BUSY = Assumption(
    "CPU that requests may take at peak", 0.5, "the rest is for vacuum, backups, moves of shards, and bursts")
CORES = Assumption("cores of a node", 16, "a common machine")
MEMORY_GB = Assumption("memory of a node, GB", 128, "8 GB for each core, as clouds sell it for databases")
CACHE = Assumption(
    "memory of a node that holds rows", 0.7, "the rest is for sessions, maintenance and the system")
DISK_GB = Assumption(
    "disk of a node, GB", 2_000, "more would take too long to restore: 2 TB at 200 MB/s take three hours")
FILL = Assumption("disk that rows may fill", 0.6, "the rest is for dead rows, the write-ahead log and rebuilt indexes")
COPIES = Assumption("machines for each node", 2, "a node and its standby, which holds everything again")
SERVER_CORES = Assumption("cores of a server of Facet", 8, "a server holds nothing: small ones are easier to replace")
SHARDS_PER_NODE = Assumption(
    "least shards of a node", 16, "the number of nodes can then double three times, and nodes stay even")
NODE_PRICE = Assumption(
    "price of a node's core with its memory for a month, dollars", 46,
    "about the list price of large clouds; a commitment halves it")
SERVER_PRICE = Assumption("price of a server's core for a month, dollars", 31, "likewise, with 2 GB for each core")
DISK_PRICE = Assumption("price of a GB of disk for a month, dollars", 0.1, "likewise, for network disks on flash")
ASSUMPTIONS = [value for value in list(globals().values()) if isinstance(value, Assumption)]

REQUESTS = {"get": OWNER_READS, "other": OTHER_READS, "patch": WRITES}
PEOPLE = (10_000_000, 100_000_000, 1_000_000_000)
# Sessions of a server on each node: 1 that reads, 2 that write there, 2 for writes on several nodes, 1 that asks whether
# the node answers.
READERS, SESSIONS = 1, 6
DAY = 86_400


@dataclass(frozen=True)
class Costs:
    """The measured costs: see bench/recorded.py."""

    requests: dict
    sizes: dict

    def database_us(self, database: str, kind: str) -> float:
        """The CPU microseconds of all nodes for a request; `database` is `plain` or `distributed`."""
        cost = self.requests[database][kind]
        return cost["coordinator"] + cost["workers"]

    @property
    def row_bytes(self) -> float:
        """What is stored of a person, without the audit log."""
        size = self.sizes["bytes"]
        return size["person"] + size["chain"] + ITEMS.value * size["item"] + GROUPS.value * size["membership"]

    @property
    def audit_bytes(self) -> float:
        """The rows of the audit log of a person."""
        return WRITES.value * 365 * AUDIT_YEARS.value * self.sizes["bytes"]["audit"]

    @property
    def import_lines(self) -> float:
        """The lines of the import that was measured: people, items and memberships."""
        return self.sizes["people"] * (1 + self.sizes["items"] + self.sizes["groups"])

    @property
    def shared_bytes(self) -> float:
        """The rows of groups and tenants for each person, which every node has."""
        size = self.sizes["bytes"]
        return GROUPS.value / GROUP_PEOPLE.value * size["group"] + size["tenant"] / TENANT_PEOPLE.value

    @cached_property
    def move(self) -> tuple[float, float]:
        """The seconds that a move of a shard takes, and those that each GB adds."""
        return line([(move["mb"] / 1e3, move["seconds"]) for move in self.sizes["moves"]])

    @cached_property
    def move_cpu(self) -> tuple[float, float]:
        """The CPU seconds that a move takes on all nodes, and those that each GB adds."""
        return line([(move["mb"] / 1e3, sum(move["cpu"])) for move in self.sizes["moves"]])

    @cached_property
    def session_mb(self) -> tuple[float, float]:
        """The memory of a session on a node without shards, and what each shard of the node adds."""
        return line([
            (each["shards"] / self.sizes["workers"], each["session mb"]) for each in self.sizes["shards"]])


def line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """The line of least squares: where it begins, and how much it rises for each 1."""
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return mean_y - slope * mean_x, slope


def peak_requests(kind: str) -> float:
    """The requests a second that one person receives at the peak."""
    return REQUESTS[kind].value / DAY * PEAK.value


@dataclass(frozen=True)
class Node:
    """What a node carries: of one PostgreSQL (`plain`) or of Citus (`distributed`)."""

    costs: Costs
    database: str

    def rate(self, kind: str) -> float:
        """The requests a second of one kind."""
        return CORES.value * BUSY.value * 1e6 / self.costs.database_us(self.database, kind)

    @property
    def people(self) -> dict[str, float]:
        """The people whom its CPU, its disk and its memory suffice for."""
        us = sum(peak_requests(kind) * self.costs.database_us(self.database, kind) for kind in REQUESTS)
        return {
            "CPU": CORES.value * BUSY.value * 1e6 / us,
            "disk": DISK_GB.value * FILL.value * 1e9 / (self.costs.row_bytes + self.costs.audit_bytes),
            "memory": MEMORY_GB.value * CACHE.value * 1e9 / (ACTIVE.value * self.costs.row_bytes),
        }


@dataclass(frozen=True)
class Cluster:
    """The machines for so many people on Citus."""

    costs: Costs
    people: int

    @cached_property
    def needs(self) -> dict[str, int]:
        """How many nodes CPU, disk and memory want, beside the rows that each node has."""
        room = {"CPU": 1, "disk": self._room(DISK_GB, FILL), "memory": self._room(MEMORY_GB, CACHE, ACTIVE.value)}
        return {
            what: math.ceil(self.people / most / room[what])
            for what, most in Node(self.costs, "distributed").people.items()}

    def _room(self, size: Assumption, share: Assumption, active: float = 1) -> float:
        """The share of a node's disk or memory that is left beside the rows of groups and tenants."""
        return 1 - active * self.shared_gb / (size.value * share.value)

    @property
    def shared_gb(self) -> float:
        """The rows of groups and tenants, which every node has."""
        return self.people * self.costs.shared_bytes / 1e9

    @property
    def nodes(self) -> int:
        return max(2, *self.needs.values())

    @property
    def shards(self) -> int:
        return 1 << math.ceil(math.log2(max(32, SHARDS_PER_NODE.value * self.nodes)))

    @cached_property
    def servers(self) -> int:
        """As many as their CPU wants or, if that is more, as many as keep the one session by which each reads from a
        node no busier than other cores. One is in reserve."""
        own = sum(rate * self.costs.requests["distributed"][kind]["server"] for kind, rate in self.requests.items())
        reads = sum(
            rate * self.costs.requests["distributed"][kind]["workers"] for kind, rate in self.requests.items()
            if kind != "patch")
        wanted = max(own / SERVER_CORES.value, reads / self.nodes / READERS) / (BUSY.value * 1e6)
        return math.ceil(wanted) + 1

    @property
    def list_seconds(self) -> float:
        """The CPU of all nodes for the first 100 people of a tenant, asked for by one session for each node."""
        measured = self.costs.sizes["shards"]
        start, slope = line([(each["shards"], sum(each["list by one"]["cpu"])) for each in measured])
        return start + slope * self.shards

    @property
    def sessions(self) -> int:
        """Those of a node."""
        return self.servers * SESSIONS

    @property
    def sessions_gb(self) -> float:
        """The memory that they take on a node."""
        base, slope = self.costs.session_mb
        return self.sessions * (base + slope * self.shards / self.nodes) / 1e3

    @property
    def requests(self) -> dict[str, float]:
        """Those of all people a second, at the peak."""
        return {kind: self.people * peak_requests(kind) for kind in REQUESTS}

    @property
    def rows_gb(self) -> float:
        return self.people * self.costs.row_bytes / 1e9

    @property
    def audit_gb(self) -> float:
        return self.people * self.costs.audit_bytes / 1e9

    @property
    def import_seconds(self) -> float:
        """What one process takes to import everybody."""
        lines = self.people * (1 + ITEMS.value + GROUPS.value)
        return lines * self.costs.sizes["import seconds"] / self.costs.import_lines

    @property
    def dollars(self) -> float:
        """The price of a month: servers, nodes, a coordinator as large as a server, their standbys, and disks."""
        small, large = SERVER_CORES.value * SERVER_PRICE.value, CORES.value * NODE_PRICE.value
        machines = (self.servers + COPIES.value) * small + self.nodes * COPIES.value * large
        return machines + self.disk_gb * DISK_PRICE.value

    @property
    def disk_gb(self) -> float:
        """The disks of all nodes and their standbys."""
        return COPIES.value * (self.rows_gb + self.audit_gb + self.nodes * self.shared_gb) / FILL.value

    # MARK: Growing

    @property
    def shard_gb(self) -> float:
        return (self.rows_gb + self.audit_gb) / self.shards

    @property
    def move_seconds(self) -> float:
        """What one shard takes to move."""
        fixed, slope = self.costs.move
        return fixed + slope * self.shard_gb

    @property
    def shards_to_new_node(self) -> int:
        return self.shards // (self.nodes + 1)

    @property
    def move_cores(self) -> float:
        """The cores that a move takes while it runs, on the two nodes together."""
        fixed, slope = self.costs.move_cpu
        return (fixed + slope * self.shard_gb) / self.move_seconds

    @property
    def shared_write(self) -> tuple[float, float]:
        """The CPU seconds of a write on every node: of all nodes, and of the coordinator. Measured with few nodes; more
        are taken to cost in proportion."""
        few, *_, many = self.costs.sizes["everywhere"]
        more = (self.nodes + 1 - few["nodes"]) / (many["nodes"] - few["nodes"])
        return tuple(start + more * (end - start) for start, end in zip(
            (sum(few["cpu"]), few["cpu"][0]), (sum(many["cpu"]), many["cpu"][0]), strict=True))
