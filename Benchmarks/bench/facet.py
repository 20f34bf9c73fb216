"""Facet's commands and server."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from .people import TENANT, Directory
from .processes import Process, clean_environment

APPLICATION = "22222222-2222-4222-8222-222222222222"
LINES_AT_ONCE = 2_000


class Facet:
    """Runs the commands of one binary on one data directory."""

    def __init__(self, binary: Path, data: Path, store: str = "sqlite") -> None:
        self.binary, self.data, self.store = binary, data, store

    def run(self, *arguments: str) -> str:
        command = [self.binary, *arguments, "--data", self.data, "--store", self.store]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment()).stdout

    def token(self, *arguments: str) -> str:
        """Returns a token that outlives the longest benchmark."""
        return self.run("token", *arguments, "--expires-in", "86400").strip().splitlines()[-1]

    def application_token(self) -> str:
        """Returns an application's token that may read and write all items."""
        return self.token("--app", APPLICATION, "--roles", "User.ReadWrite.All")

    def import_people(self, directory: Directory, progress: Iterable[str] | None = None) -> None:
        """Imports people; `progress` yields the same lines and reports progress."""
        self.import_lines(progress or directory.lines())

    def import_lines(self, lines: Iterable[str]) -> None:
        """Imports lines as an operator would; each ends with a line feed."""
        command = [self.binary, "import", "--data", self.data, "--store", self.store]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment())
        piece = []
        for line in lines:
            piece.append(line)
            if len(piece) == LINES_AT_ONCE:
                process.stdin.write("".join(piece).encode())
                piece = []
        _, errors = process.communicate("".join(piece).encode())
        if process.returncode != 0:
            sys.exit(f"The import failed: {errors.decode()}")

    def file_mb(self) -> float:
        """The size of the database, including its write-ahead log."""
        return sum(file.stat().st_size for file in self.data.glob("facet.db*")) / 1e6


class FacetServer(Process):
    """A ready server on a data directory, with the time from `exec` to its first response."""

    def __init__(self, facet: Facet, name: str = "Facet", record: str | None = None) -> None:
        ready = facet.data / f"ready-{time.monotonic_ns()}.json"
        command = [
            facet.binary, "serve", "--data", facet.data, "--store", facet.store, "--port", "0", "--https-port", "0",
            "--ready-file", ready]
        if record:
            command = [facet.binary.parent / "AuditServer", facet.data, ready, record]
        started = time.perf_counter()
        super().__init__(name, command, facet.data)
        self.wait_until(ready.exists)
        addresses = json.loads(ready.read_text())
        self.http = addresses["http"]
        # Avoids a name lookup for each connection; the load generator does not check certificates.
        self.https = addresses.get("https", "").replace("localhost", "127.0.0.1")
        urllib.request.urlopen(self.http + "/healthz").read()
        self.start_milliseconds = (time.perf_counter() - started) * 1e3

    def stop(self) -> int:
        status = super().stop()
        if status != 0:
            sys.exit(f"{self.name} exited with status {status} instead of 0.")
        return status

    def keys(self) -> bytes:
        """Returns the public keys of its authority, for a peer that verifies the same tokens."""
        with urllib.request.urlopen(f"{self.http}/{TENANT}/discovery/v2.0/keys") as answer:
            return answer.read()


def get(address: str, path: str, token: str) -> tuple[list[tuple[str, str]], bytes]:
    """Returns header fields and body of the response to a GET, from Facet or a peer with the same paths."""
    request = urllib.request.Request(f"{address}/beta{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return answer.getheaders(), answer.read()
