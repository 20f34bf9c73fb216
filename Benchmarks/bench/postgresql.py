"""Compares Facet on PostgreSQL with pgbench: the same statements, connections and server, in turn."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from .facet import APPLICATION, Facet, FacetServer
from .load import RUNS, Measured, add_load_options, measure
from .people import TENANT
from .progress import Progress
from .report import median

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
PEOPLE, ITEMS = 1_000, 20
# Twelve digits, so that an id is a fixed prefix and a number.
FIRST = 100_000_000_000
ID = "00000000-0000-4000-8000-"
USER, ITEM = f"('{ID}' || :p)", f"('{ID}' || :n)"
IS_ITEM = f"user_id = {USER} and collection = 'phones' and id = {ITEM}"
COLUMNS = "version, audience, created, collapse_start, collapse_end, json"
CHOOSE = f"""\\set n random({FIRST}, {FIRST + PEOPLE * ITEMS - 1})
\\set p {FIRST} + (:n - {FIRST}) / {ITEMS}
\\set v random(100000000, 999999999)
"""
# The statement that Facet sends for one read.
READ = f"""{CHOOSE}select {", ".join("i." + name for name in COLUMNS.split(", "))},
  p.tenant, p.display_name, 0::bigint, 0::bigint, 0::bigint
from person p join item i on i.user_id = p.user_id
where p.user_id = {USER} and i.user_id = {USER} and i.collection = 'phones' and i.id = {ITEM};
"""
STORED = json.dumps({
    "id": "i" * 36, "allowedAudiences": "organization", "createdDateTime": "2020-09-10T00:00:00.1234567Z",
    "createdBy": None, "lastModifiedDateTime": "2020-09-10T00:00:00.1234567Z",
    "lastModifiedBy": {"application": {"id": "i" * 36}}, "displayName": "Car Phone", "type": "other"})[:-1]
# The statements that Facet sends for one write when no other is queued: two round trips, for the item and its audit log
# row.
WRITE = f"""{CHOOSE}\\startpipeline
begin;
select pg_current_xact_id()::text, (select version from facet_schema);
select tenant, length, tip from chain where user_id = {USER} order by tenant for update;
select {COLUMNS} from item where {IS_ITEM};
select p.tenant, p.display_name, 0::bigint, 0::bigint, 0::bigint from person p where p.user_id = {USER};
\\endpipeline
\\startpipeline
update item set version = version + 1, audience = audience, created = created, collapse_start = null,
  collapse_end = null, json = convert_to('{STORED}, "number": "' || :v || '"}}', 'UTF8'), listed = null,
  listed_as = null where {IS_ITEM};
insert into record (user_id, tenant, time, kind, collection, item, properties, version_before, version_after,
  acting_user, acting_app, position, code)
select {USER}, '{TENANT}', 1, 1, 'phones', {ITEM}, 'number,lastModifiedDateTime,lastModifiedBy', 1, 2, null, null,
  length + 1, sha256('x') from chain where user_id = {USER} and tenant = '{TENANT}';
