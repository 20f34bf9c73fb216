"""Servers as separate processes, and the operating system's figures about them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

START_SECONDS, STOP_SECONDS = 60, 30
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Process:
    """A server and the processes that it starts. If it fails to start, its output is shown."""

    def __init__(self, name: str, command: list, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.name, self._log = name, folder / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                env=clean_environment() | (environment or {}))

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Waits until the server is ready; exits if it does not start."""
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                # Not `self.stop()`, which a subclass may override to exit on a bad status before the log is shown.
                Process.stop(self)
                sys.exit(f"{self.name} did not start:\n{self._log.read_text(errors='replace')}")
            time.sleep(0.0005)

    def stop(self) -> int:
        """Stops the server and returns its exit status."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def cpu_seconds(self) -> float:
        """Returns the user and system CPU time of all processes of the server since its start."""
        return ProcessTree(self._process.pid).cpu_seconds()

    def resident_mb(self) -> float:
        """Returns the current resident memory."""
        return self._memory_mb("VmRSS")

    def resident_mb_most(self) -> float:
        """Returns the peak resident memory since the start."""
        return self._memory_mb("VmHWM")

    def disk_reads_mb(self) -> float:
        """Returns the amount of data read from the disk since the start, because the system had not cached it."""
        for line in Path(f"/proc/{self._process.pid}/io").read_text().splitlines():
            if line.startswith("read_bytes"):
                return int(line.split()[1]) / 1e6
        return 0

    def _memory_mb(self, name: str) -> float:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
        return 0


class ProcessTree:
    """A process that runs and its descendants."""

    def __init__(self, root: int) -> None:
        self._root = root

    def cpu_seconds(self) -> float:
        """Returns the user and system CPU time of all of them since they started, and of those that have ended."""
        ticks = 0
        for process in self._family():
            # User and system time of the process, and of its children that have ended.
            ticks += sum(map(int, (_status_fields(process) or [])[11:15]))
        return ticks / TICKS_PER_SECOND

    def _family(self) -> set[int]:
        """Returns the process and its descendants."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (fields := _status_fields(int(entry))):
                parents[int(entry)] = int(fields[1])
        family = {self._root}
        while more := {child for child, parent in parents.items() if parent in family} - family:
            family |= more
        return family


def _status_fields(process: int) -> list[str] | None:
    """Returns the fields of /proc/PID/stat after the name, or None if the process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def clean_environment() -> dict[str, str]:
    """Returns the caller's environment without Facet's variables, which would affect the measurement."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FACET_")}


def free_port() -> int:
    """Returns a port that is currently free, for servers that cannot choose one themselves."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
