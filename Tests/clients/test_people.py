"""People as entries of the directory: what products that sign people in ask for, and what the official SDK writes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.password_profile import PasswordProfile
from msgraph_beta.generated.models.user import User

import demo
from graph_client import StaticToken, graph_client
from http_calls import listed, refused, url

AMARA = "2b1d6f0e-8a77-4d0c-b1f4-5c9a3e7d2a61"
LENA = "7e3f9a52-4c1b-4e8d-9b60-d2a8f5c31e97"
PASSWORD = "xWwvJ]6NMw+bWH-d"
USUAL = {"businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
         "preferredLanguage", "surname", "userPrincipalName"}


@pytest.fixture
def application_client(server) -> Iterator[httpx.Client]:
    with server.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All") as client:
        yield client


@pytest.fixture
def colleague(server) -> Iterator[httpx.Client]:
    with server.caller("--user", AMARA, "--scopes", "User.Read User.Read.All") as client:
        yield client


@pytest.fixture
def policy(strict_process):
    """Changes the policy of the demo's tenant for one test."""
    def change(*words: str) -> dict:
        return json.loads(strict_process.run("tenant", "policy", demo.TENANT, *words))

    yield change
    change("withheldProperties=")


@pytest.mark.anyio
async def test_the_sdk_creates_a_user_as_its_samples_do(server, application):
    graph = graph_client(f"{server.http}/v1.0", StaticToken(application))
    made = await graph.users.post(User(
        account_enabled=True, display_name="Adele Vance", mail_nickname="AdeleV",
        user_principal_name="AdeleV@contoso.example",
        password_profile=PasswordProfile(force_change_password_next_sign_in=True, password=PASSWORD)))
    assert made.display_name == "Adele Vance" and made.id
    found = await graph.users.by_user_id(made.id).get()
    assert found.user_principal_name == "AdeleV@contoso.example" and found.password_profile is None
    await graph.users.by_user_id(made.id).patch(User(office_location="18/2111", city="Berlin"))
    beta = await graph_client(f"{server.http}/beta", StaticToken(application)).users.by_user_id(made.id).get()
    assert (beta.city, beta.account_enabled, beta.user_type) == ("Berlin", True, "Member")
    assert beta.created_date_time is not None and beta.mail_nickname == "AdeleV"
    with pytest.raises(ODataError) as refusal:
        await graph.users.by_user_id(made.id).patch(User(skills=["Riding"]))
    assert "/profile/skills" in refusal.value.error.message
    exported = server.run("export")
    assert "AdeleV" in exported and PASSWORD not in exported


def test_both_versions_answer_what_graph_answers(application_client):
    usual = application_client.get(f"/v1.0/users/{LENA}").json()
    assert {name for name in usual if "@" not in name} == USUAL
    everything = application_client.get(f"/beta/users/{LENA}").json()
    assert USUAL | {"accountEnabled", "userType", "createdDateTime", "department"} <= set(everything)


def test_products_find_what_they_read(server, application_client, colleague):
    tenant = f"/v1.0/{demo.TENANT}/users/{LENA}"
    # Terraform, Backstage, Get-MgUser -Property, az ad user list --upn, Outline.
    assert application_client.get(tenant).json()["id"] == LENA
    active = url("/v1.0/users", filter="accountEnabled eq true and userType eq 'member'", top=999)
    assert len(listed(application_client, active)) == 3
    wanted = "id,displayName,accountEnabled,createdDateTime,userType,companyName,employeeId,usageLocation,proxyAddresses"
    found = application_client.get(url(f"/v1.0/users/{LENA}", select=wanted)).json()
    assert all(found[name] not in (None, []) for name in wanted.split(","))
    prefix = url("/v1.0/users", filter="startswith(userPrincipalName,'inn')")
    assert listed(application_client, prefix) == [demo.USER]
    organization = colleague.get("/v1.0/organization").json()["value"]
    assert [one["id"] for one in organization] == [demo.TENANT] and organization[0]["displayName"]
    assert organization[0]["verifiedDomains"][0]["name"] == "contoso.example"
    # Dex.
    claims = "id,displayName,userPrincipalName,mailNickname,onPremisesSamAccountName"
    assert colleague.get(url("/v1.0/me", select=claims)).json()["mailNickname"] == "amara"


@pytest.mark.parametrize("method, address, name", [
    ("GET", "/v1.0/users/delta?$select=accountEnabled", "users/delta"), ("GET", "/v1.0/me/contacts", "contacts"),
    ("GET", f"/v1.0/directory/deletedItems/{LENA}", "deletedItems"), ("POST", "/v1.0/subscriptions", "subscriptions"),
    ("POST", "/v1.0/search/query", "search/query"), ("GET", f"/v1.0/users/{LENA}/licenseDetails", "licenseDetails"),
])
def test_what_is_not_offered_says_so(colleague, method, address, name):
    answer = colleague.request(method, address, json={} if method == "POST" else None)
    assert name in refused(answer, 501, "notImplemented")


def test_another_tenant_is_not_found(colleague):
    for tenant in ("22222222-2222-4222-8222-222222222222", "fabrikam.example"):
        refused(colleague.get(f"/v1.0/{tenant}/me"), 404, "Request_ResourceNotFound")


def test_a_policy_withholds_contact_properties(server, policy, colleague, application_client):
    policy("withheldProperties=mobilePhone,businessPhones")
    number = application_client.get(f"/v1.0/users/{LENA}").json()["mobilePhone"]
    for version in ("beta", "v1.0"):
        seen = colleague.get(f"/{version}/users/{LENA}").json()
        assert seen["mobilePhone"] is None and seen["businessPhones"] == [] and seen["mail"]
        for options in ({"filter": f"mobilePhone eq '{number}'"}, {"search": f'"{number[1:]}"'}):
            assert listed(colleague, url(f"/{version}/users", **options)) == []
            assert listed(application_client, url(f"/{version}/users", **options)) == [LENA]
    assert colleague.get("/v1.0/me").json()["businessPhones"]


def test_the_tokens_of_a_disabled_account_end(server, application_client):
    with server.caller("--user", LENA, "--scopes", "User.ReadWrite") as lena:
        phones = "/beta/me/profile/phones"
        for enabled, status in ((True, 200), (False, 401), (True, 200)):
            written = application_client.patch(f"/v1.0/users/{LENA}", json={"accountEnabled": enabled})
            assert written.status_code == 204, written.text
            assert lena.get(phones).status_code == status
            assert lena.get("/v1.0/me").status_code == status
            assert lena.post(phones, json={"number": "1"}).status_code == (201 if enabled else 401)
