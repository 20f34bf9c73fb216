"""What a team would write instead: phones of people with FastAPI, SQLAlchemy and SQLite, in the way of their manuals.

It makes the checks that Facet makes: a signed token, verified once and then remembered; permission and audience; a
body against its type; If-Match. A change and its row in the log are one transaction, which reaches the disk before the
answer.

Settings in the environment: DATABASE, KEYS (a JSON Web Key Set). `python people_api.py FILE` fills the database from a
file of Facet's import.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Lock
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKeyConstraint, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

THREADS = 40  # As many as FastAPI runs requests on.
KEYS = jwt.PyJWKSet.from_json(open(os.environ["KEYS"], encoding="utf-8").read())
# What Facet's own tokens are for.
AUDIENCES = ["https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000"]

engine = create_engine(
    f"sqlite:///{os.environ['DATABASE']}", pool_size=THREADS, connect_args={"timeout": 30, "check_same_thread": False})
sessions = sessionmaker(engine, expire_on_commit=False)
# SQLite has one writer. Waiting here is faster than its own polling; the other workers still poll.
writing = Lock()
app = FastAPI()


@event.listens_for(engine, "connect")
def prepare(connection, _) -> None:
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    display_name: Mapped[str | None]


class Phone(Base):
    __tablename__ = "phones"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column()
    audience: Mapped[str]
    created: Mapped[str]
    created_by: Mapped[str]
    modified: Mapped[str]
    modified_by: Mapped[str]
    source: Mapped[str | None]
    display_name: Mapped[str | None]
    type: Mapped[str | None]
    number: Mapped[str | None]
    __table_args__ = (ForeignKeyConstraint(["user_id"], ["people.id"]),)
    # Counts versions, and refuses an update of any but the newest.
    __mapper_args__ = {"version_id_col": version}


class Change(Base):
    __tablename__ = "changes"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    time: Mapped[str]
    user_id: Mapped[str]
    item_id: Mapped[str]
    actor: Mapped[str]
    properties: Mapped[str]
    version_before: Mapped[int]
    version_after: Mapped[int]


class PhonePatch(BaseModel):
    """The body of an update; what it does not name stays."""

    model_config = ConfigDict(extra="forbid")
    allowedAudiences: str | None = Field(default=None, max_length=100)
    displayName: str | None = Field(default=None, max_length=65536)
    type: str | None = Field(default=None, max_length=100)
    number: str | None = Field(default=None, max_length=65536)


class PhoneAnswer(BaseModel):
    """A phone as it is answered."""

    model_config = ConfigDict(populate_by_name=True)
    context: str = Field(alias="@odata.context")
    kind: str = Field(default="#microsoft.graph.itemPhone", alias="@odata.type")
    etag: str = Field(alias="@odata.etag")
    id: str
    allowedAudiences: str
    createdDateTime: str
    createdBy: dict
    lastModifiedDateTime: str
    lastModifiedBy: dict
    source: dict | None
    displayName: str | None
    type: str | None
    number: str | None


class Caller(BaseModel):
    """Who asks, as the token says."""

    id: str
    tenant: str
    permissions: set[str]
    expires: float
    is_application: bool


remembered: dict[str, Caller] = {}


def caller(authorization: Annotated[str, Header()]) -> Caller:
    known = remembered.get(authorization)
    if known is None or known.expires < time.time():
        known = remembered[authorization] = verified(authorization.removeprefix("Bearer "))
    return known


def verified(token: str) -> Caller:
    try:
        key = KEYS[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, algorithms=["RS256", "ES256"], audience=AUDIENCES)
    except (jwt.PyJWTError, KeyError) as error:
        raise HTTPException(401, "The token is not valid.") from error
    permissions = set(claims.get("roles", [])) | set(claims.get("scp", "").split())
    is_application = "scp" not in claims
    return Caller(
        id=claims["oid"], tenant=claims["tid"], permissions=permissions, expires=claims["exp"],
        is_application=is_application)


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened


CallerNow = Annotated[Caller, Depends(caller)]
SessionNow = Annotated[Session, Depends(session)]


def visible_phone(caller: Caller, session: Session, user: str, item: str) -> Phone:
    """The phone, if it is there, and in the caller's tenant, and for the caller's eyes."""
    person, phone = session.get(Person, user), session.get(Phone, (user, item))
    if person is None or phone is None or person.tenant != caller.tenant:
        raise HTTPException(404, "There is no such item.")
    if not caller.is_application and caller.id != user and phone.audience not in ("organization", "everyone"):
        raise HTTPException(404, "There is no such item.")
    return phone


def demand(caller: Caller, *permissions: str) -> None:
    if not caller.permissions.intersection(permissions):
        raise HTTPException(403, "The token lacks a permission.")


def answer(phone: Phone, response: Response) -> PhoneAnswer:
    etag = response.headers["ETag"] = f'W/"{phone.version}"'
    return PhoneAnswer(
        context=f"$metadata#users('{phone.user_id}')/profile/phones/$entity", etag=etag, id=phone.id,
        allowedAudiences=phone.audience, createdDateTime=phone.created, createdBy=json.loads(phone.created_by),
        lastModifiedDateTime=phone.modified, lastModifiedBy=json.loads(phone.modified_by),
        source=json.loads(phone.source) if phone.source else None, displayName=phone.display_name, type=phone.type,
        number=phone.number)


@app.get("/beta/users/{user}/profile/phones/{item}")
def get_phone(user: str, item: str, caller: CallerNow, session: SessionNow, response: Response) -> PhoneAnswer:
    demand(caller, "User.Read.All", "User.ReadWrite.All")
    return answer(visible_phone(caller, session, user, item), response)


@app.patch("/beta/users/{user}/profile/phones/{item}")
def update_phone(
    user: str, item: str, patch: PhonePatch, caller: CallerNow, session: SessionNow, response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> PhoneAnswer:
    demand(caller, "User.ReadWrite.All")
    with writing:
        while True:
            phone = visible_phone(caller, session, user, item)
            if if_match not in (None, "*", f'W/"{phone.version}"'):
                raise HTTPException(412, "The item has changed.")
            if has_written(session, phone, patch.model_dump(exclude_unset=True), caller):
                return answer(phone, response)


COLUMNS = {"allowedAudiences": "audience", "displayName": "display_name", "type": "type", "number": "number"}


def has_written(session: Session, phone: Phone, properties: dict, caller: Caller) -> bool:
    """One transaction: the item and a row of the log. False when another worker has changed the item meanwhile."""
    now, before = datetime.now(UTC).isoformat(), phone.version
    for name, value in properties.items():
        setattr(phone, COLUMNS[name], value)
    phone.modified, phone.modified_by = now, json.dumps({"user": {"id": caller.id}})
    session.add(Change(
        time=now, user_id=phone.user_id, item_id=phone.id, actor=caller.id, properties=",".join(properties),
        version_before=before, version_after=before + 1))
    try:
        session.commit()
    except StaleDataError:
        session.rollback()
        return False
    return True


def fill(file: str) -> None:
    Base.metadata.create_all(engine)
    with sessions() as opened, open(file, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            opened.add(person_of(line) if "user" in line else phone_of(line))
        opened.commit()


def person_of(line: dict) -> Person:
    return Person(id=line["user"]["id"], tenant=line["tenant"], display_name=line["user"].get("displayName"))


def phone_of(line: dict) -> Phone:
    item = line["item"]
    return Phone(
        user_id=line["userId"], id=item["id"], audience=item["allowedAudiences"], created=item["createdDateTime"],
        created_by=json.dumps(item["createdBy"]), modified=item["lastModifiedDateTime"],
        modified_by=json.dumps(item["lastModifiedBy"]), source=json.dumps(item["source"]),
        display_name=item["displayName"], type=item["type"], number=item["number"])


if __name__ == "__main__":
    fill(sys.argv[1])
