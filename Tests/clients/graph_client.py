"""The official SDK, pointed at a server. Nothing in it is replaced or patched."""

from __future__ import annotations

from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_beta import GraphRequestAdapter, GraphServiceClient

GRAPH_SCOPE = "https://graph.microsoft.com/.default"


class StaticToken:
    """The credential for a token that one already has."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(self.token, 1 << 33)


def graph_client(base_url: str, credential, scopes=(GRAPH_SCOPE,), allowed_hosts=()) -> GraphServiceClient:
    """A client whose only difference to one for the real service is its base URL."""
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=list(scopes), allowed_hosts=list(allowed_hosts))
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = base_url
    return GraphServiceClient(request_adapter=adapter)


def phone(person, item_id: str):
    """The request builder of one phone of a person."""
    return person.profile.phones.by_item_phone_id(item_id)
