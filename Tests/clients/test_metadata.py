"""The documents that describe the service, judged by validators and parsers that others wrote."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import httpx
import jsonschema_rs
import pytest
from lxml import etree
from odatapy.edm import Edm, FullQualifiedName
from odatapy.edm.json_csdl import JsonCsdlEdmProvider, parse_metadata_json
from odatapy.edm.xml_io import XmlEdmProvider, parse_metadata
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

import demo
from running_server import ROOT, environment

SCHEMAS = ROOT.parent / "shared" / "odata" / "suites" / "odata-csdl-schemas"
NAMESPACE = "microsoft.graph"
VERSIONS = ["beta", "v1.0"]
FUZZ_SECONDS = 480
# All collections share their code, so one is enough under the longer address; so do both versions below people and groups.
FUZZED = r"^(?!/beta/users/\{user-id\}/profile/(?!phones\b)\w)(?!/v1\.0/(me|users/\{user-id\}|groups/\{group-id\})/\w)"


def shared(path: str) -> Path:
    """A file of others, in ../shared beside the checkout. Without it nothing is judged, so the test fails."""
    found = SCHEMAS / path
    assert found.is_file(), f"Put ../shared beside the checkout: {path} of the OASIS schemas is not there."
    return found


@pytest.fixture
def fetch(server):
    """Reads a document without a token."""
    with httpx.Client(base_url=server.http, trust_env=False, verify=False) as client:
        def get(path: str, accept: str = "*/*") -> httpx.Response:
            answer = client.get(path, headers={"Accept": accept})
            assert answer.status_code == 200, answer.text
            return answer

        yield get


def csdl_validator() -> jsonschema_rs.Draft7Validator:
    # The schema's patterns of Unicode classes are larger than the validator's usual bound.
    options = jsonschema_rs.RegexOptions(size_limit=100_000_000)
    schema = json.loads(shared("schemas/csdl.schema.json").read_text())
    return jsonschema_rs.Draft7Validator(schema, pattern_options=options)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_xml_is_valid_against_the_schemas_of_oasis(fetch, version):
    schema = etree.XMLSchema(etree.parse(shared("schemas/edmx.xsd")))
    answer = fetch(f"/{version}/$metadata")
    assert answer.headers["Content-Type"] == "application/xml"
    schema.assertValid(etree.fromstring(answer.content))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_json_is_valid_against_the_schema_of_oasis(fetch, version):
    answer = fetch(f"/{version}/$metadata", "application/json")
    assert answer.headers["Content-Type"] == "application/json"
    assert [str(error) for error in csdl_validator().iter_errors(answer.json())] == []


def test_the_validators_refuse_what_is_wrong(fetch):
    schema = etree.XMLSchema(etree.parse(shared("schemas/edmx.xsd")))
    xml = fetch("/beta/$metadata").text.replace("<EntityType ", '<EntityType Colour="red" ', 1)
    assert not schema.validate(etree.fromstring(xml.encode()))
    document = fetch("/beta/$metadata", "application/json").json()
    document[NAMESPACE]["user"]["$Colour"] = "red"
    assert not csdl_validator().is_valid(document)


@pytest.fixture(params=["xml", "json"])
def edm(request, fetch) -> Edm:
    """The model as an OData client library understands either form of the metadata."""
    if request.param == "xml":
        return Edm(XmlEdmProvider(fetch("/beta/$metadata").content))
    return Edm(JsonCsdlEdmProvider(fetch("/beta/$metadata", "application/json").text))


def test_a_client_library_finds_people_and_what_hangs_off_them(edm):
    user = edm.get_entity_type(FullQualifiedName(NAMESPACE, "user"))
    assert edm.entity_container.get_entity_set("users").entity_type.name == user.name
    assert edm.entity_container.get_singleton("me").entity_type.name == user.name
    assert user.key_predicate_names == ["id"]
    profile = user.get_navigation_property("profile")
    assert profile.contains_target and not profile.is_collection
    phones = profile.type.get_navigation_property("phones")
    assert phones.contains_target and phones.is_collection
    assert phones.type.name == "itemPhone"


def test_a_client_library_reads_properties_bases_and_enumerations(edm):
    phone = edm.get_entity_type(FullQualifiedName(NAMESPACE, "itemPhone"))
    assert phone.base_type.name == "itemFacet" and phone.base_type.is_abstract
    assert {"id", "allowedAudiences", "number", "type"} <= set(phone.property_names)
    assert phone.get_structural_property("number").get_annotation_value("Core.Description")
    assert edm.get_complex_type(FullQualifiedName(NAMESPACE, "identitySet")).is_open_type
    audiences = edm.get_enum_type(FullQualifiedName(NAMESPACE, "allowedAudiences"))
    assert audiences.is_flags
    assert [audiences.member_of_value(value) for value in (0, 1, 32)] == ["me", "family", "everyone"]


def without_annotation_values(node):
    """Constants of annotations are spelled in two ways, and only XML tells a path from a text."""
    if isinstance(node, dict):
        return {name: without_annotation_values(value) for name, value in node.items() if name != "value"}
    return [without_annotation_values(element) for element in node] if isinstance(node, list) else node


@pytest.mark.parametrize("version", VERSIONS)
def test_both_forms_say_the_same(fetch, version):
    xml = parse_metadata(fetch(f"/{version}/$metadata").content)
    js = parse_metadata_json(fetch(f"/{version}/$metadata", "application/json").text)
    said = [[without_annotation_values(dataclasses.asdict(schema)) for schema in form] for form in (xml, js)]
    for form in said:
        for action in (action for schema in form for action in schema.get("actions") or []):
            # Whether a collection of entities may hold null has no meaning, and no form says it (CSDL 4.01 section 12.8).
            if (returned := action["return_type"]) and returned["collection"]:
                returned["nullable"] = None
    assert said[0] == said[1]
    # Enumeration members have a value too.
    assert [schema.enum_types for schema in xml] == [schema.enum_types for schema in js]


def test_v1_shows_people_without_their_profile(fetch):
    edm = Edm(XmlEdmProvider(fetch("/v1.0/$metadata").content))
    user = edm.get_entity_type(FullQualifiedName(NAMESPACE, "user"))
    assert "displayName" in user.property_names
    assert user.get_navigation_property("profile") is None
    assert edm.get_entity_type(FullQualifiedName(NAMESPACE, "itemPhone")) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_service_document_lists_what_is_there(server, fetch, version):
    document = fetch(f"/{version}/").json()
    assert document["@odata.context"] == f"{server.http}/{version}/$metadata"
    expected = {("users", "EntitySet"), ("me", "Singleton"), ("groups", "EntitySet"), ("admin", "Singleton"),
                ("organization", "EntitySet"), ("domains", "EntitySet")}
    assert {(root["name"], root["kind"]) for root in document["value"]} == expected


def test_a_document_that_is_known_is_not_sent_again(server, fetch):
    for path in ("/beta/$metadata", "/openapi.json"):
        etag = fetch(path).headers["ETag"]
        again = httpx.get(f"{server.http}{path}", headers={"If-None-Match": etag}, trust_env=False)
        assert (again.status_code, again.content) == (304, b""), path


def test_the_openapi_document_is_valid(fetch):
    document = fetch("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)
    assert "patch" in document["paths"]["/beta/me/profile/phones/{item-id}"]


def test_the_server_does_what_its_openapi_document_says(server, tmp_path):
    token = server.user_token("User.ReadWrite.All", demo.UPN)
    command = [
        sys.executable, "-B", "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
        f"{server.http}/openapi.json", "--header", f"Authorization: Bearer {token}", "--include-path-regex", FUZZED,
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--phases", "coverage,fuzzing", "--mode", "all", "--generation-deterministic",
        "--max-examples", "8", "--workers", "1", "--no-shrink", "--no-color",
        "--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure",
    ]
    statuses = tmp_path / "statuses.json"
    surroundings = environment() | {
        "SCHEMATHESIS_HOOKS": "fuzz_hooks", "FUZZED_SERVER": server.http, "FUZZ_STATUSES": str(statuses),
        "PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=FUZZ_SECONDS, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6_000:]}\n{done.stderr[-2_000:]}"
    met = json.loads(statuses.read_text())
    assert {"GET 200", "POST 201", "PATCH 200", "PATCH 204", "DELETE 204", "PATCH 400", "GET 404"} <= set(met), met
