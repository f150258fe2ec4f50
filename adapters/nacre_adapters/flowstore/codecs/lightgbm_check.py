"""A model of lightgbm is looked at in full before its C++ reads it, which trusts what it reads.

It reads as many numbers as a count says, wherever the line ends, and walks trees wherever they
point. So every count, every line and every tree is checked here first.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np

from nacre_adapters.flowstore.codecs.native_trees import Numbers, are_offsets, are_within, is_tree

Lines = Mapping[str, str]

_LINE = re.compile(r"([a-z_]+)(?:=(.*))?")
_PARAMETER = re.compile(r"\[[a-z_0-9]+: [^\n]*\]")
_OBJECTIVE = re.compile(r"[a-z_0-9]+( [a-z_]+(:[-+.0-9einfa]+)?)*")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?([eE][-+]?\d{1,4})?|inf|nan)")
_DIGIT = re.compile("[1-9]")
_LEAST = float(np.finfo(np.float64).tiny)
_INFO = re.compile(rf"none|\[{_NUMBER.pattern}:{_NUMBER.pattern}\]|-?\d+(:-?\d+)*")
_END = "end of trees\n"
_TREE_INTEGERS = ("split_feature", "decision_type", "left_child", "right_child")
_OF_SPLITS = ("split_gain", "threshold", "internal_value", "internal_weight", "internal_count")
_OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_CLASSES = re.compile(r"num_class:(\d+)")


def check(text: str) -> None:
    """Check a model that lightgbm wrote with `model_to_string`.

    Raises:
        ValueError: what it says does not fit together.
    """
    try:
        _check(text)
    except (KeyError, IndexError, OverflowError) as error:
        raise ValueError(f"the model has no {error}") from error


def _check(text: str) -> None:
    _need(text.startswith("tree\n") and "\r" not in text and "\0" not in text, "first line")
    head, gap, rest = text.partition("\n\n")
    lines = _lines(head.split("\n")[1:])
    columns = _check_header(lines)
    sizes = _integers(lines["tree_sizes"]).tolist()
    _need(all(size > 0 for size in sizes), "tree_sizes")
    data = rest.encode()
    ends = list(accumulate(sizes, initial=0))
    blocks = [data[start:stop].decode() for start, stop in pairwise(ends)]
    each = int(lines["num_tree_per_iteration"])
    _need(bool(gap) and len(blocks) % each == 0, "tree_sizes")
    for number, block in enumerate(blocks):
        _check_block(block, number, columns)
    _check_tail(data[ends[-1] :].decode())


def _check_header(lines: Lines) -> int:
    """Check what all trees share; return how many columns go in."""
    columns = _count(lines, "max_feature_idx") + 1
    classes, each = _count(lines, "num_class"), _count(lines, "num_tree_per_iteration")
    _need(classes > 0 and each in (1, classes), "num_class")
    _count(lines, "label_index")
    for name in ("feature_names", "feature_infos"):
        _need(len(lines[name].split(" ")) == columns, name)
    infos = lines["feature_infos"].split(" ")
    _need(all(_INFO.fullmatch(info) for info in infos), "feature_infos")
    if "monotone_constraints" in lines:
        _need(len(_integers(lines["monotone_constraints"])) == columns, "monotone_constraints")
    objective = lines.get("objective", "none")
    stated = _CLASSES.findall(objective)
    _need(bool(_OBJECTIVE.fullmatch(objective)), "objective")
    _need(all(int(number) == classes == each for number in stated), "num_class")
    return columns


def _check_block(block: str, number: int, columns: int) -> None:
    _need(block.startswith(f"Tree={number}\n") and block.endswith("\n\n"), "tree")
    tree = _lines(block.rstrip("\n").split("\n")[1:])
    leaves = _count(tree, "num_leaves")
    _need(leaves > 0, "num_leaves")
    _floats(tree.get("shrinkage", "1"), 1, "shrinkage")
    _check_splits(tree, leaves, columns)
    for name in _OF_LEAVES:
        # A tree that is one leaf may leave all but the value of it away.
        may_lack = leaves == 1 and name != "leaf_value" and not tree[name]
        _floats(tree[name], 0 if may_lack else leaves, name)
    if tree.get("is_linear", "0") != "0":
        _check_linear(tree, leaves, columns)


def _check_splits(tree: Lines, leaves: int, columns: int) -> None:
    splits = leaves - 1
    integers = {name: _integers(tree[name]) for name in _TREE_INTEGERS}
    for name, values in integers.items():
        _need(len(values) == splits, name)
    for name in _OF_SPLITS:
        _floats(tree[name], splits, name)
    _need(are_within(integers["split_feature"], columns), "split_feature")
    kinds = integers["decision_type"]
    _need(are_within(kinds, 12), "decision_type")
    if splits:
        _check_ways(integers["left_child"], integers["right_child"], leaves)
    _check_sets(tree, np.flatnonzero(kinds & 1))


def _check_ways(left: Numbers, right: Numbers, leaves: int) -> None:
    """Nodes of splits come first, then leaves; a leaf is told by the number that it inverts."""
    splits = leaves - 1
    for side in (left, right):
        _need(are_within(np.where(side < 0, ~side, side + leaves), leaves + splits), "child")
        _need(are_within(~side[side < 0], leaves), "child")
    sides = [np.where(side < 0, splits + ~side, side) for side in (left, right)]
    padded = [np.concatenate([side, np.zeros(leaves, np.int64)]) for side in sides]
    is_leaf = np.arange(splits + leaves) >= splits
    _need(is_tree(padded[0], padded[1], is_leaf, splits + leaves), "tree")


def _check_sets(tree: Lines, categorical: Numbers) -> None:
    count = _count(tree, "num_cat")
    if not count:
        _need(not len(categorical), "num_cat")
        return
    starts, members = _integers(tree["cat_boundaries"]), _integers(tree["cat_threshold"])
    _need(len(starts) == count + 1 and are_offsets(starts, len(members)), "cat_boundaries")
    _need(are_within(members, 1 << 32), "cat_threshold")
    thresholds = tree["threshold"].split(" ")
    chosen = _integers(" ".join(thresholds[at] for at in categorical.tolist()))
    _need(are_within(chosen, count), "threshold")


def _check_linear(tree: Lines, leaves: int, columns: int) -> None:
    _need(tree["is_linear"] == "1", "is_linear")
    _precise(tree["leaf_const"], leaves, "leaf_const")
    counts = _integers(tree["num_features"])
    _need(len(counts) == leaves and bool((counts >= 0).all()), "num_features")
    total = int(counts.sum())
    chosen = _integers(" ".join(tree["leaf_features"].split()))
    _need(len(chosen) == total and are_within(chosen, columns), "leaf_features")
    _precise(" ".join(tree["leaf_coeff"].split()), total, "leaf_coeff")


def _check_tail(tail: str) -> None:
    """Check what stands behind the trees: how much each column counted, and the parameters."""
    _need(tail.startswith(_END), "end of trees")
    before, found, after = tail.partition("\nparameters:\n")
    _need("parameters:" not in before, "parameters")
    if found:
        given, end, _ = after.partition("\nend of parameters\n")
        _need(bool(end), "end of parameters")
        named = [line for line in given.split("\n") if line]
        _need(all(_PARAMETER.fullmatch(line) for line in named), "parameters")


def _lines(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in given:
        matched = _LINE.fullmatch(line)
        if matched is None or matched[1] in found:
            raise ValueError(f"the model has a line that is none or twice there: {line!r:.60}")
        found[matched[1]] = matched[2] or ""
    return found


def _count(lines: Lines, name: str) -> int:
    found = lines[name]
    _need(found.isascii() and found.isdigit() and len(found) < 10, name)
    return int(found)


def _integers(text: str) -> Numbers:
    return np.array(text.split(" ") if text else [], np.int64)


def _floats(text: str, count: int, name: str) -> None:
    numbers = text.split(" ") if text else []
    _need(len(numbers) == count, name)
    _need(all(_NUMBER.fullmatch(number) for number in numbers), name)


def _precise(text: str, count: int, name: str) -> None:
    """Check numbers that lightgbm reads exactly, and ends the process for those no float is."""
    _floats(text, count, name)
    for number in text.split(" ") if text else []:
        size = abs(float(number))
        is_nought = size == 0 and not _DIGIT.search(number.lower().partition("e")[0])
        is_stated = number.lstrip("+-") in ("inf", "nan")
        _need(is_nought or is_stated or _LEAST <= size < np.inf, name)


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"the model has no fitting {what}")
