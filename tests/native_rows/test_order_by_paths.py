"""Sorting by paths of names, where text would mean another field or none."""

import nacre
from nacre.rows import field


def test_a_path_of_names_is_sorted_by_whatever_the_names_are(vault: nacre.Vault) -> None:
    part = {"object": {"s": "int64"}}
    rows = vault.rows.create("c", {"id": "int64", "a.b": part, "x desc": "int64"}, key="id")
    for n in range(5):
        rows.insert({"id": n, "a.b": {"s": n * 7 % 5}, "x desc": -n})

    by_part = [0, 3, 1, 4, 2]
    assert [row["id"] for row in rows.order_by(field(("a.b", "s")))] == by_part
    assert [row["id"] for row in rows.order_by(-field(("a.b", "s")))] == by_part[::-1]
    assert [row["id"] for row in rows.query().order_by(-field("x desc")).limit(2)] == [0, 1]
    assert [row["id"] for row in rows.order_by(field("x desc"), "id")] == [4, 3, 2, 1, 0]


def test_text_and_paths_may_be_mixed(vault: nacre.Vault) -> None:
    rows = vault.rows.create("c", {"id": "int64", "n": "int64"}, key="id")
    for n in range(6):
        rows.insert({"id": n, "n": n % 2})

    assert [row["id"] for row in rows.order_by(-field("n"), "id desc")] == [5, 3, 1, 4, 2, 0]
