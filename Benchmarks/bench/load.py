"""Generates load with wrk (HTTP) or peers/ldap_load.c (LDAP), and measures what each run costs the server."""

import argparse
import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .people import Directory
from .processes import Process

HERE = Path(__file__).resolve().parent.parent
# Each run has a unique number, so that no update writes the value that is already stored.
RUNS = itertools.count(1_000_000)


@dataclass(frozen=True)
class Measured:
    """The figures of one run, with times in microseconds."""

    rate: float
    cpu: float
    p50: float
    p99: float
    errors: int

    @property
    def tail(self) -> float:
        """The ratio of the 99th percentile to the median."""
        return self.p99 / self.p50


@dataclass(frozen=True)
class HTTPLoad:
    """Requests to one address, by one scenario of load.lua."""

    address: str
    scenario: str
    token: str
    directory: Directory

    def command(self, connections: int, seconds: int) -> list:
        limits = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        return ["wrk", *limits, "-s", HERE / "load.lua", self.address]

    def environment(self, run: int) -> dict[str, str]:
        return self.directory.environment() | {"SCENARIO": self.scenario, "TOKEN": self.token, "RUN": str(run)}


@dataclass(frozen=True)
class LDAPLoad:
    """Searches for entries by name, or modifications of them."""

    client: Path
    port: int
    kind: str
    entries: int

    def command(self, connections: int, seconds: int) -> list:
        return [self.client, self.port, connections, seconds, self.kind, self.entries]

    def environment(self, run: int) -> dict[str, str]:
        return {"RUN": str(run)}


def add_load_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options for the binary and the amount of load."""
    binary = HERE.parent / ".build/release/facet"
    parser.add_argument("--facet", type=Path, default=binary, help="the binary to measure")
    parser.add_argument("--seconds", type=int, default=5, help="duration of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="number of measurements of each kind of request")
    parser.add_argument("--connections", type=int, default=64, help="number of connections")


def measure(
    process: Process, load: HTTPLoad | LDAPLoad, connections: int, seconds: int, refused: bool = False
) -> Measured:
    """Runs the load once. Every response must be a success or, with `refused`, an error."""
    command = [str(part) for part in load.command(connections, seconds)]
    environment = os.environ | load.environment(next(RUNS)) | {"COMMON": str(HERE / "common.lua")}
    before = process.cpu_seconds()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    used = process.cpu_seconds() - before
    if done.returncode != 0 or not done.stdout.strip():
        sys.exit(f"{command[0]} failed: {done.stderr}{done.stdout}")
    requests, took, errors, p50, p99 = (float(part) for part in done.stdout.strip().splitlines()[-1].split())
    if requests == 0 or errors != (requests if refused else 0):
        sys.exit(f"{process.name}: {errors:.0f} of {requests:.0f} requests were refused.")
    return Measured(requests / took, used / requests * 1e6, max(p50, 1), p99, int(errors))
