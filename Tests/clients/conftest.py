"""Fixtures: two servers for the whole run, put back to the demo data before each test that uses them."""

from __future__ import annotations

import os

import httpx
import pytest

import demo
from graph_client import StaticToken, graph_client
from running_server import RunningServer

# A proxy of the surroundings must not see calls to this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def strict_process(tmp_path_factory):
    running = RunningServer(tmp_path_factory.mktemp("strict"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def lenient_process(tmp_path_factory):
    running = RunningServer(tmp_path_factory.mktemp("lenient"), "--lenient-names")
    yield running
    running.stop()


@pytest.fixture
def server(strict_process) -> RunningServer:
    strict_process.reset()
    return strict_process


@pytest.fixture
def lenient_server(lenient_process) -> RunningServer:
    lenient_process.reset()
    return lenient_process


@pytest.fixture
def delegated(server) -> str:
    """A token of Innocenty that may write."""
    return server.user_token("User.ReadWrite", demo.UPN)


@pytest.fixture
def application(server) -> str:
    """A token of an application that may write everything of its tenant."""
    return server.application_token("User.ReadWrite.All", demo.APPLICATION)


@pytest.fixture
def graph(server, delegated):
    """The SDK as Innocenty."""
    return graph_client(f"{server.http}/beta", StaticToken(delegated))


@pytest.fixture
def raw(server, delegated):
    """Plain HTTP as Innocenty, looking like curl."""
    headers = {"Authorization": f"Bearer {delegated}", "User-Agent": "curl/8.5.0"}
    with httpx.Client(base_url=server.http, headers=headers, trust_env=False, verify=False) as client:
        yield client


def pytest_sessionfinish(session, exitstatus):
    """A skipped test is a test that did not run: the run fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
