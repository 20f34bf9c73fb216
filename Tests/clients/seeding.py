"""Lines of the files that `facet import` and `facet serve --seed` read."""

from __future__ import annotations

import json
from pathlib import Path

import demo

FEDERATED_TENANT = "33333333-1111-4111-8111-111111111111"
ADMIRING_TENANT = "44444444-1111-4111-8111-111111111111"
UNRELATED_TENANT = "55555555-1111-4111-8111-111111111111"
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


def identifier(number: int) -> str:
    """The id of a person or group that a test makes up."""
    return f"0f0f0f0f-0000-4000-8000-{number:012x}"


def person(user: str, name: str, tenant: str = demo.TENANT, /, **members: object) -> dict:
    """A person whose principal name is their id, so that none is taken."""
    known = {"id": user, "displayName": name, "userPrincipalName": f"{user}@facet.example"}
    return {"tenant": tenant, "user": {**known, **members}}


def item(user: str, collection: str, /, **members: object) -> dict:
    return {"userId": user, "collection": collection, "item": members}


def group(group_id: str, name: str, tenant: str = demo.TENANT, /, **members: object) -> dict:
    return {"tenant": tenant, "group": {"id": group_id, "displayName": name, **members}}


def member(group_id: str, user: str) -> dict:
    return {"groupId": group_id, "member": user}


def settings(tenant: str, **members: object) -> dict:
    return {"tenant": tenant, "settings": members}


def write(path: Path, lines: list[dict]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
