"""Makes the frozen vault of tests/fixtures/rows-1: run once for each version of the view `rows`.

python tests/old_people.py tests/fixtures/rows-1/people.nacre
"""

import sys

import nacre

FIELDS = {"id": "string", "age": "int64?", "city": "string", "tags": {"list": "string"}}
LOADED = [
    {"id": f"p{n:04d}", "age": n % 90 if n % 7 else None, "city": f"city{n % 9}", "tags": ["a"]}
    for n in range(600)
]


def make(path: str) -> None:
    """Make a vault of one file, in which rows were written in every way."""
    with nacre.open(path, actor="ana", single_file=True) as vault:
        people = vault.rows.create("people", FIELDS, key="id", indexes=["age", ["city", "age"]])
        people.bulk_load(LOADED)
        people.insert({"id": "one", "age": 1, "city": "Oslo", "tags": []})
        people.update("p0001", age=99)
        people.delete("p0002")
        people.bulk_upsert([{"id": "p0003", "age": 98, "city": "Rome", "tags": ["b", "c"]}])


if __name__ == "__main__":
    make(sys.argv[1])
