"""The benchmark's command line and output."""

import argparse
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from .alone import alone_table
from .comparison import compare
from .directory import directory_goals, directory_table, measure_directory
from .facet import Facet
from .goals import Goal, goals_table
from .growth import Growth, measure_growth
from .hidden import hidden_goals, hidden_table, measure_hidden
from .instructions import kept_table
from .load import add_load_options
from .machine import machine_table, page_cache_mib, remembered_tokens, versions_table
from .peers import VIRTUAL_ENVIRONMENT, compiler, program
from .report import Table, wrapped
from .starving import measure_starving, starving_goals, starving_table
from .unread import measure_unread, unread_goals, unread_table

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
PICTURE = ROOT / "docs/performance-growth.svg"
PAGE = ROOT / "docs/performance.md"
# A part of the benchmark that can also run alone.
Part = Callable[[argparse.Namespace, Path], tuple[list[Table], list[Goal]]]


def main() -> None:
    options = parse()
    wanted = ((attack, options.attack), (hidden, options.hidden), (directory, options.directory))
    parts = [part for part, is_wanted in wanted if is_wanted]
    if not parts:
        check_programs(options.facet)
    # Turn SIGTERM into an exit, so that servers are stopped and files removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    # Not in the system's temporary directory, which is in memory on some machines.
    (ROOT / ".build").mkdir(exist_ok=True)
    folder = Path(mkdtemp(prefix="bench-", dir=ROOT / ".build"))
    try:
        run_parts(parts, options, folder) if parts else run(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares Facet with its peers on this machine, in one run.")
    add_load_options(parser)
    parser.add_argument("--growth", action="store_true", help="also measure with increasing numbers of people")
    parser.add_argument(
        "--people", type=lambda text: [int(count) for count in text.split(",")], default=[1_000, 100_000, 1_000_000],
        metavar="N,N,N", help="numbers of people for --growth and for queries of people")
    parser.add_argument("--attack", action="store_true", help="measure only the effect of hostile clients on others")
    parser.add_argument("--hidden", action="store_true", help="measure only what times reveal of hidden items")
    parser.add_argument("--directory", action="store_true", help="measure only queries of people")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md; implies --growth")
    options = parser.parse_args()
    # The servers run in other directories, where a relative path would be wrong.
    options.facet = options.facet.resolve()
    options.growth |= options.write
    return options


def check_programs(facet: Path) -> None:
    """Exits at once if a program is missing, rather than in the middle of a long run."""
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmark requires Linux, whose /proc it reads.")
    for name in ("wrk", "nginx", "slapd", "ns-slapd"):
        program(name)
    compiler()
    built = [facet, facet.parent / "AuditServer", facet.parent / "RawNIO", VIRTUAL_ENVIRONMENT / "bin/uvicorn"]
    for file in built:
        if not file.exists():
            sys.exit(f"{file.name} is missing. `make bench` builds and installs what it needs.")


def run(options: argparse.Namespace, folder: Path) -> None:
    load = {"rounds": options.rounds, "connections": options.connections, "seconds": options.seconds}
    tables = [machine_table(folder), versions_table(options.facet, ROOT)]
    show(*tables)
    tables.append(alone_table(options.facet, folder, **load))
    show(tables[-1])
    goals = []
    for part in (hidden, attack, directory):
        part_tables, part_goals = part(options, folder)
        tables += part_tables
        goals += part_goals
    data = folder / "facet"
    data.mkdir()
    comparison = compare(Facet(options.facet, data), folder, **load)
    tables.append(comparison.table(**load))
    show(tables[-1])
    growth = None
    if options.growth:
        growth = measure_growth(options.facet, folder, options.people, **load)
        tables.append(growth.table(**load))
        show(tables[-1])
    goals = comparison.goals() + (growth.goals() if growth else []) + goals
    finish(options, tables, goals, growth)


def run_parts(parts: list[Part], options: argparse.Namespace, folder: Path) -> None:
    goals = [goal for part in parts for goal in part(options, folder)[1]]
    show(goals_table(goals, options.rounds, options.connections))


def attack(options: argparse.Namespace, folder: Path) -> tuple[list[Table], list[Goal]]:
    """Measures the effect of hostile clients on the server and on other clients."""
    unread = measure_unread(options.facet, folder)
    show(unread_table(unread))
    starving = measure_starving(options.facet, folder)
    show(starving_table(starving))
    return [unread_table(unread), starving_table(starving)], unread_goals(unread) + starving_goals(starving)


def hidden(options: argparse.Namespace, folder: Path) -> tuple[list[Table], list[Goal]]:
    """Measures what response times reveal of hidden items."""
    contrasts = measure_hidden(options.facet, folder)
    table = hidden_table(contrasts)
    show(table)
    return [table], hidden_goals(contrasts)


def directory(options: argparse.Namespace, folder: Path) -> tuple[list[Table], list[Goal]]:
    """Measures queries of people."""
    found = measure_directory(options.facet, folder, options.people)
    table = directory_table(found)
    show(table)
    return [table], directory_goals(found)


def finish(options: argparse.Namespace, tables: list[Table], goals: list[Goal], growth: Growth | None) -> None:
    goals = goals_table(goals, options.rounds, options.connections)
    show(goals)
    print(f"\n{wrapped(caches())}")
    if options.write and growth:
        growth.draw(PICTURE)
        write_page([goals, *tables, kept_table()])
        print(f"\nWritten: {PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)}.")


def caches() -> str:
    """Describes the caches that a request can hit."""
    return (
        "Facet, here with SQLite in its directory, has no cache of items: every read goes to the store. SQLite caches "
        f"up to {page_cache_mib(ROOT)} MiB of its pages for each event loop, and the system as many as memory allows. "
        f"Verified tokens are cached, at most {remembered_tokens(ROOT):,} for each event loop; the load uses one token, "
        "so every request but the first of each loop finds it there (hit rate 1).")


def write_page(tables: list[Table]) -> None:
    """Fills in the template, where `<title>` is the place of the table with that title."""
    text = (HERE / "performance.template").read_text().replace("<caches>", wrapped(caches()))
    for table in tables:
        text = text.replace(f"<{table.title}>", table.markdown())
    PAGE.write_text(text)


def show(*tables: Table) -> None:
    for table in tables:
        print(table.text(), flush=True)
