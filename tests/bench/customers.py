"""Draws estates of customers with duplicates whose truth is known.

Names, places and faults follow what such master data looks like: families of firms that share a
name, a sector and a domain and yet are strangers; duplicates with typing errors, other word order,
dropped accents, abbreviations, other legal forms, moved addresses and missing identifiers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import polars as pl

_SECTORS: Final = """
Agriculture Analytics Architecture Aviation Bakery Beverages Brewing Capital Ceramics Chemicals
Construction Consulting Cosmetics Dairy Dental Design Education Electronics Energy Engineering
Exports Fashion Foods Furniture Games Group Health Holdings Hospitality Imports Industries
Instruments Insurance International Labs Lighting Logistics Marine Materials Media Medical
Mining Motors Networks Optics Packaging Partners Pharma Plastics Printing Publishing Research
Retail Robotics Security Services Shipping Software Solutions Sports Steel Studios Systems
Technologies Textiles Timber Trading Transport Travel
"""
_PREFIXES: Final = """
Alpha Apex Blue Bright Delta Eagle East Falcon Global Grand Green Iron Lion Maple North Omega
Prime Quantum Rapid River Silver Stellar Stone Summit United Urban Vertex West
"""
SECTORS: Final = _SECTORS.split()
PREFIXES: Final = _PREFIXES.split()
SHORT: Final = {
    "Systems": "Sys", "Transport": "Transp.", "International": "Intl", "Services": "Svcs",
    "Technologies": "Tech", "Industries": "Ind.", "Engineering": "Eng.", "Solutions": "Sol.",
}  # fmt: skip
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Country:
    """How names and addresses look somewhere.

    Attributes:
        share: of all customers.
        legal: legal forms, and how each is also written.
        syllables: beginnings, middles and ends of family names.
        towns: ends of the names of towns.
        known_towns: so many towns are there; none: any name will do.
        street: of a family name and a number.
        ending: of domains.
    """

    share: float
    legal: dict[str, tuple[str, ...]]
    syllables: tuple[str, str, str]
    towns: str
    known_towns: int
    street: tuple[str, ...]
    ending: str


COUNTRIES: Final = {
    "US": Country(
        0.4,
        {
            "LLC": ("LLC", "L.L.C.", "Ltd. Liability Co."),
            "Inc.": ("Inc", "Incorporated", ", Inc."),
            "Corp.": ("Corp", "Corporation"),
            "Co.": ("Co", "Company"),
        },
        (
            "Har Wil Ben Mor Lan Rob Har Bar Cal Stan Fer Mat",
            "ri li na ber der ther ga mo",
            "son ton man ley field well ard s",
        ),
        "ville ton land bury view side fort furt chester shire",
        0,
        ("{n} {f} Road", "{n} {f} Drive", "{n} {f} Street", "{n} {f} Mews", "{n} {f} Plains"),
        ".com",
    ),
    "DE": Country(
        0.21,
        {
            "GmbH": ("gmbh", "Gesellschaft mbH", "G.m.b.H."),
            "AG": ("AG", "Aktiengesellschaft"),
            "GmbH & Co. KG": ("GmbH & Co KG", "GmbH und Co. KG"),
        },
        (
            "Höf Schm Wäh Löw Kru Tru Rie Hol Stei Kühn Jäg",
            "er el in an ber ach",
            "mann ert ing er ke ig sen",
        ),
        "burg stadt hausen feld bach au walde ingen",
        450,
        ("{f}straße {n}", "{f}str. {n}", "{f}weg {n}", "{f}ring {n}", "{f}allee {n}"),
        ".de",
    ),
    "GB": Country(
        0.18,
        {
            "Ltd": ("Ltd.", "Limited"),
            "PLC": ("P.L.C.", "Public Limited Company"),
            "LLP": ("L.L.P.", "LLP"),
        },
        (
            "Gou Poo Mat Whi Prit Cle Dav Bre Hug Flem",
            "gh tt th ch i er a ing",
            "ews aker ard ments ies nan es ley",
        ),
        "bury ton ham chester shire ville mouth port",
        0,
        ("{n} {f} Street", "{n} {f} Lane", "{n} {f} Vista", "{n} {f} Brooks"),
        ".co.uk",
    ),
    "FR": Country(
        0.11,
        {"SA": ("S.A.", "Société Anonyme"), "SAS": ("S.A.S.",), "SARL": ("S.A.R.L.",)},
        (
            "Gré Lef Bar Del Hoa Piné Jac Mar Fran Bes",
            "ni eb bi or ra qu en",
            "er vre au ot in et çois ard",
        ),
        "ville sur-Mer la-Forêt nec Bourg sur-Roussel",
        0,
        (
            "{n} rue {f}",
            "{n} avenue de {f}",
            "{n} chemin {f}",
        ),
        ".fr",
    ),
    "NL": Country(
        0.1,
        {"B.V.": ("BV", "Besloten Vennootschap"), "N.V.": ("NV",)},
        (
            "van_Bru Hop Waar Kwaad de_Vri Bou Pruij Jan",
            "che pen de lan hui e ter",
            "m brouwer loo d zen sma tje",
        ),
        "dam veen oord wijk drecht hoofd",
        350,
        (
            "{f}laan {n}",
            "{f}straat {n}",
            "{f}ring {n}",
        ),
        ".nl",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer as one system has it."""

    id: str
    name: str
    legal: str
    street: str
    city: str
    postcode: str
    country: str
    tax: str | None
    phone: str | None
    domain: str | None
    thing: int


