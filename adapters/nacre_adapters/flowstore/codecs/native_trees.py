"""Trees that C++ walks without a look at where they point: look before, level by level."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.integer]

_LEVELS = 10_000  # of a tree: what goes down in C++ by calling itself has a stack for these


def is_tree(left: Numbers, right: Numbers, leaf: npt.NDArray[np.bool_], count: int) -> bool:
    """Tell whether every way from the first node ends in a leaf, and no two ways meet.

    Args:
        left: the node on the left of each inner node; what it is of a leaf does not matter.
        right: the same of the right.
        leaf: whether each node is a leaf.
        count: how many nodes there are.
    """
    seen = np.zeros(count, bool)
    level = np.zeros(1, np.int64)
    for _ in range(_LEVELS):
        if not are_within(level, count) or seen[level].any():
            return False
        seen[level] = True
        inner = level[~leaf[level]]
        if not len(inner):
            return True
        level = np.concatenate([left[inner], right[inner]]).astype(np.int64)
        if len(np.unique(level)) != len(level):
            return False
    return False


def are_within(values: Numbers, stop: int) -> bool:
    """Tell whether all are at least nought and below `stop`."""
    return bool(((values >= 0) & (values < stop)).all())


def are_offsets(values: Numbers, stop: int) -> bool:
    """Tell whether these part `stop` things into runs: from nought, never back, to the end."""
    return bool(
        len(values) and values[0] == 0 and values[-1] == stop and (values[1:] >= values[:-1]).all()
    )
