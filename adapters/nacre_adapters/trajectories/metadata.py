"""What is read in the metadata of a trajectory: JSON text, kept as it was given."""

import json
import math
import re
from typing import NamedTuple

Weight = str | float | int

_DEEPEST = 100
_MOST_STEPS = 1 << 40  # what any number of trajectories adds up to then fits in 64 bits
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[][{}]', re.DOTALL)


class Tally(NamedTuple):
    """What is counted over all trajectories."""

    ended: int
    converged: int
    steps: float


NOTHING = Tally(0, 0, 0)


def decoded(text: str) -> object:
    """Return what the text holds; None when it is not JSON, or nested too deep."""
    try:
        return _loaded(text)
    except ValueError:
        return None


def tally_of(text: str) -> Tally | None:
    """Return what the metadata adds to the counts; None when it is no JSON object."""
    fields = decoded(text)
    if not isinstance(fields, dict):
        return None
    return Tally(
        bool(_number(fields.get("ended"))),
        bool(_number(fields.get("converged"))),
        _number(fields.get("nstep_compute")),
    )


def with_weight(text: str, weight: Weight) -> str:
    """Return the metadata with its key `weight` set.

    Raises:
        ValueError: it is not JSON, or nested too deep.
        TypeError: it is JSON, but no object.
    """
    fields = _loaded(text)
    if not isinstance(fields, dict):
        raise TypeError(f"the metadata is a {type(fields).__name__}: a weight needs a JSON object")
    fields["weight"] = weight
    return json.dumps(fields)


def _loaded(text: str) -> object:
    # How deep the interpreter can go depends on who calls: a view must not.
    if _depth(text) > _DEEPEST:
        raise ValueError(f"the metadata is nested deeper than {_DEEPEST}")
    return json.loads(text)


def _depth(text: str) -> int:
    """Return how deep a text is nested, or at most how deep when that is little."""
    most = text.count("[") + text.count("{")
    if most <= _DEEPEST:
        return most
    depth = most = 0
    for found in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        most = max(most, depth)
    return most


def _number(value: object) -> float:
    """Return a value as SQL counts it: what is no number, or none of steps, is 0."""
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return 0
    if not isinstance(number, bool | int | float):
        return 0
    # Not a number and infinity would stay in the sum for good.
    is_countable = -_MOST_STEPS <= number <= _MOST_STEPS and not math.isnan(number)
    return number if is_countable else 0