update chain set length = length + 1, tip = sha256('x'), seal = sha256('y')
where user_id = {USER} and tenant = '{TENANT}';
commit;
\\endpipeline
"""
SCENARIOS = {"get": READ, "patch": WRITE}


def main() -> None:
    options = parse()
    place = os.environ.get("TEST_POSTGRESQL")
    if not place or not shutil.which("pgbench"):
        sys.exit("Start it with: POSTGRESQL_FSYNC=on Scripts/with-postgresql Benchmarks/postgresql")
    folder = Path(mkdtemp(prefix="bench-", dir=ROOT / ".build"))
    try:
        run(options, place, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares Facet on PostgreSQL with pgbench, in one run.")
    add_load_options(parser)
    return parser.parse_args()


@dataclass(frozen=True)
class PhoneLoad:
    """Requests by postgresql.lua."""

    address: str
    scenario: str
    token: str

    def command(self, connections: int, seconds: int) -> list:
        return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "postgresql.lua", self.address]

    def environment(self, run: int) -> dict[str, str]:
        return {
            "SCENARIO": self.scenario, "TOKEN": self.token, "RUN": str(run), "PEOPLE": str(PEOPLE),
            "ITEMS": str(ITEMS), "FIRST": str(FIRST)}


def lines():
    """Yields people with phones that are visible to the whole tenant, and as long as an update leaves them."""
    then = "2026-01-01T00:00:00.1234567Z"
    updated = {
        "createdDateTime": then, "lastModifiedDateTime": then,
        "lastModifiedBy": {"application": {"id": APPLICATION, "displayName": None}}}
    for person in range(PEOPLE):
        user = f"{ID}{FIRST + person}"
        yield {"tenant": TENANT, "user": {"id": user, "displayName": f"Person {person}"}}
        for slot in range(ITEMS):
            phone = {
                "id": f"{ID}{FIRST + person * ITEMS + slot}", "allowedAudiences": "organization",
                "displayName": "Car Phone", "type": "other", "number": "123456789"} | updated
            yield {"userId": user, "collection": "phones", "item": phone}


def run(options: argparse.Namespace, place: str, folder: Path) -> None:
    host = re.search(r"host=(\S+)", place)[1]
    url = f"postgresql://facet@/bench?host={quote(host, safe='/')}"
    psql(f"{place} dbname=postgres", "create database bench template template0")
    facet = Facet(options.facet.resolve(), folder, url)
    people = folder / "people.ndjson"
    people.write_text("".join(json.dumps(line) + "\n" for line in lines()))
    facet.run("import", str(people))
    psql(f"{place} dbname=bench", "vacuum analyze")
    fsync = psql(f"{place} dbname=bench", "show fsync")
    with FacetServer(facet) as server:
        token = facet.application_token()
        measured = rounds(options, server, token, f"{place} dbname=bench", folder)
    show(options, measured, fsync)


def rounds(
    options: argparse.Namespace, server: FacetServer, token: str, database: str, folder: Path
) -> dict[str, list[tuple[Measured, float]]]:
    """Measures each scenario with Facet and with pgbench, in reverse order in every other round."""
    progress = Progress(2 * len(SCENARIOS) * options.rounds)
    measured = {scenario: [] for scenario in SCENARIOS}
    for turn in range(options.rounds):
        for scenario, script in SCENARIOS.items():
            def by_facet() -> Measured:
                progress.step(f"Facet, {scenario}")
                return measure(
                    server, PhoneLoad(server.http, scenario, token), options.connections, options.seconds)

            def by_pgbench() -> float:
                progress.step(f"pgbench, {scenario}")
                return pgbench(script, database, folder, options)

            if turn % 2:
                second, first = by_pgbench(), by_facet()
            else:
                first, second = by_facet(), by_pgbench()
            measured[scenario].append((first, second))
    return measured


def pgbench(script: str, database: str, folder: Path, options: argparse.Namespace) -> float:
    """Runs pgbench and returns its transactions per second."""
    file = folder / "script.sql"
    file.write_text(script)
    done = subprocess.run(
        ["pgbench", "--no-vacuum", "--protocol=prepared", f"--client={options.connections}", "--jobs=2",
         f"--time={options.seconds}", f"--random-seed={next(RUNS)}", f"--file={file}", database],
        capture_output=True, text=True, check=False)
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not rate:
        sys.exit(f"pgbench failed: {done.stderr}{done.stdout}")
    return float(rate[1])


def psql(database: str, sql: str) -> str:
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", database, "-c", sql]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def show(options: argparse.Namespace, measured: dict[str, list[tuple[Measured, float]]], fsync: str) -> None:
    print(
        f"{options.connections} connections, {options.rounds} rounds of {options.seconds} s, {PEOPLE:,} people with "
        f"{ITEMS} phones each, fsync {fsync}")
    print(f"{'':8}{'Facet, a second':>18}{'pgbench, a second':>20}{'ratio':>8}   least to most     CPU of Facet each, us")
    for scenario, pairs in measured.items():
        ratios = sorted(facet.rate / other for facet, other in pairs)
        print(
            f"{scenario.upper():8}{median([facet.rate for facet, _ in pairs]):18,.0f}"
            f"{median([other for _, other in pairs]):20,.0f}{median(ratios):8.2f}   {ratios[0]:.2f} to {ratios[-1]:.2f}"
            f"{median([facet.cpu for facet, _ in pairs]):22.1f}")
