"""Managers and those who report to them, through the official SDK and over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.reference_update import ReferenceUpdate
from msgraph_beta.generated.users.item.user_item_request_builder import UserItemRequestBuilder

import demo
from graph_client import StaticToken, graph_client
from http_calls import listed, refused, url
from running_server import RunningServer
from seeding import FEDERATED_TENANT, identifier, person, write

ANNA, BELA, CLEO, DORA, FOREIGNER = (identifier(place) for place in range(1, 6))
ADMINISTRATOR = ("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All")


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    """Four people of one tenant, whose managers come with the import, and one of another."""
    place = tmp_path_factory.mktemp("managers")
    running = RunningServer(place, "--seed", str(write(place / "seed.ndjson", [
        person(ANNA, "Anna", jobTitle="Engineer"), person(BELA, "Bela"), person(CLEO, "Cleo"), person(DORA, "Dora"),
        person(FOREIGNER, "Foreigner", FEDERATED_TENANT),
        {"userId": ANNA, "manager": BELA}, {"userId": BELA, "manager": CLEO},
    ])))
    yield running
    running.stop()


@pytest.fixture
def administrator(directory) -> Iterator[httpx.Client]:
    with directory.caller(*ADMINISTRATOR) as client:
        yield client


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["beta", "v1.0"])
async def test_the_sdk_sets_reads_and_removes_a_manager(directory, version):
    graph = graph_client(f"{directory.http}/{version}", StaticToken(directory.token(*ADMINISTRATOR)))
    user = graph.users.by_user_id(DORA)
    await user.manager.ref.put(ReferenceUpdate(odata_id=f"https://graph.microsoft.com/v1.0/users/{CLEO}"))
    manager = await user.manager.get()
    assert (manager.id, manager.odata_type, manager.display_name) == (CLEO, "#microsoft.graph.user", "Cleo")
    reports = await graph.users.by_user_id(CLEO).direct_reports.get()
    assert {report.id for report in reports.value} == {BELA, DORA}
    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(expand=["manager($levels=max;$select=id)"])
    anna = await graph.users.by_user_id(ANNA).get(RequestConfiguration(query_parameters=query))
    assert (anna.manager.id, anna.manager.manager.id) == (BELA, CLEO)
    await user.manager.ref.delete()
    with pytest.raises(ODataError) as missing:
        await user.manager.get()
    assert missing.value.response_status_code == 404


def test_people_below_are_counted_and_listed_page_by_page(administrator):
    assert administrator.get(f"/v1.0/users/{CLEO}/transitiveReports/$count").text == "2"
    assert administrator.get(f"/v1.0/users/{DORA}/transitiveReports/$count").text == "0"
    assert listed(administrator, url(f"/v1.0/users/{CLEO}/directReports", top=1)) == [BELA]


def test_a_person_is_created_with_their_manager(administrator):
    name = "bound@contoso.example"
    made = administrator.post("/v1.0/users", json={
        "accountEnabled": True, "displayName": "Bound", "mailNickname": "bound", "userPrincipalName": name,
        "passwordProfile": {"password": "xWwvJ-1"},
        "manager@odata.bind": f"https://graph.microsoft.com/v1.0/users/{CLEO}"})
    assert made.status_code == 201, made.text
    reference = administrator.get(f"/v1.0/users/{name}/manager/$ref")
    assert reference.json()["@odata.id"].endswith(f"/v1.0/directoryObjects/{CLEO}"), reference.text
    assert administrator.delete(f"/v1.0/users/{made.json()['id']}").status_code == 204


def test_a_list_with_managers_goes_on_from_page_to_page(administrator):
    link = url("/v1.0/users", expand="manager($select=id)", select="id", top=2)
    managers = dict(zip(listed(administrator, link), listed(administrator, link, "manager")))
    found = {user: manager and manager["id"] for user, manager in managers.items()}
    assert found[ANNA] == BELA and found[BELA] == CLEO and found[CLEO] is None


def test_nobody_reports_to_themself_or_to_another_tenant(administrator):
    def put(user: str, manager: str) -> httpx.Response:
        reference = {"@odata.id": f"https://graph.microsoft.com/beta/users/{manager}"}
        return administrator.put(f"/beta/users/{user}/manager/$ref", json=reference)

    refused(put(CLEO, ANNA), 400, "Request_BadRequest")
    refused(put(CLEO, CLEO), 400, "Request_BadRequest")
    refused(put(CLEO, FOREIGNER), 404, "Request_ResourceNotFound")
    refused(put(FOREIGNER, CLEO), 404, "Request_ResourceNotFound")
    refused(administrator.get(f"/beta/users/{CLEO}/manager"), 404, "Request_ResourceNotFound")
