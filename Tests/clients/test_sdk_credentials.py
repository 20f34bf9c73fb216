"""The credentials of azure-identity, unmodified, against the built-in authority."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential
from msgraph_beta.generated.models.item_phone import ItemPhone
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError

import demo
from graph_client import GRAPH_SCOPE, graph_client, phone

pytestmark = pytest.mark.anyio


@pytest.fixture
def managed_identity(server, monkeypatch):
    """Two variables are all it needs: plain HTTP is allowed here."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", server.credentials["identityEndpoint"])
    monkeypatch.setenv("IDENTITY_HEADER", server.credentials["identityHeader"])
    for name in ("IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET"):
        monkeypatch.delenv(name, raising=False)
    assert server.credentials["identityEndpoint"].startswith("http://")
    with ManagedIdentityCredential() as credential:
        yield credential


def secret_credential(server, secret: str) -> ClientSecretCredential:
    assert server.https.startswith("https://")
    return ClientSecretCredential(
        server.tenant, server.credentials["clientId"], secret, authority=server.https,
        disable_instance_discovery=True, connection_verify=server.ca)


@pytest.fixture
def client_secret(server):
    """HTTPS with the server's own certificate authority, as the ready file names it."""
    with secret_credential(server, server.credentials["clientSecret"]) as credential:
        yield credential


@pytest.fixture(params=["managed_identity", "client_secret"])
def credential(request):
    return request.getfixturevalue(request.param)


async def test_it_reads_and_writes_the_phone_of_a_person(server, credential):
    graph = graph_client(f"{server.http}/beta", credential)
    builder = phone(graph.users.by_user_id(demo.UPN), demo.PHONE)
    assert (await builder.get()).number == demo.NUMBER
    after = await builder.patch(ItemPhone(number="+7 499 000 00 03"))
    assert after.number == "+7 499 000 00 03"
    assert after.last_modified_by.application.id
    assert after.last_modified_by.user is None


async def test_me_is_refused_for_an_application(server, credential):
    graph = graph_client(f"{server.http}/beta", credential)
    with pytest.raises(ODataError) as caught:
        await phone(graph.me(), demo.PHONE).get()
    assert caught.value.response_status_code == 400
    assert caught.value.error.code == "BadRequest"
    assert "/me" in caught.value.error.message
    assert caught.value.error.inner_error.request_id


async def test_it_works_with_the_scope_that_the_sdk_derives_from_the_address(server, credential):
    graph = graph_client(f"{server.http}/beta", credential, scopes=())
    assert (await phone(graph.users.by_user_id(demo.UPN), demo.PHONE).get()).number == demo.NUMBER


def test_a_wrong_secret_is_refused(server):
    with secret_credential(server, "wrong") as credential, pytest.raises(ClientAuthenticationError) as caught:
        credential.get_token(GRAPH_SCOPE)
    assert "secret" in str(caught.value).lower()


def test_a_wrong_identity_header_is_refused(managed_identity, monkeypatch):
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with ManagedIdentityCredential() as credential, pytest.raises(ClientAuthenticationError):
        credential.get_token(GRAPH_SCOPE)
