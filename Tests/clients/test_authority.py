"""What libraries made for Entra demand of an authority: PyJWT, fastapi-azure-auth, social-auth-core and azure-identity."""

from __future__ import annotations

import ssl

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Security
from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase
from fastapi_azure_auth.user import User
from jwt.algorithms import RSAAlgorithm
from social_core.backends.azuread_tenant import AzureADV2TenantOAuth2
from social_core.strategy import BaseStrategy

import demo
from graph_client import GRAPH_SCOPE

AUDIENCE = "https://graph.microsoft.com"


@pytest.fixture
def trusting(server):
    """HTTPS that trusts the server's own certificate authority."""
    with httpx.Client(base_url=server.https, verify=ssl.create_default_context(cafile=server.ca), trust_env=False) as client:
        yield client


@pytest.fixture
def discovery(server, trusting) -> dict:
    return trusting.get(f"/{server.tenant}/v2.0/.well-known/openid-configuration").raise_for_status().json()


def issued_token(server, trusting) -> str:
    credentials = server.credentials
    form = {
        "grant_type": "client_credentials", "client_id": credentials["clientId"],
        "client_secret": credentials["clientSecret"], "scope": GRAPH_SCOPE,
    }
    answer = trusting.post(f"/{server.tenant}/oauth2/v2.0/token", data=form)
    return answer.raise_for_status().json()["access_token"]


@pytest.mark.parametrize("source", ["token endpoint", "facet token"])
def test_a_token_is_verified_by_discovery_alone(server, trusting, discovery, source):
    token = issued_token(server, trusting) if source == "token endpoint" else server.user_token("User.Read", demo.UPN)
    keys = jwt.PyJWKClient(discovery["jwks_uri"], ssl_context=ssl.create_default_context(cafile=server.ca))
    claims = jwt.decode(
        token, keys.get_signing_key_from_jwt(token).key, algorithms=["RS256"], audience=AUDIENCE,
        issuer=discovery["issuer"], options={"require": ["exp", "iat", "nbf", "aud", "iss", "sub"]})
    assert claims["tid"] == server.tenant and claims["ver"] == "2.0"
    assert discovery["id_token_signing_alg_values_supported"] == ["RS256"]


def test_every_published_key_is_an_rsa_key_with_its_certificate(trusting, discovery):
    keys = trusting.get(discovery["jwks_uri"]).raise_for_status().json()["keys"]
    assert keys
    for key in keys:
        # Whatever a key is, some libraries read it as an RSA key.
        public = RSAAlgorithm.from_jwk(key)
        assert public.key_size == 2048
        certificate = x509.load_pem_x509_certificate(
            f"-----BEGIN CERTIFICATE-----\n{key['x5c'][0]}\n-----END CERTIFICATE-----\n".encode())
        encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert certificate.public_key().public_bytes(*encoding) == public.public_bytes(*encoding)
        assert key["kid"] == key["x5t"] and key["use"] == "sig"
        assert key["issuer"] == discovery["issuer"]
        assert key["cloud_instance_name"] == discovery["cloud_instance_name"]


@pytest.mark.anyio
async def test_fastapi_azure_auth_takes_a_token_of_a_person(server):
    scheme = AzureAuthorizationCodeBearerBase(
        app_client_id=AUDIENCE, tenant_id=server.tenant, allow_guest_users=True,
        openapi_authorization_url=server.https, openapi_token_url=server.https,
        openid_config_url=f"{server.https}/{server.tenant}/v2.0/.well-known/openid-configuration",
        http_client_config={"verify": ssl.create_default_context(cafile=server.ca)})
    application = FastAPI()

    @application.get("/who")
    async def who(user: User = Security(scheme)):
        return {"person": user.oid, "tenant": user.tid}

    await scheme.openid_config.load_config()
    token = server.user_token("User.Read", demo.UPN)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://application") as client:
        answer = await client.get("/who", headers={"Authorization": f"Bearer {token}"})
        assert answer.json() == {"person": demo.USER, "tenant": server.tenant}
        assert (await client.get("/who", headers={"Authorization": f"Bearer {token[:-8]}AAAAAAAA"})).status_code == 401


def test_social_auth_core_takes_a_token_of_a_person(server, monkeypatch):
    settings = {
        "SOCIAL_AUTH_TENANT_ID": server.tenant, "SOCIAL_AUTH_KEY": AUDIENCE,
        "SOCIAL_AUTH_AUTHORITY_URL": f"{server.https}/{server.tenant}",
    }

    class Strategy(BaseStrategy):
        """What the library needs of a web framework."""

        def get_setting(self, name):
            return settings[name]

        def request_data(self, merge=True):
            return {}

        def build_absolute_uri(self, path=None):
            return f"https://application.example{path or ''}"

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.ca)
    backend = AzureADV2TenantOAuth2(Strategy(), redirect_uri="")
    claims = backend.validate_and_return_id_token(server.user_token("User.Read", demo.UPN))
    assert claims["oid"] == demo.USER and claims["tid"] == server.tenant


@pytest.fixture
def machine(server, monkeypatch):
    """A machine whose metadata service is the server: one variable says where it is."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.http)
    return server


@pytest.mark.parametrize("how", [{}, {"client_id": "id"}, {"identity_config": {"object_id": "id"}}])
def test_the_identity_of_a_machine_gets_tokens(machine, how):
    known = machine.credentials["clientId"]
    given = {"client_id": known} if "client_id" in how else {"identity_config": {"object_id": known}} if how else {}
    with ManagedIdentityCredential(**given) as credential:
        token = credential.get_token(GRAPH_SCOPE).token
    answer = httpx.get(f"{machine.http}/v1.0/groups", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert answer.status_code == 200


@pytest.mark.parametrize("given", [
    {"client_id": demo.STRANGER_ID}, {"identity_config": {"object_id": demo.STRANGER_ID}},
    {"identity_config": {"resource_id": "/subscriptions/x"}},
])
def test_an_unknown_identity_gets_no_token(machine, given):
    with ManagedIdentityCredential(**given) as credential, pytest.raises(
            (CredentialUnavailableError, ClientAuthenticationError, HttpResponseError)):
        credential.get_token(GRAPH_SCOPE)
