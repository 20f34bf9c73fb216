"""Writes the tables of bench/scale_tables.py into docs/scale.md, and checks that they are there."""

import argparse
import re
import sys
from pathlib import Path

from .model import Costs
from .recorded import record, recorded
from .report import Table
from .scale_tables import all_tables
from .sizes import measure_sizes

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/scale.md"


def main() -> None:
    options = parse()
    if options.measure:
        record(sizes=measure_sizes(options.facet.resolve(), options.people, options.seconds))
        return
    tables = all_tables(Costs(**recorded()))
    page = PAGE.read_text()
    written = filled(page, tables)
    if options.check:
        sys.exit(None if written == page else "docs/scale.md shows other figures. Run: Benchmarks/scale --write")
    if options.write:
        PAGE.write_text(written)
        print(f"Written: {PAGE.relative_to(ROOT)}.")
        return
    print("\n".join(table.text() for table in tables.values()))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prints what Facet on Citus needs for so many people.")
    todo = parser.add_mutually_exclusive_group()
    todo.add_argument("--write", action="store_true", help="write the tables into docs/scale.md")
    todo.add_argument("--check", action="store_true", help="fail if docs/scale.md does not show them")
    todo.add_argument(
        "--measure", action="store_true",
        help="measure everything but the costs of requests into scale.json; started by Scripts/with-citus")
    parser.add_argument("--facet", type=Path, default=ROOT / ".build/release/facet", help="the binary to measure")
    parser.add_argument("--people", type=int, default=20_000, help="number of people to measure with")
    parser.add_argument("--seconds", type=int, default=5, help="duration of one measurement")
    return parser.parse_args()


def filled(page: str, tables: dict[str, Table]) -> str:
    """Puts each table between its markers, `<!-- name -->` and `<!-- end -->`. Exits if either lacks the other."""
    places = re.findall(r"^<!-- (?!end)([a-z ]+) -->$", page, re.MULTILINE)
    if sorted(places) != sorted(tables):
        sys.exit(f"docs/scale.md has places for {places}; the tables are {list(tables)}.")
    for name, table in tables.items():
        place = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = table.markdown()
        page = place.sub(lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page, count=1)
    return page
