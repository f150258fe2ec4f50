"""Trees of scikit-learn are walked in C without a look at where they point: look before.

A stored tree that points behind its nodes, to itself, or to a column that the model does not have
would read outside of its memory when it predicts.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree._tree import Tree

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.sklearn_vectors import is_whole

Numbers = npt.NDArray[np.int64]


def check_trees(model: object) -> None:
    """Check every tree, support vector and sparse array in a model.

    Raises:
        CorruptionError: one of them points to nowhere, or does not fit the others.
    """
    for owner, found in _parts(model):
        columns = getattr(owner, "n_features_in_", None)
        if isinstance(found, Tree):
            _check(_is_tree(found, columns))
        elif isinstance(found, TreePredictor):
            _check(_is_predictor(found, columns))
        elif isinstance(found, KDTree | BallTree):
            _check(_is_search_tree(found))
        elif not is_whole(found):
            raise CorruptionError("a stored model has arrays that do not fit together")


def _check(is_whole: bool) -> None:
    if not is_whole:
        raise CorruptionError("a stored model has a tree that points outside of itself")


def _parts(model: object) -> Iterator[tuple[object, object]]:
    """Yield every part of a model with the estimator that it belongs to."""
    seen: set[int] = set()
    ahead: list[tuple[object, object]] = [(None, model)]
    while ahead:
        owner, found = ahead.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield owner, found
        here = found if hasattr(found, "n_features_in_") else owner
        ahead += [(here, part) for part in _inside(found)]


def _inside(found: object) -> list[object]:
    if isinstance(found, list | tuple | set):
        return list(found)
    if isinstance(found, dict):
        return list(found.values())
    if isinstance(found, np.ndarray):
        return list(found.flat) if found.dtype == object else []
    return list(getattr(found, "__dict__", {}).values())


def _is_tree(tree: Tree, columns: object) -> bool:
    state = tree.__getstate__()
    nodes = state["nodes"]
    left, right = nodes["left_child"], nodes["right_child"]
    is_leaf = left == -1
    same = columns is None or columns == tree.n_features
    return bool(
        same
        and len(nodes) == state["node_count"] == len(state["values"])
        and (right[is_leaf] == -1).all()
        and _are_below(left, right, ~is_leaf)
        and _are_within(nodes["feature"][~is_leaf], tree.n_features)
    )


def _is_predictor(tree: TreePredictor, columns: object) -> bool:
    nodes = tree.nodes
    inner = nodes["is_leaf"] == 0
    sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    widths = (tree.raw_left_cat_bitsets, tree.binned_left_cat_bitsets)
    return bool(
        isinstance(columns, int)
        and len(nodes)
        and _are_below(nodes["left"].astype("i8"), nodes["right"].astype("i8"), inner)
        and _are_within(nodes["feature_idx"][inner], columns)
        and all(width.shape[1:] == (8,) and _are_within(sets, len(width)) for width in widths)
    )


def _is_search_tree(tree: KDTree | BallTree) -> bool:
    data, order, nodes, bounds, _, levels, count = tree.__getstate__()[:7]
    numbers = np.arange(len(nodes))
    inner = nodes["is_leaf"] == 0
    return bool(
        0 < levels < 64
        and count == len(nodes) == bounds.shape[1] == 2**levels - 1
        and bounds.shape[2] == data.shape[1]
        and len(order) == len(data)
        and _are_within(order, len(data))
        and _are_within(nodes["idx_end"], len(data) + 1)
        and ((nodes["idx_start"] >= 0) & (nodes["idx_start"] <= nodes["idx_end"])).all()
        and (2 * numbers[inner] + 2 < count).all()
    )


def _are_below(left: Numbers, right: Numbers, inner: Numbers) -> bool:
    """Tell whether children stand behind their parents, so that every walk ends."""
    numbers = np.arange(len(inner))[inner]
    return all(
        bool(((side[inner] > numbers) & (side[inner] < len(inner))).all()) for side in (left, right)
    )


def _are_within(values: Numbers, stop: int) -> bool:
    return bool(((values >= 0) & (values < stop)).all())