@dataclass(frozen=True, slots=True)
class CustomerEstate:
    """Records, and the pairs of ids that mean one customer."""

    records: pl.DataFrame
    pairs: frozenset[tuple[str, str]]


def draw_customers(size: int, seed: int) -> CustomerEstate:
    """An estate of so many customers, 3 in 100 of them twice and a few three times."""
    rng = Random(seed)
    families = {code: _families(rng, country) for code, country in COUNTRIES.items()}
    bare = [_customer(rng, number, families) for number in range(size)]
    drawn = [replace(each, name=f"{each.name} {each.legal}") for each in bare]
    serial = size
    copies = []
    for original in rng.sample(bare, size * 3 // 100):
        for _ in range(2 if rng.random() < 0.12 else 1):
            copies.append(_copy(rng, original, f"C{serial:08d}"))
            serial += 1
    together: dict[int, list[str]] = {}
    for each in copies:
        together.setdefault(each.thing, [f"C{each.thing:08d}"]).append(each.id)
    pairs = frozenset(
        (left, right)
        for ids in together.values()
        for at, left in enumerate(ids)
        for right in ids[at + 1 :]
    )
    everyone = drawn + copies
    rng.shuffle(everyone)
    columns = ("id", "name", "street", "city", "postcode", "country", "tax", "phone", "domain")
    data = {name: [getattr(each, name) for each in everyone] for name in columns}
    return CustomerEstate(pl.DataFrame(data, schema=dict.fromkeys(columns, pl.String)), pairs)


def _families(rng: Random, country: Country) -> list[str]:
    first, middle, last = (part.split() for part in country.syllables)
    every = {f"{a}{b}{c}".replace("_", " ") for a in first for b in middle for c in last}
    listed = sorted(every)
    rng.shuffle(listed)
    return listed


def _common(rng: Random, listed: list[str]) -> str:
    """One of them, the first more often than the last, as with family names."""
    return listed[int(len(listed) * rng.random() ** 1.6)]


def _customer(rng: Random, number: int, families: dict[str, list[str]]) -> Customer:
    code = rng.choices(list(COUNTRIES), [each.share for each in COUNTRIES.values()])[0]
    country, names = COUNTRIES[code], families[code]
    name = _firm(rng, names)
    street = rng.choice(country.street).format(f=_common(rng, names), n=rng.randint(1, 300))
    domain = "".join(each for each in name.lower() if each in LETTERS)[:20] + country.ending
    return Customer(
        f"C{number:08d}",
        name,
        rng.choice(list(country.legal)),
        street,
        _town(rng, country, names),
        _postcode(rng, code),
        code,
        f"{code}{rng.randrange(10**9):09d}" if rng.random() < 0.7 else None,
        _phone(rng) if rng.random() < 0.8 else None,
        domain if rng.random() < 0.85 else None,
        number,
    )


def _firm(rng: Random, names: list[str]) -> str:
    family, sector = _common(rng, names), rng.choice(SECTORS)
    draw = rng.random()
    if draw < 0.35:
        return f"{family} {sector}"
    if draw < 0.55:
        return f"{family} & {_common(rng, names)} {sector}"
    if draw < 0.75:
        return f"{rng.choice(PREFIXES)} {family} {sector}"
    if draw < 0.85:
        return f"{rng.choice(PREFIXES)} {sector} {family}"
    return f"{family} {sector} {rng.choice(SECTORS)}"


def _town(rng: Random, country: Country, names: list[str]) -> str:
    if country.known_towns:
        picked = Random(rng.randrange(country.known_towns))
        return picked.choice(names) + picked.choice(country.towns.split())
    town = _common(rng, names) + rng.choice(country.towns.split())
    return (
        f"{rng.choice(('North', 'East', 'New', 'Lake', 'Port'))} {town}"
        if rng.random() < 0.5
        else town
    )


def _postcode(rng: Random, code: str) -> str:
    two = "".join(rng.choices(LETTERS.upper(), k=2))
    if code == "GB":
        end = "".join(rng.choices(LETTERS.upper(), k=2))
        return f"{two}{rng.randint(1, 20)} {rng.randint(1, 9)}{end}"
    return f"{rng.randint(1000, 9999)} {two}" if code == "NL" else f"{rng.randint(10000, 99999)}"


def _phone(rng: Random) -> str:
    return f"+{rng.randint(30, 49)} {rng.randint(10**8, 10**9 - 1)}"


def _copy(rng: Random, original: Customer, serial: str) -> Customer:
    name, legal = _retyped(rng, original)
    street, city, postcode = original.street, original.city, original.postcode
    if rng.random() < 0.08:
        street = _maybe(rng, 0.3, _typo, f"{rng.randint(1, 300)} Industrial Park Road")
        postcode = _postcode(rng, original.country)
    else:
        street = _maybe(rng, 0.1, _typo, street)
        street = street.replace(" rue ", " r. ") if rng.random() < 0.3 else street
    if rng.random() < 0.15:
        postcode = _postcode(rng, original.country)
    city = _maybe(rng, 0.06, _typo, city)
    phone = original.phone if rng.random() < 0.6 else None
    if phone and rng.random() < 0.4:
        phone = phone.replace(" ", "")
    elif rng.random() < 0.12:
        phone = _phone(rng)
    return replace(
        original,
        id=serial,
        name=f"{name}{legal}" if legal.startswith(",") else f"{name} {legal}".strip(),
        street=street,
        city=city.upper() if rng.random() < 0.1 else city,
        postcode=postcode,
        tax=original.tax if rng.random() < 0.2 else None,
        phone=phone,
        domain=original.domain if rng.random() < 0.55 else None,
    )


def _retyped(rng: Random, original: Customer) -> tuple[str, str]:
    name, legal = original.name, original.legal
    words = name.split()
    if rng.random() < 0.3:
        words = [SHORT.get(each, each) for each in words]
    if len(words) > 2 and "&" not in words and rng.random() < 0.08:
        words = [*words[1:], words[0]]
    name = _maybe(rng, 0.2, _typo, " ".join(words))
    if rng.random() < 0.15:
        name = name.replace("&", rng.choice(("and", "")))
    if rng.random() < 0.1:
        name = name.replace("ö", "oe").replace("ä", "ae").replace("ü", "ue").replace("é", "e")
    draw = rng.random()
    if draw < 0.4:
        legal = rng.choice(COUNTRIES[original.country].legal[legal])
    elif draw < 0.55:
        legal = ""
    if rng.random() < 0.25:
        return name.upper(), legal.upper()
    return name, legal


def _maybe(rng: Random, share: float, change: Callable[[Random, str], str], text: str) -> str:
    return change(rng, text) if rng.random() < share else text


def _typo(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 2:
        return text[:at] + rng.choice(LETTERS) + text[at + 1 :]
    return text[:at] + text[at] + text[at:]
