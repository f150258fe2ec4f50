"""What is read in the metadata of a trajectory: JSON text, kept as it was given."""

import json
from typing import NamedTuple

Weight = str | float | int


class Tally(NamedTuple):
    """What is counted over all trajectories."""

    ended: int
    converged: int
    steps: float


NOTHING = Tally(0, 0, 0)


def decoded(text: str) -> object:
    """Return what the text holds; None when it is not JSON."""
    try:
        return json.loads(text)
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
        ValueError: it is not JSON.
        TypeError: it is JSON, but no object.
    """
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise TypeError(f"the metadata is a {type(fields).__name__}: a weight needs a JSON object")
    fields["weight"] = weight
    return json.dumps(fields)


def _number(value: object) -> float:
    """Return a value as SQL counts it: text that is no number is 0."""
    if isinstance(value, bool | int | float):
        return value
    try:
        return float(value) if isinstance(value, str) else 0
    except ValueError:
        return 0
