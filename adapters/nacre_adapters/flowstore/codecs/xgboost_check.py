"""A model of xgboost is looked at in full before its C++ reads it, which trusts what it reads.

A tree that points behind its nodes, a list that is shorter than it should be, or a count that does
not fit would be read outside of memory, when the model is loaded or when it predicts.
"""

import re
from itertools import pairwise
from typing import cast

import numpy as np

from nacre_adapters.flowstore.codecs import ubj
from nacre_adapters.flowstore.codecs.native_trees import Numbers, are_offsets, are_within, is_tree

Object = dict[str, ubj.Tree]

_COUNT = re.compile(r"\d{1,9}")
_SCORES = re.compile(r"\[?[-+.0-9eE]{1,40}(,[-+.0-9eE]{1,40})*\]?")
_CATEGORIES = 1 << 24  # xgboost itself has no more
_EXPANSION = 200 * 8  # bits of sets of categories, for each byte of the model
_NO_PARENT = (-1, (1 << 31) - 1)
_OF_NODES = {
    "left_children": "i4",
    "right_children": "i4",
    "parents": "i4",
    "split_conditions": "f4",
    "default_left": "u1",
    "split_type": "u1",
    "sum_hessian": "f4",
    "loss_changes": "f4",
}


def check(raw: bytes) -> None:
    """Check a model that xgboost wrote with `save_raw("ubj")`.

    Raises:
        ValueError: what it says does not fit together.
    """
    try:
        learner = _object(_object(ubj.read(raw)), "learner")
        sizes = _Sizes(learner)
        _check_names(learner, sizes)
        _check_booster(_object(learner, "gradient_booster"), sizes, len(raw))
    except (KeyError, TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"the model has no {error}") from error


class _Sizes:
    """How many columns go in, and how many numbers come out."""

    def __init__(self, learner: Object) -> None:
        given = _object(learner, "learner_model_param")
        self.columns = _count(given, "num_feature")
        classes = _count(given, "num_class")
        self.groups = max(classes, _count(given, "num_target") if "num_target" in given else 1, 1)
        scores = given["base_score"]
        _need(isinstance(scores, str) and bool(_SCORES.fullmatch(scores)), "base_score")
        assert isinstance(scores, str)
        _need(scores.count(",") + 1 in (1, self.groups), "base_score")
        objective = _object(learner, "objective")
        if "softmax_multiclass_param" in objective:
            stated = _count(_object(objective, "softmax_multiclass_param"), "num_class")
            _need(stated == classes > 0, "num_class")


def _check_names(learner: Object, sizes: _Sizes) -> None:
    for key in ("feature_names", "feature_types"):
        found = learner.get(key, [])
        _need(isinstance(found, list) and len(found) in (0, sizes.columns), key)
        _need(all(isinstance(name, str) for name in cast("list[object]", found)), key)
    attributes = _object(learner, "attributes")
    _need(all(isinstance(value, str) for value in attributes.values()), "attributes")


def _check_booster(booster: Object, sizes: _Sizes, size_bytes: int) -> None:
    name = booster["name"]
    if name == "gblinear":
        weights = _numbers(_object(booster, "model")["weights"], "f4")
        _need(len(weights) == (sizes.columns + 1) * sizes.groups, "weights")
    elif name == "dart":
        inner = _object(booster, "gbtree")
        _need(inner["name"] == "gbtree", "name")
        count = _check_forest(_object(inner, "model"), sizes, size_bytes)
        _need(len(_numbers(booster["weight_drop"], "f4")) == count, "weight_drop")
    else:
        _need(name == "gbtree", "name")
        _check_forest(_object(booster, "model"), sizes, size_bytes)


def _check_forest(model: Object, sizes: _Sizes, size_bytes: int) -> int:
    """Check the trees of a model; return how many there are."""
    given = _object(model, "gbtree_model_param")
    count, trees = _count(given, "num_trees"), model["trees"]
    _need(_count(given, "num_parallel_tree") > 0 or not count, "num_parallel_tree")
    _need(isinstance(trees, list) and len(trees) == count, "trees")
    groups = _numbers(model["tree_info"], "i4")
    _need(len(groups) == count and are_within(groups, sizes.groups), "tree_info")
    _need(are_offsets(_numbers(model["iteration_indptr"], "i4"), count), "iteration_indptr")
    if "cats" in model:
        _check_categories(_object(model, "cats"), sizes.columns)
    ids = [_object(tree)["id"] for tree in cast("list[ubj.Tree]", trees)]
    _need(ids == list(range(count)), "id")  # where xgboost puts the tree
    bits = sum(_check_tree(_object(tree), sizes) for tree in cast("list[ubj.Tree]", trees))
    _need(bits <= _EXPANSION * (size_bytes + (1 << 16)), "categories")
    return count


