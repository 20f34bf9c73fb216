"""The calls that products make against Graph for people, as their public sources show them, each with its own permissions.

The calls are those of `../shared/graph/consumers.json`, which is read beside the checkout and never copied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import demo
from furnished import GROUP_NAME, Furnished, furnish
from running_server import ROOT

FILE = ROOT.parent / "shared" / "graph" / "consumers.json"
# Comes with the endpoints of sign-in.
LATER = "comes with sign-in"
RESOURCES = ("users", "me", "groups")


def calls() -> list[dict]:
    """The calls to make now. Without the file nothing is shown, so the tests fail."""
    assert Path(FILE).is_file(), f"Put ../shared beside the checkout: {FILE.name} is not there."
    return [call for call in json.loads(FILE.read_text())["calls"] if call["expected"] != LATER]


def title(call: dict) -> str:
    return f"{call['product']}: {call['method']} {call['path'].split('?')[0]}"


each_call = pytest.mark.parametrize("call", calls(), ids=title)


@pytest.fixture(scope="module")
def directory(strict_process) -> Furnished:
    return furnish(strict_process)


@pytest.fixture
def ask(directory) -> Iterator[Callable[[dict], httpx.Response]]:
    """Makes a call of the file, with the permissions that the product is given there and no others."""

    def made(call: dict) -> httpx.Response:
        [(kind, permissions)] = call["permissions"].items()
        arguments = {
            "delegated": ("--user", demo.UPN, "--scopes", permissions),
            "application": ("--app", demo.APPLICATION, "--roles", permissions),
        }[kind]
        body = None if call["body"] is None else json.loads(directory.filled(json.dumps(call["body"])))
        with directory.server.caller(*arguments) as client:
            return client.request(call["method"], directory.filled(call["path"]), json=body, headers=call["headers"])

    yield made


@each_call
def test_a_call_is_answered_as_the_product_expects(ask, call):
    answer = ask(call)
    if call["expected"] == "2xx":
        assert answer.is_success, answer.text
        return
    error = answer.json()["error"]
    if call["expected"] == "501 naming the resource":
        _, _, root, *rest = call["path"].split("?")[0].removesuffix("/{user}").split("/")
        # Below a root that is not offered as a whole, the root is what is named.
        names = [rest[-1]] if root in RESOURCES else [root, *rest]
        assert (answer.status_code, error["code"]) == (501, "notImplemented"), answer.text
        assert any(re.search(rf"\b{name}\b", error["message"]) for name in names), error
    else:
        assert call["expected"] == "404 with the hint to /beta"
        assert (answer.status_code, error["code"]) == (404, "Request_ResourceNotFound"), answer.text
        assert "/beta" in error["message"]


def test_the_file_has_what_this_test_knows():
    """A new kind of expectation, or a file that was cut, is noticed."""
    assert {call["expected"] for call in calls()} == {"2xx", "501 naming the resource", "404 with the hint to /beta"}
    assert len(calls()) >= 48


# What the products read


def call(product: str, path: str) -> dict:
    """The call of a product whose path begins so."""
    [found] = [one for one in calls() if one["product"] == product and one["path"].startswith(path)]
    return found


@pytest.mark.parametrize("product", ["Grafana", "Vault jwt", "Argo CD", "guard (AKS)", "az ad user get-member-groups"])
def test_memberships_are_answered_as_ids(ask, directory, product):
    assert ask(call(product, "/v1.0/")).json()["value"] == [directory.group]


def test_groups_state_type_id_and_name(ask, directory):
    for product, path in (
            ("Dex", "/v1.0/directoryObjects/getByIds"),
            ("authentik (User.Read+GroupMember.Read.All)", "/v1.0/me/memberOf"), ("Rancher", "/v1.0/users/{user}/memberOf")):
        [found] = ask(call(product, path)).json()["value"]
        assert (found["@odata.type"], found["id"], found["displayName"]) == (
            "#microsoft.graph.group", directory.group, GROUP_NAME), product
    [found] = ask(call("oauth2-proxy", "/v1.0/me/transitiveMemberOf")).json()["value"]
    assert found["id"] == directory.group


def test_the_person_has_what_sign_in_reads(ask):
    dex = ask(call("Dex", "/v1.0/me?")).json()
    assert (dex["id"], dex["displayName"], dex["userPrincipalName"]) == (demo.USER, demo.USER_NAME, demo.UPN)
    assert "mailNickname" in dex and "onPremisesSamAccountName" in dex
    for product in ("authentik", "Keycloak", "Gitea (goth)"):
        me = ask(call(product, "/v1.0/me")).json()
        assert (me["id"], me["mail"], me["givenName"], me["surname"]) == (demo.USER, demo.UPN, "Innocenty", "Popov"), product
    powershell = ask(call("Get-MgUser -Property", "/v1.0/users/{user}")).json()
    assert (powershell["accountEnabled"], powershell["userType"]) == (True, "Member")


def test_people_are_found_by_what_products_filter_for(ask):
    for product, path in (
            ("Backstage", "/v1.0/users?$filter"), ("Rancher", "/v1.0/users?$filter"), ("Jenkins picker", "/v1.0/users"),
            ("az ad user list --upn", "/v1.0/users"), ("Get-MgUser", "/v1.0/users"), ("Teleport", "/v1.0/users"),
            ("Backstage", "/v1.0/groups/{group}/members?"), ("Backstage (group users)", "/v1.0/groups"),
            ("GroupMember.Read.All app: members", "/v1.0/groups")):
        found = ask(call(product, path)).json()["value"]
        assert demo.USER in [one["id"] for one in found], product


def test_the_directory_around_a_person_is_there(ask, directory):
    [user] = [one for one in ask(call("Backstage", "/v1.0/users?$expand")).json()["value"] if one["id"] == demo.USER]
    assert user["manager"]["id"] == directory.manager
    assert ask(call("Terraform azuread", "/v1.0/users/{user}/manager")).json()["id"] == directory.manager
    assert ask(call("Terraform azuread", "/v1.0/groups/{group}/members")).json()["id"] == demo.USER
    assert [one["id"] for one in ask(call("az ad group owner list", "/v1.0/groups")).json()["value"]] == [directory.manager]
    assert ask(call("az ad group member check", "/v1.0/directoryObjects")).json()["value"] == [directory.group]
    assert ask(call("Outline", "/v1.0/me/photo")).headers["content-type"].startswith("image/")
    [organisation] = ask(call("Outline", "/v1.0/organization")).json()["value"]
    assert organisation["id"] == directory.server.tenant and organisation["verifiedDomains"]


def test_a_picker_is_offered_people(ask, directory):
    found = ask(call("Jenkins picker", "/v1.0/me/people")).json()["value"]
    assert demo.USER not in [one["id"] for one in found]
    assert all(one["displayName"] and one["personType"]["class"] == "Person" for one in found) and found
    assert ask(call("profile card", "/beta/admin/people")).json()["value"] == []
