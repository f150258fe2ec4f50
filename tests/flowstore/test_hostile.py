"""Blobs from hostile hands give clean errors: nothing runs, nothing grows without bound."""

import contextlib
import pickle

import msgpack
import numpy as np
import pytest
from frames.payloads import CountingPayloads

from nacre.codec import pack
from nacre.errors import CorruptionError, NacreError
from nacre_adapters.flowstore.codecs import Codecs, Encoded, Limits, NotStorable

ODD_NODES = [
    {"tuple": 5},
    {"tuple": [], "list": []},
    {"unknown": []},
    {5: []},
    {},
    {"int": ["5"]},
    {"int": []},
    {"fraction": [1, 0]},
    {"fraction": [1.5, 2]},
    {"dict": [1]},
    {"dict": [[1], 2]},
    {"set": [[1]]},
    {"counter": [1, 2, 3]},
    {"deque": ["a"]},
    {"deque": []},
    {"range": [1, 2, 0]},
    {"range": ["a"]},
    {"text": [b"\xff"]},
    {"text": [5]},
    {"bytes": [None]},
    {"cell": [b"\xc1"]},
    {"cell": [b""]},
    {"cell": [msgpack.packb([1, 2])]},
    {"array": []},
    {"array": ["<f8", [1 << 60], b""]},
    {"array": ["<f8", [-1], b""]},
    {"array": ["|V0", [1 << 60], b""]},
    {"array": ["|O", [1], b"12345678"]},
    {"array": [[["a", "|O"]], [1], b"12345678"]},
    {"array": ["no dtype", [1], b"1"]},
    {"array": ["object", [5], [1]]},
    {"array": ["<U1", [1], b"\xff" * 4]},
    {"array": [[["a", "<U1"], ["b", "|b1"]], [1], b"\xff" * 5]},
    {"array": ["<f8", [1 << 62, 1 << 62], b""]},
    {"array": ["<f8", [1] * 100, bytes(8)]},
    {"fraction": [{"int": [b"\1" * 20_000]}, 3]},
    {"file": [b"a", {"unknown": []}]},
    {"pandas-dtype": [5]},
    {
        "cell": [
            msgpack.packb(msgpack.ExtType(2, msgpack.packb(["array", "O", [1 << 40], "C", []])))
        ]
    },
    {"array": ["text", [5], [1]]},
    {"masked": [1, 2, 3, 4]},
    {"matrix": [5]},
    {"frame": [5]},
    {"series": [None]},
    {"dtype": ["|O"]},
    {"enum": ["os.system", "x"]},
    {"dataclass": ["subprocess.Popen", "args", "ls"]},
    {"named-tuple": ["os.stat_result", 1]},
    {"pickle": [pickle.dumps(print), b"code"]},
    {"pickle": []},
]


def stored(content: object) -> Encoded:
    return Encoded(content=content, identity="", size_bytes=0, type="anything")


@pytest.mark.parametrize("node", ODD_NODES, ids=repr)
def test_an_odd_node_is_refused(node) -> None:
    with pytest.raises(NacreError):
        Codecs(CountingPayloads()).decode(stored(node))


BLOBS = {
    "a pickle": pickle.dumps(print),
    "nothing": b"",
    "noise": bytes(range(256)) * 10,
    "10,000 levels of msgpack": b"\x91" * 10_000 + b"\xc0",
    "10,000 levels in an object": pack(["nacre.object", 1, None])[:-1] + b"\x91" * 10_000 + b"\xc0",
    "another version": pack(["nacre.object", 99, None]),
    "a claim of four billion parts": b"\xdd\xff\xff\xff\xff",
}


@pytest.mark.parametrize("data", BLOBS.values(), ids=BLOBS.keys())
@pytest.mark.parametrize("tag", ["object", "frame", "series", "array", "index", "column"])
def test_another_blob_in_the_place_of_an_object_is_refused(data: bytes, tag: str) -> None:
    payloads = CountingPayloads()
    digest = payloads.put_blob(data)
    parts = {"array": ["<f8", [3], digest], "series": [digest, None]}
    content = digest if tag == "object" else {tag: parts.get(tag, [digest])}

    with pytest.raises(CorruptionError):
        Codecs(payloads).decode(stored(content))


def test_nesting_has_a_limit() -> None:
    node: object = None
    for _ in range(5000):
        node = {"tuple": [node]}

    with pytest.raises(CorruptionError, match="nested deeper"):
        Codecs(CountingPayloads()).decode(stored(node))


def test_a_blob_that_is_named_a_thousand_times_is_a_bomb() -> None:
    payloads = CountingPayloads()
    digest = payloads.put_blob(bytes(1 << 20))
    bomb = [{"bytes": [digest]}] * 1000

    with pytest.raises(CorruptionError, match="more than 67,108,864 bytes"):
        Codecs(payloads, limits=Limits(size_bytes=1 << 26)).decode(stored(bomb))


def test_a_tree_of_many_parts_is_refused() -> None:
    with pytest.raises(CorruptionError, match="more than 1,000 parts"):
        Codecs(CountingPayloads(), limits=Limits(items=1000)).decode(stored([None] * 2000))


def test_a_blob_of_too_many_parts_is_not_even_unpacked() -> None:
    payloads = CountingPayloads()
    digest = payloads.put_blob(pack(["nacre.object", 1, [None] * 5000]), manifest=True)

    with pytest.raises(CorruptionError, match="too many"):
        Codecs(payloads, limits=Limits(tree_bytes=1000)).decode(stored(digest))


def test_empty_lists_that_take_a_hundred_times_their_bytes_are_refused() -> None:
    payloads = CountingPayloads()
    data = pack(["nacre.object", 1, None])[:-1] + b"\xdd" + (10_000).to_bytes(4, "big")
    digest = payloads.put_blob(data + b"\x90" * 10_000)

    with pytest.raises(CorruptionError, match="more than 5,000 parts"):
        Codecs(payloads, limits=Limits(items=5000)).decode(stored(digest))


def test_what_was_written_within_the_limits_is_read() -> None:
    payloads = CountingPayloads()
    value = [({n}, (n,), np.zeros((1, 1, 1))) for n in range(50)]
    needed = next(
        items
        for items in range(100, 5000, 10)
        if is_taken(Codecs(payloads, limits=Limits(items=items)), value)
    )
    codecs = Codecs(payloads, limits=Limits(items=needed))

    assert len(codecs.decode(codecs.encode(value))) == 50


def is_taken(codecs: Codecs, value: object) -> bool:
    try:
        codecs.encode(value)
    except NotStorable:
        return False
    return True


def test_no_byte_that_is_flipped_raises_anything_else() -> None:
    payloads = CountingPayloads()
    codecs = Codecs(payloads)
    value = {"a": (1, 2.5), "b": [np.arange(400), {"c": frozenset({b"x"})}], "d": "text" * 200}
    digest = codecs.encode([value] * 4).content
    data = payloads.blobs[digest]

    for place in range(0, len(data), 3):
        payloads.blobs[digest] = data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :]
        with contextlib.suppress(NacreError):
            codecs.decode(stored(digest))
