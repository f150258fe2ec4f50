"""A model of lightgbm that does not fit together is refused before lightgbm reads it."""

import re

import numpy as np
import pandas as pd
import pytest
from frames.payloads import CountingPayloads

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import Codecs, Encoded
from nacre_adapters.flowstore.codecs.lightgbm_check import check

lgb = pytest.importorskip("lightgbm")

pytestmark = pytest.mark.filterwarnings("ignore")

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(120, 4)
Y = (X[:, 0] + X[:, 1] > 1).astype(int)
FRAME = pd.DataFrame(X, columns=["a b", "ü", "c", "Ω="]).assign(
    c=pd.Categorical(RANDOM.choice(list(range(40)), 120))
)

KINDS = {
    "trees": ({"num_leaves": 5}, X),
    "two classes": ({"objective": "binary"}, X),
    "classes": ({"objective": "multiclass", "num_class": 3}, X),
    "classes one by one": ({"objective": "multiclassova", "num_class": 2}, X),
    "a forest": ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, X),
    "linear": ({"linear_tree": True}, X),
    "categories": (
        {"max_cat_to_onehot": 1, "cat_smooth": 1, "min_data_per_group": 2, "cat_l2": 0.1},
        FRAME,
    ),
    "leaves only": ({"min_data_in_leaf": 1000}, X),
    "monotone": ({"monotone_constraints": [1, 0, 0, -1]}, X),
    "an objective of its own": (
        {"objective": lambda scores, data: (scores - data.get_label(), np.ones_like(scores))},
        X,
    ),
}


def trained(name: str):
    settings, columns = KINDS[name]
    settings = {"verbose": -1, "min_data_in_leaf": 3, "num_threads": 1, **settings}
    return lgb.train(settings, lgb.Dataset(columns, _wanted(columns)), 2), columns


def _wanted(columns):
    return Y if columns is X else columns["c"].cat.codes.to_numpy() % 2


def text_of(name: str) -> str:
    return str(trained(name)[0].model_to_string(num_iteration=-1))


def sized(text: str) -> str:
    """State the sizes of the trees as they are."""
    trees = text[text.index("\nTree=") + 1 : text.index("end of trees")]
    sizes = [str(len(tree.encode()) + 5) for tree in trees.split("Tree=")[1:]]
    return re.sub("tree_sizes=.*", "tree_sizes=" + " ".join(sizes), text)


@pytest.mark.parametrize("name", KINDS)
def test_a_model_of_any_kind_comes_back(name: str) -> None:
    codecs = Codecs(CountingPayloads())
    model, columns = trained(name)

    back = codecs.decode(codecs.encode(model))

    assert np.array_equal(back.predict(columns), model.predict(columns))


ALTERED = {
    "a child outside": ("trees", r"left_child=\S+", "left_child=99"),
    "a child of itself": ("trees", r"left_child=\S+", "left_child=0"),
    "a leaf outside": ("trees", r"right_child=\S+", "right_child=-99"),
    "fewer children": ("trees", r"left_child=\S+ ", "left_child="),
    "a column that is not there": ("trees", r"split_feature=\S+", "split_feature=9"),
    "a negative column": ("trees", r"split_feature=\S+", "split_feature=-1"),
    "more leaves": ("trees", r"num_leaves=\d+", "num_leaves=50"),
    "no leaves": ("trees", r"num_leaves=\d+", "num_leaves=0"),
    "fewer values": ("trees", r"leaf_value=\S+ ", "leaf_value="),
    "a value that is none": ("trees", r"leaf_value=\S+", "leaf_value=0.1.2"),
    "a leaf without the lines of splits": ("leaves only", r"num_cat=0\n", ""),
    "no counts": ("trees", r"internal_count=", "other="),
    "a line twice": ("trees", r"is_linear=0", "shrinkage=1"),
    "a category of nothing": ("trees", r"decision_type=\d+", "decision_type=1"),
    "sets outside": ("categories", r"cat_boundaries=0 \d+", "cat_boundaries=0 99"),
    "a set that is not there": ("categories", r"num_cat=\d+", "num_cat=0"),
    "fewer columns": ("trees", r"max_feature_idx=3", "max_feature_idx=1"),
    "a span without an end": ("trees", r"infos=\[(\S+):\S+\]", r"infos=[\1]"),
    "more classes": ("classes", r"num_class:3", "num_class:9"),
    "no class": ("classes", r"num_class=3", "num_class=0"),
    "linear leaves without columns": ("trees", r"is_linear=0", "is_linear=1"),
    "linear columns outside": ("linear", r"num_features=0", "num_features=7"),
    "linear values that are too small": ("linear", r"leaf_const=\S+", "leaf_const=1e-310"),
    "linear values that are no float": ("linear", r"leaf_const=\S+", "leaf_const=1e400"),
    "a parameter that is none": ("trees", r"\[boosting: gbdt\]", "[boosting"),
    "parameters without end": ("trees", r"end of parameters", ""),
}


@pytest.mark.parametrize(("of", "old", "new"), ALTERED.values(), ids=ALTERED.keys())
def test_a_model_that_does_not_fit_together_is_refused(of: str, old: str, new: str) -> None:
    text = text_of(of)
    hostile = re.sub(old, new, text, count=1)
    assert hostile != text

    with pytest.raises(CorruptionError, match="none of lightgbm"):
        decoded(sized(hostile).encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[: text.index("end of trees")],
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("tree_sizes=", "tree_sizes=9"),
        lambda text: text.replace("tree_sizes=", "tree_sizes=-"),
        lambda text: text.replace("Tree=1", "Tree=7"),
    ],
)
def test_a_text_of_other_parts_is_refused(change) -> None:
    with pytest.raises(CorruptionError, match="none of lightgbm"):
        decoded(change(text_of("trees")).encode())


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(CorruptionError, match="none of lightgbm"):
        decoded(text_of("trees").encode() + b"\xff")


def test_a_text_that_is_whole_is_taken() -> None:
    for name in KINDS:
        check(sized(text_of(name)))


def decoded(content: bytes) -> object:
    node = {"lightgbm": ["Booster", [content, 0]]}
    return Codecs(CountingPayloads()).decode(
        Encoded(content=node, identity="", size_bytes=0, type="Booster")
    )
