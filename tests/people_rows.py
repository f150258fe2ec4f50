"""What the tests of collections store."""

import nacre

PEOPLE = {"id": "string", "age": "int64?", "city": "string"}
INDEXES = ["age", ["city", "age"]]


def person(name, age=40, city="Oslo"):
    return {"id": name, "age": age, "city": city}


def create_people(vault: nacre.Vault, indexes=INDEXES):
    return vault.rows.create("people", PEOPLE, key="id", indexes=indexes)


def crowd(count):
    cities = ("Oslo", "Rome", "Bern")
    return [person(f"p{n:05d}", n % 90 if n % 7 else None, cities[n % 3]) for n in range(count)]


def is_whole(vault: nacre.Vault) -> bool:
    """Tell whether rows and indexes equal their replay."""
    return vault.verify().problems == ()
