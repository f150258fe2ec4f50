"""Names of collections and fields may be anything, also what native rows cannot be called."""

import pytest
from modelvault_schemas import fields, indexes, nested, opened

from nacre_adapters.modelvault import Database


def test_a_text_of_brackets_ends_nothing() -> None:
    with pytest.raises(ValueError, match="recursion"):
        opened("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize("name", ["a/../b", "nul\0", "🦪", "two words", "x" * 1023, "modelvault"])
def test_names_may_be_odd(name: str) -> None:
    db = Database.open_in_memory()
    db.register_collection(name, fields(id="int64"), "id", indexes(**{name[:200]: ("id", "index")}))

    db.insert(name, {"id": 1})

    assert (db.get(name, 1), db.collection_names()) == ({"id": 1}, [name])


@pytest.mark.parametrize("name", ["a.b", " a", "nul\0", "..", "🦪", "x" * 300])
def test_fields_may_have_odd_names(name: str) -> None:
    db = opened(fields(id="int64", **{name: "int64"}))

    db.insert("c", {"id": 1, name: 2})

    assert db.get("c", 1) == {"id": 1, name: 2}
    assert db.collection("c").where([name], 2).order_by([name]).all() == [{"id": 1, name: 2}]


def test_dotted_names_and_paths_do_not_meet() -> None:
    db = opened(nested((["id"], "int64"), (["a.b"], "int64"), (["a", "b"], "int64")))

    db.insert("c", {"id": 1, "a.b": 2, "a": {"b": 3}})

    assert db.get("c", 1) == {"a": {"b": 3}, "a.b": 2, "id": 1}
    assert db.collection("c").where("a.b", 3).all() == db.collection("c").where(["a.b"], 2).all()
