"""azure-cli, unmodified, set up by the lines that `facet serve --demo` prints: `az rest`, `az ad user`, `az ad group`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import demo
from running_server import ROOT, RunningServer, environment

PROGRAM = Path(os.environ.get("AZURE_CLI", ROOT / ".venv-az" / "bin" / "az"))
CALL_SECONDS = 60
NOTHING = "00000000-0000-4000-8000-000000000000"


class AzureCLI:
    """One configuration of azure-cli; the surroundings' own is not looked at."""

    def __init__(self, directory: Path, server: RunningServer, **variables: str) -> None:
        assert PROGRAM.is_file(), f"{PROGRAM} does not exist. Install it with: make .venv-az/installed"
        kept = {name: value for name, value in environment().items() if not name.startswith(("AZURE_", "IDENTITY_"))}
        self._variables = kept | {
            "AZURE_CONFIG_DIR": str(directory), "REQUESTS_CA_BUNDLE": server.ca, "AZURE_CORE_COLLECT_TELEMETRY": "no",
            **variables,
        }
        self("cloud", "register", "--name", "Facet", "--endpoint-resource-manager", server.https)
        self("cloud", "set", "--name", "Facet")
        self("config", "set", "core.instance_discovery=false")

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(PROGRAM), *arguments, "--output", "json"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=self._variables, timeout=CALL_SECONDS, check=False)

    def __call__(self, *arguments: str):
        """Runs a command, which must succeed; returns its JSON output, or None when it has none."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"az {' '.join(arguments[:3])}:\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *arguments: str) -> str:
        """Runs a command, which must be refused; returns its message."""
        done = self.run(*arguments)
        assert done.returncode != 0, f"az {' '.join(arguments[:3])} succeeded:\n{done.stdout}"
        return done.stderr


@pytest.fixture(scope="module")
def client(strict_process, tmp_path_factory) -> AzureCLI:
    """Signed in as the printed application, with its secret."""
    strict_process.reset()
    az = AzureCLI(tmp_path_factory.mktemp("az"), strict_process)
    credentials = strict_process.credentials
    accounts = az(
        "login", "--service-principal", "--username", credentials["clientId"],
        f"--password={credentials['clientSecret']}", "--tenant", strict_process.tenant)
    assert [account["tenantId"] for account in accounts] == [strict_process.tenant]
    assert accounts[0]["user"] == {"name": credentials["clientId"], "type": "servicePrincipal"}
    return az


def test_rest_reads_and_changes_a_profile(strict_process, client):
    phone = f"{strict_process.https}/beta/users/{demo.UPN}/profile/phones/{demo.PHONE}"
    assert client("rest", "--url", phone)["number"] == demo.NUMBER
    changed = client("rest", "--method", "patch", "--url", phone, "--body", '{"type": "other"}')
    assert changed["type"] == "other"
    missing = client.refused("rest", "--url", f"{strict_process.https}/beta/users/{NOTHING}/profile")
    assert "Request_ResourceNotFound" in missing


def test_people_are_listed_found_changed_and_deleted(strict_process, client):
    assert demo.UPN in [person["userPrincipalName"] for person in client("ad", "user", "list")]
    assert [person["id"] for person in client("ad", "user", "list", "--upn", demo.UPN)] == [demo.USER]
    assert client("ad", "user", "show", "--id", demo.UPN)["id"] == demo.USER
    client("ad", "user", "update", "--id", demo.USER, "--display-name", "Innocenty P.")
    found = client("ad", "user", "list", "--display-name", "Innocenty P")
    assert [person["displayName"] for person in found] == ["Innocenty P."]
    # `az ad user create` always sends a password, which users do not have here.
    body = json.dumps({"displayName": "Nia Okoye", "userPrincipalName": "nia@contoso.example"})
    users = f"{strict_process.https}/v1.0/users"
    made = client("rest", "--method", "post", "--url", users, "--body", body)
    client("ad", "user", "delete", "--id", made["id"])
    assert "does not exist" in client.refused("ad", "user", "show", "--id", made["id"]).lower()


def test_groups_are_made_shown_and_deleted(client):
    made = client("ad", "group", "create", "--display-name", "Readers", "--mail-nickname", "readers")
    assert made["securityEnabled"] is True
    assert client("ad", "group", "show", "--group", made["id"])["mailNickname"] == "readers"
    assert [group["id"] for group in client("ad", "group", "list", "--display-name", "Read")] == [made["id"]]
    client("ad", "group", "member", "add", "--group", made["id"], "--member-id", demo.USER)
    members = client("ad", "group", "member", "list", "--group", made["id"])
    assert [member["id"] for member in members] == [demo.USER]
    assert client("ad", "group", "member", "check", "--group", made["id"], "--member-id", demo.USER) == {"value": True}
    groups = client("ad", "user", "get-member-groups", "--id", demo.USER)
    assert [group["id"] for group in groups] == [made["id"]]
    client("ad", "group", "owner", "add", "--group", made["id"], "--owner-object-id", demo.USER)
    owners = client("ad", "group", "owner", "list", "--group", made["id"])
    assert [owner["id"] for owner in owners] == [demo.USER]
    client("ad", "group", "delete", "--group", made["id"])
    assert client("ad", "group", "list") == []


def test_a_managed_identity_signs_in(strict_process, tmp_path):
    """As in App Service: two variables, over plain HTTP."""
    credentials = strict_process.credentials
    az = AzureCLI(
        tmp_path, strict_process, IDENTITY_ENDPOINT=credentials["identityEndpoint"],
        IDENTITY_HEADER=credentials["identityHeader"])
    accounts = az("login", "--identity")
    assert [account["tenantId"] for account in accounts] == [strict_process.tenant]
    assert az("rest", "--url", f"{strict_process.https}/v1.0/users/{demo.UPN}")["id"] == demo.USER
    token = az("account", "get-access-token", "--resource", "https://graph.microsoft.com")
    assert token["tenant"] == strict_process.tenant
    assert "client_id" in az.refused("login", "--identity", "--client-id", NOTHING)
    assert "mi_res_id" in az.refused("login", "--identity", "--resource-id", "/subscriptions/x")


def test_the_identity_of_a_machine_signs_in(strict_process, tmp_path):
    az = AzureCLI(tmp_path, strict_process, AZURE_POD_IDENTITY_AUTHORITY_HOST=strict_process.http)
    accounts = az("login", "--identity", "--client-id", strict_process.credentials["clientId"])
    assert [account["tenantId"] for account in accounts] == [strict_process.tenant]
    assert demo.UPN in [person["userPrincipalName"] for person in az("ad", "user", "list")]
