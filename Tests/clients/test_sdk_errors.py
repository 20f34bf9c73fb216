"""The SDK raises each error response as an ODataError with its code and message."""

from __future__ import annotations

from uuid import UUID

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.models.item_phone import ItemPhone
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError

import demo
from graph_client import StaticToken, graph_client, phone

pytestmark = pytest.mark.anyio


async def refused(call, status: int, code: str) -> ODataError:
    """Awaits a call that must be refused and checks everything an error must carry."""
    with pytest.raises(ODataError) as caught:
        await call
    error = caught.value
    assert error.response_status_code == status
    assert error.error.code == code
    assert error.error.message and error.error.message.strip()
    inner = error.error.inner_error
    assert inner is not None, "innerError is missing or misspelt"
    UUID(inner.request_id)
    assert inner.client_request_id
    assert inner.date is not None
    assert error.response_headers["request-id"] == inner.request_id
    assert error.response_headers["client-request-id"] == inner.client_request_id
    return error


async def test_400_for_a_property_that_does_not_exist(graph):
    change = ItemPhone()
    change.additional_data = {"colour": "red"}
    error = await refused(phone(graph.me(), demo.PHONE).patch(change), 400, "RequestBodyRead")
    assert "colour" in error.error.message


async def test_400_for_an_unknown_member_of_an_enumeration(graph):
    change = ItemPhone()
    change.additional_data = {"type": "carrierPigeon"}
    error = await refused(phone(graph.me(), demo.PHONE).patch(change), 400, "UnknownError")
    assert "type" in error.error.message


async def test_401_for_a_token_that_is_none(server):
    graph = graph_client(f"{server.http}/beta", StaticToken("garbage"))
    error = await refused(phone(graph.me(), demo.PHONE).get(), 401, "InvalidAuthenticationToken")
    challenge = error.response_headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm=""')
    assert "authorization_uri=" in challenge
    assert 'client_id="00000003-0000-0000-c000-000000000000"' in challenge


async def test_401_names_the_sdk_setting_that_silently_drops_the_token(server, delegated):
    graph = graph_client(f"{server.http}/beta", StaticToken(delegated), allowed_hosts=["graph.microsoft.com"])
    error = await refused(phone(graph.me(), demo.PHONE).get(), 401, "InvalidAuthenticationToken")
    assert "allowed hosts" in error.error.message


async def test_403_for_a_token_that_may_only_read(server):
    token = server.user_token("User.Read", demo.UPN)
    graph = graph_client(f"{server.http}/beta", StaticToken(token))
    call = phone(graph.me(), demo.PHONE).patch(ItemPhone(number="1"))
    error = await refused(call, 403, "ErrorInsufficientPermissionsInAccessToken")
    assert "User.ReadWrite" in error.error.message
    assert (await phone(graph.me(), demo.PHONE).get()).number == demo.NUMBER


async def test_404_for_a_phone_that_does_not_exist(graph):
    await refused(phone(graph.me(), demo.STRANGER_ID).get(), 404, "UnknownError")
    await refused(phone(graph.me(), demo.STRANGER_ID).patch(ItemPhone(number="1")), 404, "UnknownError")
    await refused(phone(graph.me(), demo.STRANGER_ID).delete(), 404, "UnknownError")


async def test_404_for_a_person_who_does_not_exist(server):
    token = server.user_token("User.ReadWrite.All", demo.UPN)
    graph = graph_client(f"{server.http}/beta", StaticToken(token))
    for stranger in (demo.STRANGER_ID, "nobody@contoso.example"):
        person = graph.users.by_user_id(stranger)
        await refused(phone(person, demo.PHONE).get(), 404, "Request_ResourceNotFound")


async def test_412_for_an_etag_that_is_not_the_current_one(graph):
    read = await phone(graph.me(), demo.PHONE).get()
    stale = RequestConfiguration()
    stale.headers.add("If-Match", read.additional_data["@odata.etag"])
    await phone(graph.me(), demo.PHONE).patch(ItemPhone(number="1"))
    late = phone(graph.me(), demo.PHONE).patch(ItemPhone(number="2"), request_configuration=stale)
    await refused(late, 412, "resourceModified")
    await refused(phone(graph.me(), demo.PHONE).delete(request_configuration=stale), 412, "resourceModified")
    assert (await phone(graph.me(), demo.PHONE).get()).number == "1"


async def test_client_request_id_of_the_caller_comes_back_in_the_error(graph):
    chosen = "0d3b7d4e-93ce-4d1b-8a1c-6c6f8f1f2a01"
    configuration = RequestConfiguration()
    configuration.headers.add("client-request-id", chosen)
    call = phone(graph.me(), demo.STRANGER_ID).get(request_configuration=configuration)
    error = await refused(call, 404, "UnknownError")
    assert error.error.inner_error.client_request_id == chosen
