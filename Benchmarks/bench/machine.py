"""Describes what the figures depend on: the machine, without its name, and the versions of all programs."""

import json
import os
import platform
import re
import subprocess
import tempfile
import time
from pathlib import Path

from .peers import VIRTUAL_ENVIRONMENT, program
from .report import Table, median, number

FLUSHES = 200
PYTHON_PACKAGES = ("fastapi", "pydantic", "SQLAlchemy", "uvicorn", "uvloop", "httptools", "PyJWT")


def machine_table(folder: Path) -> Table:
    """Describes the machine, and the disk that contains the folder."""
    rows = [
        ("Processor", _first(r"model name\s*: (.*)", "/proc/cpuinfo")),
        ("Cores, shared by servers and load", str(os.cpu_count())),
        ("Memory", f"{int(_first(r'MemTotal: +([0-9]+)', '/proc/meminfo')) / (1 << 20):.0f} GiB"),
        ("System", f"{_first(r'PRETTY_NAME=.(.*).$', '/etc/os-release')}, Linux {platform.release().split('-')[0]}"),
        ("Disk", _disk(folder)),
        ("4 KiB written and flushed", f"{number(_flush_microseconds(folder))} us, median of {FLUSHES}"),
    ]
    return Table("Machine", "", ("What", "Which"), rows, has_words=True)


def versions_table(facet: Path, root: Path) -> Table:
    """Lists the versions of Facet and its peers."""
    packages = _python_packages()
    rows = [
        ("Facet", f"{_output([facet, '--version'])}, {_origin(facet, root)}"),
        ("Swift", _match(r"Swift version (\S+)", _output(["swift", "--version"]))),
        ("SwiftNIO", _swift_nio(root)),
        ("nginx", _match(r"nginx/(\S+)", _output([program("nginx"), "-v"]))),
        ("OpenLDAP", _match(r"slapd ([0-9.]+)", _output([program("slapd"), "-VV"]))),
        ("389 Directory Server", _match(r"389-Directory/([0-9.]+)", _output([program("ns-slapd"), "-v"]))),
        ("Python", _output([VIRTUAL_ENVIRONMENT / "bin/python", "--version"]).split()[-1]),
        *((name, packages.get(name.lower(), "unknown")) for name in PYTHON_PACKAGES),
        ("SQLite of Facet", _output(["dpkg-query", "--show", "--showformat=${Version}", "libsqlite3-0"])),
        ("SQLite of Python", _output([
            VIRTUAL_ENVIRONMENT / "bin/python", "-c", "import sqlite3; print(sqlite3.sqlite_version)"])),
        ("wrk", _match(r"wrk (?:debian/)?(\S+)", _output(["wrk", "-v"]))),
    ]
    return Table("Versions", "", ("What", "Version"), rows, has_words=True)


def remembered_tokens(root: Path) -> int:
    """Reads from the source the maximum number of verified tokens that an event loop caches."""
    return _constant("rememberedTokensMax", root / "Sources/Authentication/Limits.swift")


def page_cache_mib(root: Path) -> int:
    """Reads from the source the maximum size of an event loop's cache of database pages."""
    return _constant("readCacheKiB", root / "Sources/Stores/Limits.swift") // 1024


def _constant(name: str, file: Path) -> int:
    return int(_first(rf"let {name} = ([0-9_]+)", file))


def _disk(folder: Path) -> str:
    """Returns the file system and kind of disk of the mount that contains the folder."""
    mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [mount for mount in mounts if folder.is_relative_to(mount[1])]
    device, _, kind = max(above, key=lambda mount: len(mount[1]))
    name = Path(device).name
    return f"{kind} on a virtual disk" if re.fullmatch(r"[vx]v?d[a-z]+\d*", name) else f"{kind} on {name}"


def _flush_microseconds(folder: Path) -> float:
    """Measures the minimum cost of a durable write: appending a page to a file, and `fdatasync`."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FLUSHES):
            started = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1e6)
    return median(times)


def _origin(facet: Path, root: Path) -> str:
    """Returns the commit of a binary built here; the commit of any other is unknown."""
    if facet != (root / ".build/release/facet").resolve():
        return "a binary from elsewhere"
    return _output(["git", "-C", root, "describe", "--always", "--dirty"])


def _python_packages() -> dict[str, str]:
    listed = _output([VIRTUAL_ENVIRONMENT / "bin/pip", "list", "--format=json", "--disable-pip-version-check"])
    return {package["name"].lower(): package["version"] for package in json.loads(listed)}


def _swift_nio(root: Path) -> str:
    pins = json.loads((root / "Package.resolved").read_text())["pins"]
    return next(pin["state"]["version"] for pin in pins if pin["identity"] == "swift-nio")


def _first(pattern: str, file: str | Path) -> str:
    return _match(pattern, Path(file).read_text())


def _match(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else "unknown"


def _output(command: list) -> str:
    """Returns a program's standard output, or else its standard error; some print versions there, and then fail."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return (done.stdout.strip() or done.stderr.strip()) or "unknown"
