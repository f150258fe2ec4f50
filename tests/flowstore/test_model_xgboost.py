"""A model of xgboost that does not fit together is refused before xgboost reads it."""

import random
import struct

import numpy as np
import pandas as pd
import pytest
from frames.payloads import CountingPayloads

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import Codecs, Encoded, ubj
from nacre_adapters.flowstore.codecs.xgboost_check import check

xgb = pytest.importorskip("xgboost")

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(80, 4)
Y = (X[:, 0] > 0.5).astype(int)
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(
    a=pd.Categorical(RANDOM.choice(["x", "y", "z"], 80)),
    b=pd.Categorical(RANDOM.choice([5, 7], 80)),
)
PLAIN = xgb.DMatrix(X, Y)
NAMED = xgb.DMatrix(FRAME, Y, enable_categorical=True)
TWO = xgb.DMatrix(X, np.column_stack([Y, Y * 2.0]))

KINDS = {
    "trees": ({"max_depth": 3}, PLAIN),
    "pruned": ({"tree_method": "exact", "gamma": 0.5}, PLAIN),
    "leaf by leaf": ({"grow_policy": "lossguide", "max_leaves": 20}, PLAIN),
    "a forest": ({"num_parallel_tree": 3, "subsample": 0.5}, PLAIN),
    "classes, dropped": (
        {"booster": "dart", "rate_drop": 0.5, "objective": "multi:softprob", "num_class": 3},
        PLAIN,
    ),
    "linear": ({"booster": "gblinear"}, PLAIN),
    "quantiles": ({"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}, PLAIN),
    "categories": ({"max_depth": 3, "max_cat_to_onehot": 1}, NAMED),
    "two targets": ({"max_depth": 2}, TWO),
    "trees of two targets": (
        {"multi_strategy": "multi_output_tree", "tree_method": "hist"},
        TWO,
    ),
}


def trained(name: str):
    settings, matrix = KINDS[name]
    return xgb.train({"nthread": 1, **settings}, matrix, 2), matrix


def raw_of(name: str) -> bytes:
    return bytes(trained(name)[0].save_raw("ubj"))


@pytest.mark.parametrize("name", KINDS)
def test_a_model_of_any_kind_comes_back(name: str) -> None:
    codecs = Codecs(CountingPayloads())
    model, matrix = trained(name)

    back = codecs.decode(codecs.encode(model))

    assert np.array_equal(back.predict(matrix), model.predict(matrix))


def entry(raw: bytes, name: str, at: int, size: int) -> int:
    """Return where the entry `at` of the first array of that name stands."""
    return raw.index(name.encode() + b"[$") + len(name) + 4 + 9 + at * size


def altered(of: str, name: str, at: int, number: int) -> bytes:
    raw = bytearray(raw_of(of))
    start = entry(raw, name, at, 4)
    raw[start : start + 4] = struct.pack(">i", number)
    return bytes(raw)


def replaced(of: str, name: str, value: str) -> bytes:
    """Give a parameter, which is a text, another value as long as the one it has."""
    raw = raw_of(of)
    start = raw.index(name.encode() + b"SL") + len(name) + 10
    return raw[:start] + value.encode() + raw[start + len(value) :]


HOSTILE = {
    "a child outside": lambda: altered("trees", "left_children", 0, 10_000),
    "a child of itself": lambda: altered("trees", "right_children", 0, 0),
    "a negative child": lambda: altered("trees", "left_children", 0, -7),
    "a leaf that the root loses": lambda: altered("trees", "left_children", 0, -1),
    "a parent that is none": lambda: altered("trees", "parents", 1, 5),
    "a parent of nobody's child": lambda: altered("pruned", "parents", 4, -1),
    "a root with a parent": lambda: altered("trees", "parents", 0, 1),
    "a column that is not there": lambda: altered("trees", "split_indices", 0, 99),
    "a negative column": lambda: altered("trees", "split_indices", 0, -2),
    "fewer columns": lambda: replaced("trees", "num_feature", "0"),
    "more nodes": lambda: replaced("trees", "num_nodes", "9"),
    "more trees": lambda: replaced("trees", "num_trees", "9"),
    "a tree at the place of another": lambda: raw_of("trees").replace(b"idi\0", b"idi\1"),
    "wider leaves": lambda: replaced("trees", "size_leaf_vector", "7"),
    "no classes": lambda: replaced("classes, dropped", "num_class", "0"),
    "a category outside": lambda: altered("categories", "categories", 0, 1 << 30),
    "a negative category": lambda: altered("categories", "categories", 0, -1),
    "categories of no node": lambda: altered("categories", "categories_nodes", 0, 99),
    "an order outside": lambda: altered("categories", "sorted_idx", 0, 99),
    "weights of other columns": lambda: replaced("linear", "num_feature", "9"),
    "a leaf of no weights": lambda: altered("trees of two targets", "right_children", 1, 99),
    "nothing": lambda: b"",
    "no object": lambda: b"[#L" + bytes(8),
    "text": lambda: b'{"learner": {}}',
    "cut off": lambda: raw_of("trees")[:-1],
    "more": lambda: raw_of("trees") + b"}",
    "depth": lambda: b"{L" + bytes(8) + b"[#L\0\0\0\0\0\0\0\1" * 10_000,
    "an array of exabytes": lambda: b"{L" + bytes(8) + b"[$L#L\x7f" + b"\xff" * 7,
    "a negative length": lambda: b"{L" + b"\xff" * 8,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_model_that_does_not_fit_together_is_refused(make) -> None:
    stored = Encoded(
        content={"xgboost": ["Booster", make()]}, identity="", size_bytes=0, type="Booster"
    )

    with pytest.raises(CorruptionError, match="none of xgboost"):
        Codecs(CountingPayloads()).decode(stored)


@pytest.mark.parametrize("name", ["trees", "categories", "classes, dropped"])
def test_any_byte_may_be_another(name: str) -> None:
    raw, random_ = raw_of(name), random.Random(0)
    codecs, (_, matrix) = Codecs(CountingPayloads()), trained(name)
    for _ in range(150):
        changed = bytearray(raw)
        changed[random_.randrange(len(raw))] = random_.randrange(256)
        node = {"xgboost": ["Booster", bytes(changed)]}
        try:
            booster = codecs.decode(Encoded(content=node, identity="", size_bytes=0, type="x"))
            booster.predict(matrix)
        except (CorruptionError, ValueError):  # xgboost's own errors are ValueErrors
            continue


def test_what_is_checked_is_what_xgboost_reads() -> None:
    raw = raw_of("trees")

    check(raw)

    trees = ubj.read(raw)["learner"]["gradient_booster"]["model"]["trees"]
    assert len(trees) == 2
    assert trees[0]["left_children"][0] == 1
