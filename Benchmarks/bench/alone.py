"""Facet alone: start-up time, idle memory, and the cost of the audit log and of hidden items."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from .comparison import DIRECTORY
from .facet import Facet, FacetServer
from .load import HTTPLoad, measure
from .people import PERSON, identifier
from .progress import Progress
from .report import Table, median, number, spread
from .rounds import Ratio, Subject, ratio

STARTS = 5


def alone_table(binary: Path, folder: Path, rounds: int, connections: int, seconds: int) -> Table:
    """Measures Facet alone and returns the table."""
    turns = 2 * max(rounds, 2)
    progress = Progress(2 + 4 * turns)
    progress.step("starting")
    facet = _filled(binary, folder, "alone")
    rows = _starts(facet, folder)
    record = _record_cost(binary, folder, turns, connections, seconds, progress)
    hidden = _hidden_cost(facet, turns, connections, seconds, progress)
    progress.finish()
    rows += [
        ("PATCH with the audit log, to without it, throughput", number(record.middle), record.spread),
        ("404 of a hidden item, to a missing one, CPU", number(hidden.middle), hidden.spread),
    ]
    return Table("Facet alone", "", ("What", "Median", "Least to most"), rows)


def _filled(binary: Path, folder: Path, name: str) -> Facet:
    data = folder / name
    data.mkdir()
    facet = Facet(binary, data)
    facet.import_people(DIRECTORY)
    return facet


def _starts(facet: Facet, folder: Path) -> list[tuple[str, ...]]:
    """Measures start-up and idle memory. The first start creates keys and certificates; later ones load them."""
    fresh = Path(mkdtemp(prefix="fresh-", dir=folder))
    with FacetServer(Facet(facet.binary, fresh)) as server:
        first = server.start_milliseconds
    rmtree(fresh)
    with FacetServer(facet):
        pass
    times, memory = [], []
    for _ in range(STARTS):
        with FacetServer(facet) as server:
            times.append(server.start_milliseconds)
            memory.append(server.resident_mb())
    return [
        ("first start to first answer, ms", number(first), ""),
        ("second start to first answer, ms", number(median(times)), spread(times)),
        ("resident memory when idle, MB", number(median(memory)), spread(memory)),
    ]


def _record_cost(
    binary: Path, folder: Path, turns: int, connections: int, seconds: int, progress: Progress
) -> Ratio:
    """The throughput of durable updates with the audit log, relative to without it."""
    subjects = []
    try:
        for kind in ("with", "without"):
            facet = _filled(binary, folder, f"record-{kind}")
            # The first token makes the signing key, which AuditServer reads only when it starts.
            token = facet.application_token()
            server = FacetServer(facet, f"Facet {kind} the audit log", record=kind)
            load = HTTPLoad(server.http, "patch", token, DIRECTORY)
            subjects.append(Subject(f"PATCH {kind} the audit log", server, load))
        _in_turns(subjects, turns, connections, seconds, progress)
        return ratio(subjects[0], subjects[1], "rate")
    finally:
        for subject in subjects:
            subject.process.stop()


def _hidden_cost(facet: Facet, turns: int, connections: int, seconds: int, progress: Progress) -> Ratio:
    """The CPU of a 404 for a hidden item, relative to one for a missing item, as requested by the first person."""
    token = facet.token("--user", identifier(PERSON, 0), "--scopes", "User.Read.All")
    with FacetServer(facet) as server:
        subjects = [
            Subject(f"404, {kind}", server, HTTPLoad(server.http, kind, token, DIRECTORY))
            for kind in ("hidden", "missing")]
        _in_turns(subjects, turns, connections, seconds, progress, refused=True)
        return ratio(subjects[0], subjects[1], "cpu")


def _in_turns(
    subjects: list[Subject], turns: int, connections: int, seconds: int, progress: Progress, refused: bool = False
) -> None:
    for turn in range(turns):
        for subject in reversed(subjects) if turn % 2 else subjects:
            progress.step(subject.title)
            subject.rounds.append(measure(subject.process, subject.load, connections, seconds, refused))
