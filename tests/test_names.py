"""Names and data that are not allowed: the error says what is, and nothing is written."""

import contextlib
from collections import OrderedDict
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import pytest

import nacre
from nacre.errors import InvalidInput, Unstorable

ODD_NAMES = ["", " ", " padded ", "a\x00b", "line\nbreak", "\x7f", "\u2028", "..", ".", "a/../b"]
ODD_NAMES += ["\ud800", "x" * 256, "é" * 128, 5, None, b"bytes", ["list"]]
PLAIN_NAMES = [
    "a",
    "x" * 255,
    "é" * 127,
    "a/b",
    "a..b",
    "...",
    "Größe 5\u00a0µm",
    "\U0001f41a",
    "a.b",
]


def name_of(value: object) -> str:
    return ascii(value)[:20]


@pytest.mark.parametrize("subject", ODD_NAMES, ids=name_of)
def test_an_odd_subject_is_refused(vault: nacre.Vault, subject: object) -> None:
    with pytest.raises(InvalidInput, match="subject"):
        vault.record("a.b", subject=subject)

    assert_nothing_was_written(vault)


@pytest.mark.parametrize("actor", [name for name in ODD_NAMES if name is not None], ids=name_of)
def test_an_odd_actor_is_refused(vault: nacre.Vault, actor: object) -> None:
    with pytest.raises(InvalidInput, match="actor"):
        vault.commit(lambda tx: tx.record("a.b", subject="s"), actor=actor)
    with pytest.raises(InvalidInput, match="actor"):
        nacre.open(vault.path, actor=actor)

    assert_nothing_was_written(vault)


@pytest.mark.parametrize("write_id", [name for name in ODD_NAMES if name is not None], ids=name_of)
def test_an_odd_write_id_is_refused(vault: nacre.Vault, write_id: object) -> None:
    with pytest.raises(InvalidInput, match="write id"):
        vault.record("a.b", subject="s", write_id=write_id)

    assert_nothing_was_written(vault)


@pytest.mark.parametrize("name", PLAIN_NAMES, ids=name_of)
def test_a_plain_name_is_kept_as_it_is(vault: nacre.Vault, name: str) -> None:
    receipt = vault.commit(
        lambda tx: tx.record("a.b", subject=name), actor=name, write_id=name, message=name
    )

    (event,) = vault.events(subject=name)
    assert (event.subject, event.actor, event.message) == (name, name, name)
    assert receipt.write_id == name
    assert vault.verify().is_clean


@pytest.mark.parametrize(
    "kind",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "A.b",
        "a b",
        "a.b\n",
        "é",
        "x" * 101,
        "\ud800",
        5,
        None,
        ["a"],
    ],
    ids=name_of,
)
def test_an_odd_kind_is_refused(vault: nacre.Vault, kind: object) -> None:
    with pytest.raises(InvalidInput, match="is not dotted lower-case words of a-z"):
        vault.record(kind, subject="s")

    assert_nothing_was_written(vault)


@pytest.mark.parametrize("kind", ["a", "a.b.c", "a-b_c.0", "x" * 100])
def test_a_plain_kind_is_kept(vault: nacre.Vault, kind: str) -> None:
    vault.record(kind, subject="s")

    assert [event.kind for event in vault.events(kind=kind)] == [kind]


@pytest.mark.parametrize("message", [5, None, b"bytes", "\ud800", "x" * 65_536], ids=name_of)
def test_an_odd_message_is_refused(vault: nacre.Vault, message: object) -> None:
    with pytest.raises(InvalidInput, match="message"):
        vault.record("a.b", subject="s", message=message)

    assert_nothing_was_written(vault)


@pytest.mark.parametrize("message", ["", "two\nlines", "x" * 65_535], ids=name_of)
def test_a_message_is_any_text(vault: nacre.Vault, message: str) -> None:
    vault.record("a.b", subject="s", message=message)

    assert [event.message for event in vault.events()] == [message]


class Point(NamedTuple):
    x: int


class Colour(IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def circular() -> list:
    value: list = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((1, 2), "is a tuple"),
        ({1}, "is a set"),
        (Point(1), "is a Point"),
        (Colour.RED, "is a Colour"),
        (Text("x"), "is a Text"),
        (OrderedDict(), "is a OrderedDict"),
        (np.int64(1), "is a int64"),
        (np.float64(1), "is a float64"),
        (np.zeros(2), "is a ndarray"),
        (object(), "is a object"),
        (1j, "is a complex"),
        (1 << 64, "beyond 64 bits"),
        (-(1 << 63) - 1, "beyond 64 bits"),
        ("\ud800", "lone surrogate"),
        ({("a",): "x"}, "key"),
        ({Text("x"): "x"}, "key"),
        (nested(2000), "nested deeper"),
        (circular(), "nested deeper"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_data_that_would_not_come_back_is_refused(
    vault: nacre.Vault, value: object, said: str
) -> None:
    with pytest.raises(Unstorable, match=said) as caught:
        vault.record("a.b", subject="s", data={"rows": [0, {"cell": value}]})

    if "deeper" not in said:
        assert "'rows'" in str(caught.value)
        assert "[1]['cell']" in str(caught.value)
    assert_nothing_was_written(vault)


@pytest.mark.parametrize("data", [[], (), "text", 5, {1}, OrderedDict()], ids=name_of)
def test_data_that_is_no_dict_is_refused(vault: nacre.Vault, data: object) -> None:
    with pytest.raises(InvalidInput, match="give a dict"):
        vault.record("a.b", subject="s", data=data)

    assert_nothing_was_written(vault)


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, None], ids=name_of)
def test_an_odd_version_of_an_event_is_refused(vault: nacre.Vault, version: object) -> None:
    with pytest.raises(InvalidInput, match="count from 1"):
        vault.commit(lambda tx: tx.record("a.b", subject="s", version=version))

    assert_nothing_was_written(vault)


def test_a_decision_may_go_on_after_a_refusal(vault: nacre.Vault) -> None:
    def decide(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="s", data={"n": 1})
        for refused in ({"n": (1,)}, {"blob": nacre.Digest(bytes(32)), "m": ()}):
            with contextlib.suppress(Unstorable):
                tx.record("a.refused", subject="ghost", data=refused)
        tx.record("a.b", subject="s", data={"n": 2})

    receipt = vault.commit(decide)

    assert receipt.events == 2
    assert [(event.ordinal, event.data["n"]) for event in vault.events()] == [(0, 1), (1, 2)]
    assert vault.verify().problems == ()


def test_data_changed_after_it_was_recorded_changes_nothing(vault: nacre.Vault) -> None:
    data = {"list": [1]}

    with vault.transaction() as tx:
        tx.record("a.b", subject="s", data=data)
        data["list"].append(2)
        data["more"] = 3

    assert [event.data for event in vault.events()] == [{"list": [1]}]


def assert_nothing_was_written(vault: nacre.Vault) -> None:
    assert vault.head == 0
    assert list(vault.events()) == []
    assert vault.record("a.b", subject="plain").position == 0
    assert vault.verify().is_clean
