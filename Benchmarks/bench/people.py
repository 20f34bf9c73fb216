"""Generates realistic people from numbers, so that load generators can compute every id without a list."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

TENANT = "11111111-1111-4111-8111-111111111111"
PERSON, ITEM = 1, 2
CREATED = "2024-03-01T08:17:29Z"

GIVEN_NAMES = (
    "Amara Anton Beatriz Bjørn Chen Chiara Daniel Dilnoza Elif Emeka Fatima Felix Gabriel Grace Hana Hugo Ingrid "
    "Innocenty Ivan Jana João Jun Kavya Kofi Lars Leila Lucía Łukasz Mai Mateo Mei Mikael Nadia Nikolai Noah Olga "
    "Omar Priya Rafael Rosa Ruth Sara Sofia Tariq Thomas Tomoko Valentina Wei Yusuf Zoë"
).split()
SURNAMES = (
    "Adeyemi Almeida Andersson Bauer Bianchi Brown Carvalho Chen Costa Delgado Dubois Evans Fischer García Haddad "
    "Hansen Horvat Ivanova Jensen Johnson Kaya Kim Kowalski Kumar Larsen Lindqvist Martin Mensah Meyer Moreau "
    "Nakamura Nguyen Novak O’Brien Okafor Ortiz Patel Petrov Popov Rossi Santos Schmidt Silva Singh Smith Suzuki "
    "Tanaka Wagner Wang Yılmaz"
).split()
CITIES = [
    ("Moscow", "Russia", "+7 499", "Malaya Bronnaya"), ("Berlin", "Germany", "+49 30", "Torstraße"),
    ("Lisbon", "Portugal", "+351 21", "Rua da Prata"), ("Osaka", "Japan", "+81 6", "Midosuji"),
    ("Leeds", "United Kingdom", "+44 113", "Park Row"), ("Lyon", "France", "+33 4", "Rue Mercière"),
    ("Toronto", "Canada", "+1 416", "King Street West"), ("Accra", "Ghana", "+233 30", "Ring Road Central"),
    ("Pune", "India", "+91 20", "Mahatma Gandhi Road"), ("Bogotá", "Colombia", "+57 1", "Carrera 7"),
]
PHONES = [("Car Phone", "other"), ("Office", "business"), ("Mobile", "mobile"), ("At home", "home")]
JOBS = ("Field Engineer", "Accountant", "Nurse", "Analyst", "Team Lead", "Designer", "Librarian", "Electrician")


def _plain(name: str) -> str:
    """Returns a name in the form used in mail addresses."""
    letters = unicodedata.normalize("NFKD", name.lower().translate(str.maketrans("øłı", "oli")))
    return "".join(letter for letter in letters if letter.isascii())


PLAIN = {name: _plain(name) for name in GIVEN_NAMES + SURNAMES}


@dataclass(frozen=True)
class Directory:
    """Numbers of people, of items for each and of people without items; items cycle through the collections."""

    people: int
    items: int
    collections: tuple[str, ...]
    posted_to: int = 0

    @property
    def lines_in_all(self) -> int:
        return self.people * (1 + self.items) + self.posted_to

    def environment(self) -> dict[str, str]:
        """Returns the variables from which load.lua computes the path of any item."""
        return {
            "PEOPLE": str(self.people), "ITEMS": str(self.items), "COLLECTIONS": ",".join(self.collections),
            "POSTED_TO": str(self.posted_to),
        }

    def item_path(self, person: int, slot: int) -> str:
        """Returns the path of one item, without the version."""
        collection = self.collections[slot % len(self.collections)]
        item = identifier(ITEM, person * self.items + slot)
        return f"/users/{identifier(PERSON, person)}/profile/{collection}/{item}"

    def lines(self) -> Iterator[str]:
        """Yields the lines of an import, each with its line feed, ordered by people's ids like an export."""
        for person in sorted(range(self.people), key=scattered):
            somebody = Somebody(person)
            yield somebody.line()
            for slot in range(self.items):
                collection = self.collections[slot % len(self.collections)]
                yield somebody.item_line(collection, slot, identifier(ITEM, person * self.items + slot))
        for person in range(self.people, self.people + self.posted_to):
            yield Somebody(person).line()


def identifier(kind: int, number: int) -> str:
    """Returns the id for a number; ids of neighbouring numbers are far apart, like random ones."""
    return f"{scattered(number):08x}-{kind:04x}-4000-8000-{number:012x}"


def scattered(number: int) -> int:
    """Applies three rounds of xorshift32 to number + 1, which never maps two numbers to the same result."""
    mixed = number + 1
    for _ in range(3):
        mixed ^= mixed << 13 & 0xFFFFFFFF
        mixed ^= mixed >> 17
        mixed ^= mixed << 5 & 0xFFFFFFFF
    return mixed


class Somebody:
    """One person, whose data all derive from their number."""

    def __init__(self, number: int) -> None:
        self.number, self.id = number, identifier(PERSON, number)
        picks = scattered(number + 0x4000_0000)
        picks, given = divmod(picks, len(GIVEN_NAMES))
        picks, surname = divmod(picks, len(SURNAMES))
        self.picks, city = divmod(picks, len(CITIES))
        self.given, self.surname = GIVEN_NAMES[given], SURNAMES[surname]
        self.name = f"{self.given} {self.surname}"
        self.account = f"{PLAIN[self.given]}.{PLAIN[self.surname]}.{number}"
        self.city, self.country, self.area, self.street = CITIES[city]
        self.stamp = f'{{"user":{{"id":"{self.id}","displayName":"{self.name}"}}}}'

    def line(self) -> str:
        """Returns the line of the person, without items."""
        return (
            f'{{"tenant":"{TENANT}","user":{{"id":"{self.id}","displayName":"{self.name}","givenName":"{self.given}",'
            f'"surname":"{self.surname}","userPrincipalName":"person{self.number}@contoso.example",'
            f'"jobTitle":"{JOBS[self.picks % len(JOBS)]}","officeLocation":"{self.city}"}}}}\n')

    def item_line(self, collection: str, slot: int, item: str) -> str:
        """Returns the line of one item. Every other item is visible to the owner only; applications see all."""
        audience = "me" if slot % 2 else "organization"
        return (
            f'{{"userId":"{self.id}","collection":"{collection}","item":{{"id":"{item}",'
            f'"allowedAudiences":"{audience}","createdDateTime":"{CREATED}","createdBy":{self.stamp},'
            f'"lastModifiedDateTime":"{CREATED}","lastModifiedBy":{self.stamp},"source":{{"type":["User"]}},'
            f'{getattr(self, collection)(slot)}}}}}\n')

    def names(self, _: int) -> str:
        return f'"displayName":"{self.name}","first":"{self.given}","last":"{self.surname}","languageTag":"en-GB"'

    def phones(self, slot: int) -> str:
        name, kind = PHONES[slot % len(PHONES)]
        digits = scattered(self.number * 64 + slot) % 9_000_000 + 1_000_000
        return f'"displayName":"{name}","type":"{kind}","number":"{self.area} {digits}"'

    def emails(self, _: int) -> str:
        return f'"address":"{self.account}@contoso.example","displayName":"Work","type":"work"'

    def addresses(self, _: int) -> str:
        number, post = self.picks % 190 + 1, self.picks % 90_000 + 10_000
        return (
            f'"displayName":"Home","detail":{{"type":"home","street":"{self.street} {number}","city":"{self.city}",'
            f'"countryOrRegion":"{self.country}","postalCode":"{post}"}}')

    def websites(self, _: int) -> str:
        return f'"displayName":"My page","webUrl":"https://people.contoso.example/person{self.number}"'
