"""HTTP details that clients without an SDK rely on."""

from __future__ import annotations

import gzip
import json
import ssl

import httpx
import pytest

import demo

PHONE = f"/beta/me/profile/phones/{demo.PHONE}"
JSON = {"Content-Type": "application/json"}
KIOTA = "python-httpx/0.28.1 kiota-python/1.16.0"


def test_curl_reads_the_source_as_the_page_shows_it(raw):
    answer = raw.get(PHONE)
    assert answer.json()["source"] == {"type": "User"}
    assert "user-agent" in answer.headers["Vary"].lower()


@pytest.mark.parametrize("agent", [KIOTA, "Mozilla/5.0 (Windows NT) PowerShell/7.4.1", "HashiCorp Terraform/1.9"])
def test_clients_that_can_only_read_a_collection_get_one(raw, agent):
    answer = raw.get(PHONE, headers={"User-Agent": agent})
    assert answer.json()["source"] == {"type": ["User"]}


def test_sdk_version_header_also_asks_for_the_collection(raw):
    answer = raw.get(PHONE, headers={"SdkVersion": "graph-js/3.0.7"})
    assert answer.json()["source"] == {"type": ["User"]}


def test_both_forms_of_the_source_are_accepted(raw):
    for sent in ("AAD", ["AAD"]):
        answer = raw.patch(PHONE, json={"source": {"type": sent}})
        assert answer.status_code == 200, answer.text
        assert answer.json()["source"] == {"type": "AAD"}


@pytest.mark.parametrize("path", [
    f"/beta//me//profile/phones/{demo.PHONE}",
    f"/beta/users/me-token-to-replace/profile/phones/{demo.PHONE}",
    f"/beta/users/{demo.UPN.replace('@', '%40')}/profile/phones/{demo.PHONE}",
    f"/beta/users('{demo.USER}')/profile/phones('{demo.PHONE}')",
    f"/BETA/Users/{demo.USER}/Profile/PHONES/{demo.PHONE}",
])
def test_every_spelling_of_the_path_finds_the_phone(raw, path):
    assert raw.get(path).json()["number"] == demo.NUMBER


def test_ids_are_case_sensitive(raw):
    assert raw.get(f"/beta/me/profile/phones/{demo.PHONE.upper()}").status_code == 404


def test_the_list_has_members_in_order(raw):
    answer = raw.get("/beta/me/profile/phones")
    found = json.loads(answer.text, object_pairs_hook=list)
    assert [name for name, _ in found] == ["@odata.context", "value"]
    assert dict(found)["@odata.context"].endswith(f"$metadata#users('{demo.USER}')/profile/phones")


def test_create_answers_201_with_its_location(raw):
    answer = raw.post("/beta/me/profile/phones", json={"number": "+1 425 555 0100", "displayName": "Desk"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["type"] is None and made["allowedAudiences"] == "organization"
    found = raw.get(answer.headers["Location"])
    assert found.json()["id"] == made["id"]


def test_delete_answers_204_without_content(raw):
    answer = raw.delete(PHONE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert raw.get(PHONE).status_code == 404


def test_return_minimal_answers_204(raw):
    answer = raw.patch(PHONE, json={"number": "1"}, headers={"Prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Preference-Applied"] == "return=minimal"
    assert raw.get(PHONE).json()["number"] == "1"


def test_if_match_matches_only_the_current_etag(raw):
    etag = raw.get(PHONE).headers["ETag"]
    assert raw.patch(PHONE, json={"number": "1"}, headers={"If-Match": etag}).status_code == 200
    late = raw.patch(PHONE, json={"number": "2"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert late.json()["error"]["code"] == "resourceModified"
    assert raw.get(PHONE).json()["number"] == "1"


def test_a_malformed_etag_is_refused(raw):
    answer = raw.patch(PHONE, json={"number": "1"}, headers={"If-Match": "not quoted"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "malformedEntityTag"


def test_gzip_bodies_are_inflated(raw):
    body = gzip.compress(b'{"number":"+7 499 000 00 04"}')
    answer = raw.patch(PHONE, content=body, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["number"] == "+7 499 000 00 04"


def test_another_encoding_is_415_so_that_clients_send_plain_bytes(raw):
    answer = raw.patch(PHONE, content=b"xyz", headers={**JSON, "Content-Encoding": "br"})
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupportedMediaType"


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}], ids=["none", "text"])
def test_a_write_must_say_that_it_is_json(raw, headers):
    answer = raw.patch(PHONE, content=b'{"number":"1"}', headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"


def test_a_time_without_an_offset_is_refused(raw):
    answer = raw.patch(PHONE, json={"createdDateTime": "2024-01-02T03:04:05"})
    assert answer.status_code == 400
    assert "createdDateTime" in answer.json()["error"]["message"]


def test_v1_has_no_profile_and_says_where_it_is(raw):
    answer = raw.get("/v1.0/me/profile")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "Request_ResourceNotFound"
    assert "/beta" in answer.json()["error"]["message"]


def test_an_unknown_segment_is_400(raw):
    answer = raw.get("/beta/me/profile/telegrams")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert "telegrams" in answer.json()["error"]["message"]


def test_an_unsupported_method_is_405(raw):
    answer = raw.put(PHONE, json={"number": "1"})
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "Request_BadRequest"


def test_every_response_has_request_ids(raw):
    plain = raw.get(PHONE)
    assert plain.headers["client-request-id"] == plain.headers["request-id"]
    named = raw.get(PHONE, headers={"client-request-id": "my-own-id"})
    assert named.headers["client-request-id"] == "my-own-id"
    assert named.headers["request-id"] != plain.headers["request-id"]


def test_preflights_are_answered(server):
    wanted = "authorization,content-type,client-request-id,sdkversion,consistencylevel,prefer,if-match"
    headers = {
        "Origin": "https://app.example", "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": wanted,
    }
    answer = httpx.options(f"{server.http}{PHONE}", headers=headers, trust_env=False)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert set(wanted.split(",")) <= set(allowed)
    methods = answer.headers["Access-Control-Allow-Methods"].replace(" ", "").split(",")
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(methods)


def test_exposed_headers_are_named(raw):
    answer = raw.get(PHONE, headers={"Origin": "https://app.example"})
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    exposed = answer.headers["Access-Control-Expose-Headers"].lower().replace(" ", "").split(",")
    assert {"request-id", "client-request-id", "etag", "location", "retry-after", "www-authenticate"} <= set(exposed)


def test_https_serves_the_same_with_the_ca_of_the_ready_file(server, delegated):
    context = ssl.create_default_context(cafile=server.ca)
    headers = {"Authorization": f"Bearer {delegated}"}
    answer = httpx.get(f"{server.https}{PHONE}", headers=headers, verify=context, trust_env=False)
    assert answer.json()["number"] == demo.NUMBER
    assert answer.json()["@odata.context"].startswith(server.https)


def test_reset_restores_the_demo_data(server, raw):
    assert raw.delete(PHONE).status_code == 204
    server.reset()
    assert raw.get(PHONE).json()["number"] == demo.NUMBER


def test_health_and_metrics_answer_without_a_token(server):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert httpx.get(f"{server.http}{path}", trust_env=False).status_code == 200, path
