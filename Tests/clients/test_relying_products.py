"""Dex's Microsoft connector and Grafana's look-up of groups: their own sequences of requests against the running server.

What they send is read from their public sources: paths, bodies, header fields, and the order. Signing in is not part of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

import demo
from furnished import GROUP_NAME, Furnished, furnish

# The most ids of one getByIds request that Dex sends.
DEX_IDS_MAX = 1000
TOKEN = "User.Read Directory.Read.All"


class DexConnector:
    """The requests of Dex's connector `microsoft` behind its sign-in, with a `graphURL` of its own."""

    def __init__(self, graph_url: str, token: str, *, only_security_groups: bool = False, names: bool = True) -> None:
        self._client = httpx.Client(
            base_url=graph_url, headers={"Authorization": f"Bearer {token}", "User-Agent": "Go-http-client/1.1"},
            trust_env=False, verify=False)
        self._only_security_groups = only_security_groups
        self._names = names

    def __enter__(self) -> DexConnector:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def user(self) -> dict:
        answer = self._client.get(
            "/v1.0/me?$select=id,displayName,userPrincipalName,mailNickname,onPremisesSamAccountName")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def groups(self) -> list[str]:
        """Ids or names, as the connector is configured: ids first, and their names in one request for up to 1,000."""
        ids: list[str] = []
        link: str | None = "/v1.0/me/getMemberGroups"
        while link:
            page = self._post(link, {"securityEnabledOnly": self._only_security_groups})
            ids += page["value"]
            link = page.get("@odata.nextLink")
        if not self._names or not ids:
            return ids
        names: list[str] = []
        for start in range(0, len(ids), DEX_IDS_MAX):
            page = self._post(
                "/v1.0/directoryObjects/getByIds", {"ids": ids[start:start + DEX_IDS_MAX], "types": ["group"]})
            names += [group["displayName"] for group in page["value"]]
        return names

    def _post(self, link: str, body: dict) -> dict:
        answer = self._client.post(link, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


def grafana_groups(endpoint: str, token: str) -> list[str]:
    """What Grafana asks when a token has too many groups to name them: the endpoint in `_claim_sources`."""
    answer = httpx.post(
        endpoint, json={"securityEnabledOnly": False}, trust_env=False, verify=False,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


@pytest.fixture(scope="module")
def directory(strict_process) -> Iterator[Furnished]:
    """Beside the security group the person is in a second one, which grants no rights."""
    furnished = furnish(strict_process)
    with strict_process.caller("--app", demo.APPLICATION, "--roles", "Group.ReadWrite.All") as client:
        made = client.post("/v1.0/groups", json={
            "displayName": "Chess", "mailNickname": "chess", "mailEnabled": True, "securityEnabled": False,
            "groupTypes": ["Unified"], "members@odata.bind": [f"{strict_process.http}/v1.0/users/{demo.USER}"]})
        assert made.status_code == 201, made.text
    yield furnished


@pytest.fixture(scope="module")
def token(directory) -> str:
    return directory.server.user_token(TOKEN, demo.UPN)


def test_dex_reads_who_signed_in(directory, token):
    with DexConnector(directory.server.http, token) as dex:
        user = dex.user()
    assert (user["id"], user["displayName"], user["userPrincipalName"]) == (demo.USER, demo.USER_NAME, demo.UPN)
    assert {"mailNickname", "onPremisesSamAccountName"} <= user.keys()


def test_dex_reads_groups_by_name_and_by_id(directory, token):
    with DexConnector(directory.server.http, token) as dex:
        assert sorted(dex.groups()) == ["Chess", GROUP_NAME]
    with DexConnector(directory.server.http, token, names=False) as dex:
        ids = dex.groups()
        assert directory.group in ids and len(ids) == 2


def test_dex_leaves_out_groups_that_grant_no_rights(directory, token):
    with DexConnector(directory.server.http, token, only_security_groups=True) as dex:
        assert dex.groups() == [GROUP_NAME]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_grafana_reads_groups_at_the_tenants_address(directory, token, scheme):
    origin = directory.server.http if scheme == "http" else directory.server.https
    tenant = directory.server.tenant
    for path in (f"/v1.0/{tenant}/users/{demo.USER}/getMemberObjects", f"/v1.0/users/{demo.USER}/getMemberObjects"):
        found = grafana_groups(origin + path, token)
        assert directory.group in found and len(found) == 2


def test_grafana_is_refused_at_the_address_of_another_tenant(directory, token):
    other = "99999999-1111-4111-8111-111111111111"
    answer = httpx.post(
        f"{directory.server.http}/v1.0/{other}/users/{demo.USER}/getMemberObjects", json={"securityEnabledOnly": False},
        headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert answer.status_code in (400, 404), answer.text


def test_without_a_permission_on_groups_nothing_is_answered(directory):
    with httpx.Client(
            base_url=directory.server.http, trust_env=False,
            headers={"Authorization": f"Bearer {directory.server.user_token('People.Read', demo.UPN)}"}) as client:
        for path in ("/v1.0/me/getMemberGroups", f"/v1.0/users/{demo.USER}/getMemberObjects"):
            assert client.post(path, json={"securityEnabledOnly": False}).status_code == 403, path
