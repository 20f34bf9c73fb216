"""The same requests with increasing numbers of people, with one server for each number, all running at once."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .facet import Facet, FacetServer
from .goals import Goal, throughput_goal
from .load import HTTPLoad
from .peers import VIRTUAL_ENVIRONMENT
from .people import Directory
from .progress import Progress
from .report import Table, median, number
from .rounds import Ratio, Subject, run_rounds, steps_of_rounds

COLLECTIONS = ("names", "phones", "emails", "addresses", "websites")
STARTS = 3
# The number of people for which the size of the file has a goal.
GOAL_PEOPLE = 1_000_000


@dataclass
class Size:
    """The figures for one number of people."""

    people: int
    import_seconds: float
    file_mb: float
    start_milliseconds: float
    get: Subject
    patch: Subject
    resident_mb: float = 0
    disk_reads_mb: float = 0

    def figures(self) -> dict[str, float]:
        """Returns the figures that the picture shows."""
        return {
            "people": self.people, "get": self.get.median("rate"), "patch": self.patch.median("rate"),
            "get cpu": self.get.median("cpu"), "patch cpu": self.patch.median("cpu"), "file": self.file_mb,
            "import": self.import_seconds, "memory": self.resident_mb, "start": self.start_milliseconds,
        }


@dataclass
class Growth:
    sizes: list[Size]

    def table(self, connections: int, rounds: int, seconds: int) -> Table:
        header = ("What", *(f"{size.people:,} people" for size in self.sizes))
        rows = {
            "items": [f"{size.people * len(COLLECTIONS):,}" for size in self.sizes],
            "import, s": [number(size.import_seconds) for size in self.sizes],
            "database, MB": [number(size.file_mb) for size in self.sizes],
            "start to first answer, ms": [number(size.start_milliseconds) for size in self.sizes],
            "GET item, a second": [number(size.get.median("rate")) for size in self.sizes],
            "GET item, CPU each, us": [number(size.get.median("cpu")) for size in self.sizes],
            "GET item, p99, ms": [f"{size.get.median('p99') / 1e3:.2f}" for size in self.sizes],
            "PATCH item, durable, a second": [number(size.patch.median("rate")) for size in self.sizes],
            "PATCH item, CPU each, us": [number(size.patch.median("cpu")) for size in self.sizes],
            "PATCH item, p99, ms": [f"{size.patch.median('p99') / 1e3:.2f}" for size in self.sizes],
            "most resident memory under load, MB": [number(size.resident_mb) for size in self.sizes],
            "read from the disk meanwhile, MB": [number(size.disk_reads_mb) for size in self.sizes],
        }
        note = (
            f"{connections} connections, medians of {rounds} rounds of {seconds} s; {len(COLLECTIONS)} items each "
            f"({', '.join(COLLECTIONS)}), imported in the order of people's ids, as an export has them. Ids of "
            "requests are distributed uniformly over all items of all people. Before each measurement the database is "
            "read once, so that the system's cache holds it.")
        return Table("Growth", note, header, [(what, *cells) for what, cells in rows.items()])

    def goals(self) -> list[Goal]:
        """Compares the largest number of people with the smallest."""
        few, many = self.sizes[0], self.sizes[-1]
        names = f"{many.people:,} people to {few.people:,}"
        goals = [
            throughput_goal(f"GET of {names}", many.get, few.get, least=0.85),
            throughput_goal(f"PATCH of {names}", many.patch, few.patch, least=0.7),
            _absolute(f"resident memory at {many.people:,} people, MB", many.resident_mb, most=200, reach=150),
        ]
        if many.people == GOAL_PEOPLE:
            goals.append(_absolute(f"file of {many.people:,} people, GB", many.file_mb / 1e3, most=4.8, reach=4.2))
        return goals

    def draw(self, file: Path) -> None:
        """Draws the curves."""
        command = [VIRTUAL_ENVIRONMENT / "bin/python", "-B", Path(__file__).with_name("picture.py"), file]
        figures = json.dumps([size.figures() for size in self.sizes])
        subprocess.run(command, input=figures, text=True, check=True)


def _absolute(what: str, figure: float, most: float, reach: float) -> Goal:
    return Goal(what, Ratio(figure, figure, figure), most=most, reach=reach)


def measure_growth(
    binary: Path, folder: Path, sizes: list[int], rounds: int, connections: int, seconds: int
) -> Growth:
    """Imports each number of people, starts a server on each, and measures them in turn."""
    prepared = [_prepare(binary, folder, people) for people in sorted(sizes)]
    # Flush the imported data, so that this does not happen during measurements.
    os.sync()
    with ExitStack() as servers:
        found = [_serve(servers, *each) for each in prepared]
        subjects = [subject for size in found for subject in (size.get, size.patch)]
        progress = Progress(steps_of_rounds(len(subjects), rounds))
        run_rounds(subjects, rounds, connections, seconds, progress)
        progress.finish()
        for size in found:
            size.resident_mb = size.get.process.resident_mb_most()
            size.disk_reads_mb = size.get.process.disk_reads_mb()
    return Growth(found)


def _prepare(binary: Path, folder: Path, people: int) -> tuple[Facet, Directory, float]:
    data = folder / f"people-{people}"
    data.mkdir()
    facet, directory = Facet(binary, data), Directory(people, len(COLLECTIONS), COLLECTIONS)
    started = time.monotonic()
    facet.import_people(directory, _counted(directory))
    return facet, directory, time.monotonic() - started


def _counted(directory: Directory) -> Iterator[str]:
    """Yields all lines and reports progress."""
    progress, every = Progress(1), 20_000
    for number_of_line, line in enumerate(directory.lines()):
        if number_of_line % every == 0:
            progress.count(number_of_line, directory.lines_in_all, f"importing {directory.people:,} people")
        yield line
    progress.finish()


def _serve(servers: ExitStack, facet: Facet, directory: Directory, import_seconds: float) -> Size:
    times = []
    # The first start creates keys and is not counted.
    for _ in range(1 + STARTS):
        with FacetServer(facet) as server:
            times.append(server.start_milliseconds)
    server = servers.enter_context(FacetServer(facet))
    token, name = facet.application_token(), f"{directory.people:,} people"
    get, patch = (
        Subject(
            f"{scenario.upper()} item, {name}", server, HTTPLoad(server.http, scenario, token, directory),
            cached=facet.data / "facet.db")
        for scenario in ("get", "patch"))
    return Size(directory.people, import_seconds, facet.file_mb(), median(times[1:]), get, patch)
