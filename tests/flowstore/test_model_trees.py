"""A model whose trees point to nowhere is refused before anything walks them."""

import numpy as np
import pytest
from frames.payloads import CountingPayloads
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import BallTree, KDTree, KNeighborsClassifier

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import Codecs

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(80, 4)
Y = (X[:, 0] > 0.5).astype(int)


def forest(field: str, node: int, value: int):
    model = RandomForestClassifier(2, random_state=0).fit(X, Y)
    tree = model.estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"][field][node] = value
    tree.__setstate__(state)
    return model


def boosting(field: str, node: int, value: int):
    model = HistGradientBoostingClassifier(max_iter=2).fit(X, Y)
    model._predictors[0][0].nodes[field][node] = value
    return model


def neighbours(kind, part: int, change):
    model = KNeighborsClassifier().fit(X, Y)
    tree = kind(X, leaf_size=10)
    state = list(tree.__getstate__())
    state[part] = change(np.array(state[part]) if part < 4 else state[part])
    tree.__setstate__(tuple(state))
    model._tree = tree
    return model


def other_columns():
    model = forest("left_child", 0, 1)
    model.estimators_[0].n_features_in_ = 2
    return model


def with_end(nodes):
    nodes["idx_end"][0] = 10_000
    return nodes


HOSTILE = {
    "a child outside": lambda: forest("left_child", 0, 10_000),
    "a child before": lambda: forest("right_child", 1, 0),
    "a child of itself": lambda: forest("left_child", 0, 0),
    "a negative child": lambda: forest("right_child", 0, -7),
    "a column that is not there": lambda: forest("feature", 0, 99),
    "a tree of other columns": other_columns,
    "a boosted child outside": lambda: boosting("left", 0, 10_000),
    "a boosted circle": lambda: boosting("right", 0, 0),
    "a boosted column": lambda: boosting("feature_idx", 0, 99),
    "a search tree of no rows": lambda: neighbours(KDTree, 1, lambda order: order + 10_000),
    "a search tree of negative rows": lambda: neighbours(KDTree, 1, lambda order: order - 50),
    "a search tree with an end outside": lambda: neighbours(BallTree, 2, with_end),
    "a search tree of other levels": lambda: neighbours(KDTree, 5, lambda levels: levels + 5),
    "a search tree of more nodes": lambda: neighbours(KDTree, 6, lambda count: count + 99),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_tree_that_points_to_nowhere_is_refused(make) -> None:
    codecs = Codecs(CountingPayloads())
    stored = codecs.encode({"model": make()})

    with pytest.raises(CorruptionError, match="points outside of itself"):
        codecs.decode(stored)


@pytest.mark.parametrize("kind", [KDTree, BallTree])
@pytest.mark.parametrize("rows", [1, 2, 11, 80])
def test_a_search_tree_of_any_size_is_taken(kind, rows: int) -> None:
    codecs = Codecs(CountingPayloads())
    tree = kind(X[:rows], leaf_size=1)

    back = codecs.decode(codecs.encode({"tree": tree}))["tree"]

    assert np.array_equal(back.query(X, 1)[1], tree.query(X, 1)[1])
