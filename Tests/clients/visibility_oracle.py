"""Who sees and writes what, as the tables of docs/privacy.md say: the judge of the server, sharing nothing with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import demo
from seeding import ADMIRING_TENANT, FEDERATED_TENANT, PERSONAL_TENANT, UNRELATED_TENANT

FLAGS = {
    "family": 1, "contacts": 2, "groupMembers": 4, "organization": 8, "federatedOrganizations": 16, "everyone": 32,
}
AUDIENCES = range(64)
EVERY_FLAG = 63
RELATIVES = ("spouse", "sibling", "child", "parent")
ACQUAINTANCES = (
    "manager", "colleague", "directReport", "dotLineReport", "assistant", "dotLineManager", "alternateContact",
    "friend", "sponsor", "emergencyContact", "other",
)
HOME = demo.TENANT


def named(audience: int) -> str:
    """How an audience is written: the names of its flags in their order, or `me` for none."""
    return ",".join(name for name, flag in FLAGS.items() if audience & flag) or "me"


@dataclass(frozen=True)
class Caller:
    """A caller, with everything that connects them to the owner of the items."""

    name: str
    tenant: str = HOME
    is_owner: bool = False
    is_application: bool = False
    is_administrator: bool = False
    # A token of another tenant that names the owner's id.
    is_namesake: bool = False
    # As what the owner lists them; None stands for an entry without a relationship.
    listed_as: tuple[str | None, ...] = ()
    # Of which groups they are members: "common" is the only one that the owner is a member of.
    groups: tuple[str, ...] = ()
    # Listed by principal name only, or listing the owner themself: neither lets anybody in.
    listed_by_name: bool = False
    lists_the_owner: bool = False


CALLERS = (
    Caller("owner", is_owner=True),
    Caller("stranger"),
    Caller("administrator", is_administrator=True),
    *(Caller(f"family-{kind}", listed_as=(kind,)) for kind in RELATIVES),
    *(Caller(f"contact-{kind}", listed_as=(kind,)) for kind in ACQUAINTANCES),
    Caller("contact-without-relationship", listed_as=(None,)),
    Caller("family-and-contact", listed_as=("parent", "emergencyContact")),
    Caller("group-member", groups=("common",)),
    Caller("group-member-and-family", groups=("common",), listed_as=("child",)),
    Caller("group-member-and-contact", groups=("other", "common"), listed_as=("friend",)),
    Caller("member-of-another-group", groups=("other",)),
    Caller("listed-by-name-only", listed_by_name=True),
    Caller("lists-the-owner", lists_the_owner=True),
    Caller("federated", tenant=FEDERATED_TENANT),
    Caller("federated-and-listed", tenant=FEDERATED_TENANT, listed_as=("spouse", "friend")),
    Caller("federated-administrator", tenant=FEDERATED_TENANT, is_administrator=True),
    Caller("federated-the-other-way", tenant=ADMIRING_TENANT),
    Caller("unrelated", tenant=UNRELATED_TENANT),
    Caller("unrelated-and-listed", tenant=UNRELATED_TENANT, listed_as=("sibling",)),
    Caller("namesake", tenant=UNRELATED_TENANT, is_namesake=True),
    Caller("namesake-of-a-federated-tenant", tenant=FEDERATED_TENANT, is_namesake=True),
    Caller("personal", tenant=PERSONAL_TENANT),
    Caller("application", is_application=True),
    Caller("application-of-a-federated-tenant", tenant=FEDERATED_TENANT, is_application=True),
    Caller("application-of-an-unrelated-tenant", tenant=UNRELATED_TENANT, is_application=True),
)


def granted_flags(caller: Caller) -> int:
    """The audience flags that a delegated caller satisfies."""
    if caller.tenant != HOME:
        return FLAGS["everyone"] | (FLAGS["federatedOrganizations"] if caller.tenant == FEDERATED_TENANT else 0)
    granted = FLAGS["everyone"] | FLAGS["organization"]
    if any(kind in RELATIVES for kind in caller.listed_as):
        granted |= FLAGS["family"]
    if any(kind not in RELATIVES for kind in caller.listed_as):
        granted |= FLAGS["contacts"]
    if "common" in caller.groups:
        granted |= FLAGS["groupMembers"]
    return granted


def sees_everything(caller: Caller) -> bool:
    return caller.is_owner or (caller.is_application and caller.tenant == HOME)


def sees(caller: Caller, audience: int, mask: int = EVERY_FLAG) -> bool:
    """Whether an item of this audience exists for the caller, where the tenant allows the flags of the mask."""
    if sees_everything(caller):
        return True
    if caller.is_application or caller.is_namesake or caller.tenant == PERSONAL_TENANT:
        return False
    return audience & mask & granted_flags(caller) != 0


def knows_the_owner(caller: Caller, mask: int = EVERY_FLAG) -> bool:
    """Whether the owner exists for the caller: a person of another tenant only while one of their items is visible."""
    colleague = caller.tenant == HOME and not caller.is_namesake
    return colleague or any(sees(caller, audience, mask) for audience in AUDIENCES)


def has_the_role(caller: Caller, anyone_writes: bool) -> bool:
    """Whether the caller may write for others at all, which their own tenant says and which is looked at first.

    Only the owner's tenant lets anyone write, and only where a test says so. Whoever names their own id writes for
    nobody else.
    """
    needs_none = caller.is_application or caller.is_owner or caller.is_namesake
    return needs_none or caller.is_administrator or (anyone_writes and caller.tenant == HOME)


def may_write(caller: Caller) -> bool:
    """Whether the caller, with the role, may write what they see: in their own tenant only."""
    return caller.tenant == HOME


@dataclass(frozen=True)
class Expected:
    """What answers each way to ask for one item: the status and, where it is refused, the code."""

    read: str = "200"
    unless_known: str = "304"
    change_nothing: str = "200"
    stale: str = "412 resourceModified"


def expected(caller: Caller, audience: int, mask: int = EVERY_FLAG, anyone_writes: bool = True) -> Expected:
    if caller.tenant == PERSONAL_TENANT:
        return Expected(*["403 ErrorInsufficientPermissionsInAccessToken"] * 4)
    denied = "403 ErrorAccessDeniedForRole"
    code = "UnknownError" if knows_the_owner(caller, mask) else "Request_ResourceNotFound"
    if sees(caller, audience, mask):
        found = Expected() if may_write(caller) else Expected(change_nothing=denied, stale=denied)
    else:
        found = Expected(*[f"404 {code}"] * 4)
    # Without the role a write is refused before anything is looked up, so that it tells nothing.
    return found if has_the_role(caller, anyone_writes) else replace(found, change_nothing=denied, stale=denied)