def _check_tree(tree: Object, sizes: _Sizes) -> int:
    """Check one tree; return how many bits its sets of categories take."""
    given = _object(tree, "tree_param")
    count, width = _count(given, "num_nodes"), max(_count(given, "size_leaf_vector"), 1)
    features = _count(given, "num_feature")
    _need(count > 0 and features <= sizes.columns, "tree_param")
    _need(_count(given, "num_deleted") < count, "num_deleted")
    nodes = {name: _typed(tree, name, form) for name, form in _OF_NODES.items()}
    for name, values in nodes.items():
        _need(len(values) == count, name)
    left, right = nodes["left_children"], nodes["right_children"]
    leaf = left == -1
    _need(is_tree(left, right, leaf, count), "root that every node hangs on")
    _check_parents(nodes["parents"])
    inner = np.flatnonzero(~leaf)
    for side in (left, right):
        _need(bool((side[inner] > inner).all()) and are_within(side[inner], count), "children")
        _need(bool((nodes["parents"][side[inner]] == inner).all()), "parents")
    columns = _typed(tree, "split_indices", "i4", "i8")
    _need(len(columns) == count and are_within(columns[inner], features), "split_indices")
    _check_leaves(tree, right[leaf], count, width)
    _need(width in (1, sizes.groups), "size_leaf_vector")
    return _check_sets(tree, nodes["split_type"])


def _check_parents(parents: Numbers) -> None:
    """What goes up has to end too, also from nodes that no way down leads to any more."""
    _need(int(parents[0]) in _NO_PARENT, "parents")
    above = parents[1:]
    _need(bool(((above >= 0) & (above <= np.arange(len(above)))).all()), "parents")


def _check_leaves(tree: Object, right: Numbers, count: int, width: int) -> None:
    weights = _typed(tree, "base_weights", "f4")
    _need(len(weights) == count * width, "base_weights")
    if width == 1:
        _need(bool((right == -1).all()), "right_children")
    elif "leaf_weights" in tree:
        leaves = len(_typed(tree, "leaf_weights", "f4"))
        _need(leaves % width == 0 and are_within(right, leaves // width), "leaf_weights")


def _check_sets(tree: Object, kinds: Numbers) -> int:
    nodes = _typed(tree, "categories_nodes", "i4")
    starts = _typed(tree, "categories_segments", "i8")
    sizes = _typed(tree, "categories_sizes", "i8")
    members = _typed(tree, "categories", "i4")
    _need(are_within(kinds, 2), "split_type")
    _need(np.array_equal(np.flatnonzero(kinds), nodes), "categories_nodes")
    _need(len(nodes) == len(starts) == len(sizes), "categories_segments")
    ends = np.concatenate([[0], np.cumsum(sizes)])
    _need(bool((sizes > 0).all()) and are_within(sizes, len(members) + 1), "categories_sizes")
    _need(np.array_equal(ends[:-1], starts) and ends[-1] == len(members), "categories_segments")
    _need(are_within(members, _CATEGORIES), "categories")
    return int(np.maximum.reduceat(members, starts).sum()) if len(nodes) else 0


def _check_categories(given: Object, columns: int) -> None:
    """Check the names of categories that the model was trained with."""
    named = given["enc"]
    starts = _typed(given, "feature_segments", "i4")
    order = _typed(given, "sorted_idx", "i4")
    _need(isinstance(named, list) and len(named) in (0, columns), "enc")
    if not named:
        _need(len(order) == 0 and len(starts) in (0, columns + 1) and not starts.any(), "enc")
        return
    _need(len(starts) == columns + 1 and are_offsets(starts, len(order)), "feature_segments")
    pairs = pairwise(starts.tolist())
    for each, (start, stop) in zip(cast("list[ubj.Tree]", named), pairs, strict=True):
        _need(_names(_object(each)) == stop - start, "enc")
        _need(are_within(order[start:stop], stop - start), "sorted_idx")


def _names(column: Object) -> int:
    """Return how many categories a column has."""
    values = column["values"]
    sized = values if isinstance(values, np.ndarray | list) else []
    if "offsets" not in column:
        return len(sized)
    offsets = _numbers(column["offsets"], "i4")
    if not len(offsets):
        _need(not len(sized), "offsets")
        return 0
    _need(are_offsets(offsets, len(sized)), "offsets")
    return len(offsets) - 1


def _typed(owner: Object, name: str, *forms: str) -> Numbers:
    found = owner[name]
    _need(isinstance(found, np.ndarray) and found.dtype.str[1:] in forms, name)
    assert isinstance(found, np.ndarray)
    return found.astype(found.dtype.newbyteorder("="))


def _numbers(found: ubj.Tree, form: str) -> Numbers:
    """Return numbers, which xgboost writes one by one in some lists."""
    return np.asarray(found, form) if isinstance(found, list) else np.asarray(found).astype(form)


def _object(found: ubj.Tree, name: str | None = None) -> Object:
    value = cast("Object", found)[name] if name is not None else found
    _need(isinstance(value, dict), name or "object")
    return cast("Object", value)


def _count(owner: Object, name: str) -> int:
    found = owner[name]
    _need(isinstance(found, str) and bool(_COUNT.fullmatch(found)), name)
    return int(cast("str", found))


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"the model has no fitting {what}")
