"""Counts instructions per request with valgrind's callgrind."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .report import Table

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
KEPT = HERE / "instructions.json"
TITLES = {
    "get": "GET item", "colleague": "GET item of somebody else", "list": "GET list of 20",
    "filter": "GET list with $select and $filter", "patch": "PATCH item, durable", "batch": "batch of 20 GETs",
    "person": "PATCH person, durable",
}
# A count is the difference between two runs, divided by the difference in their numbers of requests, so that the cost of
# start-up cancels out; threads that start together may pay it twice, a million instructions at most, which many requests
# dilute. More updates would reach a checkpoint of the database. Both numbers are multiples of the length of the cycle of
# requests.
RUNS = {
    "get": (160, 960), "colleague": (160, 960), "patch": (80, 240), "list": (80, 400), "filter": (40, 200),
    "batch": (40, 120), "person": (80, 240),
}
TOLERANCE = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="record the counts of this run")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("valgrind is missing. `make instructions` installs what it needs.")
    counts = count_all(ROOT / ".build/release/RequestCost")
    if options.write:
        KEPT.write_text(json.dumps(counts, indent=2) + "\n")
        print(f"Written: {KEPT.relative_to(ROOT)}.")
    else:
        compare(counts, json.loads(KEPT.read_text()))


def kept_table() -> Table:
    """Returns the recorded counts as a table for the page."""
    rows = [(TITLES[scenario], f"{count:,}") for scenario, count in json.loads(KEPT.read_text()).items()]
    return Table("Instructions", "", ("Request", "instructions"), rows)


def count_all(program: Path) -> dict[str, int]:
    with TemporaryDirectory(dir=ROOT / ".build", prefix="instructions-") as name:
        folder = Path(name)
        # Callgrind cannot read Swift's debug information.
        stripped = folder / program.name
        subprocess.run(["strip", "-g", "-o", stripped, program], check=True)
        made = folder / "made"
        made.mkdir()
        subprocess.run([stripped, "get", "1", made], check=True)
        return {scenario: count(stripped, scenario, made) for scenario in RUNS}


def count(program: Path, scenario: str, made: Path) -> int:
    few, many = RUNS[scenario]
    return round((collected(program, scenario, many, made) - collected(program, scenario, few, made)) / (many - few))


def collected(program: Path, scenario: str, requests: int, made: Path) -> int:
    """Returns all instructions of one run, on a copy of the prepared data."""
    data = made.parent / "data"
    shutil.copytree(made, data)
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, scenario, str(requests), data]
    environment = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    shutil.rmtree(data)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"RequestCost {scenario} {requests} failed under valgrind:\n{done.stderr}")
    return int(found[1])


def compare(counts: dict[str, int], kept: dict[str, int]) -> None:
    """Exits if a count differs by more than the tolerance, in either direction: a gain should be recorded."""
    far = []
    for scenario, now in counts.items():
        before = kept[scenario]
        change = now / before - 1
        print(f"{scenario:10} {now:>10,} instructions, recorded {before:>10,}, {change:+.1%}")
        if abs(change) > TOLERANCE:
            far.append(scenario)
    if far:
        sys.exit(
            f"These differ from the recorded counts by more than {TOLERANCE:.0%}: {', '.join(far)}. Find out why; if it "
            "is intended, record it with `make instructions ARGS=--write`. Another compiler or library also changes "
            "counts.")
