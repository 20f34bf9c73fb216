"""Starts the real `facet` binary and talks to its command line, as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from functools import lru_cache
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 15


def binary() -> Path:
    """The built server: FACET_TEST_BINARY, or the release build of this checkout."""
    path = Path(os.environ.get("FACET_TEST_BINARY", ROOT / ".build" / "release" / "facet"))
    assert path.is_file(), f"{path} does not exist. Build it with: swift build -c release --product facet"
    return path


def environment() -> dict[str, str]:
    """The environment without settings of the server, which would change the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FACET_")}


def store_settings() -> dict[str, str]:
    """Where the people of a server are: in its directory or, with CLIENT_TESTS_STORE=postgresql, in a new database."""
    if os.environ.get("CLIENT_TESTS_STORE") != "postgresql":
        return {}
    server, name = os.environ["TEST_POSTGRESQL"], f"c{uuid.uuid4().hex}"
    subprocess.run(
        ["psql", "--quiet", f"{server} dbname=postgres", "-c", f"create database {name} template template0"], check=True)
    settings = dict(part.split("=", 1) for part in server.split())
    return {"FACET_STORE": f"postgresql://{settings['user']}@/{name}?host={settings['host']}"}


def facet(*arguments: object, given: str = "", settings: dict[str, str] | None = None) -> str:
    """Runs a command, which must succeed; returns its output."""
    command = [str(binary()), *(str(argument) for argument in arguments)]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment() | (settings or {}), timeout=60,
        check=False)
    assert done.returncode == 0, f"facet {arguments[0]} failed:\n{done.stderr}"
    return done.stdout


class RunningServer:
    """One server process with the demo data in a directory of its own."""

    def __init__(self, directory: Path, *flags: str) -> None:
        self.data = directory / "data"
        self.settings = store_settings()
        self._log_path = directory / "server.log"
        ready_file = directory / "ready.json"
        command = [
            binary(), "serve", "--demo", "--data", self.data, "--host", "127.0.0.1", "--port", "0",
            "--https-port", "0", "--ready-file", ready_file, *flags,
        ]
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment() | self.settings)
        self.ready = self._wait_until_ready(ready_file)
        self.http: str = self.ready["http"]
        self.https: str = self.ready["https"]
        self.ca: str = self.ready["ca"]
        self.tenant: str = self.ready["tenant"]
        self.credentials: dict[str, str] = self.ready["credentials"]
        # Loading certificates takes longer than a reset, and plain HTTP needs none.
        self._operator = httpx.Client(base_url=self.http, trust_env=False, verify=False, timeout=30)

    def _wait_until_ready(self, ready_file: Path) -> dict:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if ready_file.exists():  # It is renamed into place, so it is complete once it is there.
                return json.loads(ready_file.read_text())
            assert self._process.poll() is None, f"The server ended at its start:\n{self.log()}"
            time.sleep(0.01)
        self._process.kill()
        self._process.wait()
        raise AssertionError(f"The server was not ready after {START_SECONDS} seconds:\n{self.log()}")

    def log(self) -> str:
        """What the server has written so far."""
        return self._log_path.read_text(errors="replace")

    def reset(self) -> None:
        """Puts the demo data back."""
        self._operator.post("/_facet/reset").raise_for_status()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Asks the server to stop and checks that it did so in order."""
        self._operator.close()
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"The server did not stop within {STOP_SECONDS} seconds:\n{self.log()}") from None
        assert code == 0, f"The server ended with {code}:\n{self.log()}"

    def run(self, *arguments: object) -> str:
        """Runs a command on the data of this server while it runs; returns its output."""
        return facet(*arguments, "--data", self.data, settings=self.settings)

    @lru_cache
    def token(self, *arguments: str) -> str:
        """A token, as `facet token` prints it for any arguments."""
        return self._token(*arguments)

    def caller(self, *arguments: str) -> httpx.Client:
        """Plain HTTP with a token for these arguments of `facet token`, looking like curl."""
        headers = {"Authorization": f"Bearer {self.token(*arguments)}", "User-Agent": "curl/8.5.0"}
        return httpx.Client(base_url=self.http, headers=headers, trust_env=False, verify=False, timeout=60)

    @lru_cache
    def user_token(self, scopes: str, user: str) -> str:
        """A delegated token, as `facet token` prints it."""
        return self._token("--user", user, "--scopes", scopes)

    @lru_cache
    def application_token(self, roles: str, application: str) -> str:
        """A token of an application on its own, as `facet token` prints it."""
        return self._token("--app", application, "--roles", roles)

    def _token(self, *arguments: str) -> str:
        command = [str(binary()), "token", "--data", str(self.data), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment() | self.settings, timeout=30, check=False)
        assert done.returncode == 0, f"facet token failed:\n{done.stderr}"
        return done.stdout.strip().splitlines()[-1]
