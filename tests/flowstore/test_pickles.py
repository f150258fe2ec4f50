"""Pickles load only when someone asks, and only those that this store wrote."""

import pickle

import pytest
from frames.payloads import CountingPayloads

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.codecs import Codecs, NotStorable, NotTrusted

KEY = b"k" * 32


class Mine:
    def __init__(self, number: int) -> None:
        self.number = number


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("code of a pickle ran",)


def trusting(payloads: CountingPayloads, key: bytes = KEY) -> Codecs:
    return Codecs(payloads, trust="pickle", key=lambda: key)


def careful(payloads: CountingPayloads) -> Codecs:
    return Codecs(payloads, key=lambda: KEY)


def test_a_store_may_trust_pickles() -> None:
    codecs = trusting(CountingPayloads())

    back = codecs.decode(codecs.encode({"mine": Mine(7), "plain": (1,)}))

    assert (back["mine"].number, back["plain"]) == (7, (1,))


def test_a_call_may_trust_pickles() -> None:
    codecs = careful(CountingPayloads())
    stored = codecs.encode([Mine(7)], trust="pickle")

    assert codecs.decode(stored, trust="pickle")[0].number == 7
    with pytest.raises(NotTrusted, match="say trust='pickle'"):
        codecs.decode(stored)
    with pytest.raises(NotStorable, match=r"data\[0\].*trust='pickle'"):
        codecs.encode([Mine(7)])


def test_a_pickle_of_another_key_is_not_loaded() -> None:
    payloads = CountingPayloads()
    stored = trusting(payloads, b"other" * 7).encode(Mine(7))

    with pytest.raises(NotTrusted, match="key of this store"):
        trusting(payloads).decode(stored)


def test_an_altered_pickle_does_not_run() -> None:
    payloads = CountingPayloads()
    stored = trusting(payloads).encode(Mine(7)).to_data()
    stored["content"]["pickle"][0] = pickle.dumps(Bomb())

    with pytest.raises(NotTrusted):
        trusting(payloads).decode(stored)


@pytest.mark.parametrize("code", [None, b"", b"\0" * 32, "text", [], 5], ids=repr)
def test_a_forged_code_loads_nothing(code: object) -> None:
    payloads = CountingPayloads()
    stored = trusting(payloads).encode(Mine(7)).to_data()
    stored["content"]["pickle"] = [pickle.dumps(Bomb()), code]

    with pytest.raises(NotTrusted, match="key of this store"):
        trusting(payloads).decode(stored)


def test_the_code_of_another_pickle_is_no_code() -> None:
    payloads = CountingPayloads()
    one, other = (trusting(payloads).encode(Mine(n)).to_data()["content"] for n in (1, 2))
    stored = trusting(payloads).encode(Mine(7)).to_data()
    stored["content"] = {"pickle": [one["pickle"][0], other["pickle"][1]]}

    with pytest.raises(NotTrusted):
        trusting(payloads).decode(stored)


def test_a_pickle_deep_inside_is_not_loaded_without_trust() -> None:
    payloads = CountingPayloads()
    stored = trusting(payloads).encode({"a": [({"b": Mine(7)},)]})

    with pytest.raises(NotTrusted, match="say trust='pickle'"):
        careful(payloads).decode(stored)


def test_trust_needs_a_key() -> None:
    with pytest.raises(InvalidInput, match="needs a key"):
        Codecs(CountingPayloads(), trust="pickle").encode(Mine(7))


def test_other_words_are_no_trust() -> None:
    with pytest.raises(InvalidInput, match="trust='yes'"):
        Codecs(CountingPayloads(), trust="yes")


def test_what_nothing_can_pickle_is_refused() -> None:
    with pytest.raises(NotStorable, match="cannot even be pickled"):
        trusting(CountingPayloads()).encode([(n for n in ())])


def test_plain_values_are_never_pickled() -> None:
    stored = trusting(CountingPayloads()).encode({"a": [1, (2,)]})

    assert "pickle" not in repr(stored.content)
