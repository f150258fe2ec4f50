"""How a level of the interface shows what is stored: metadata, weights, and what is missing."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from nacre_adapters.trajectories.arguments import text_of
from nacre_adapters.trajectories.errors import (
    IntegrityError,
    NoResultFound,
    StatementError,
    TrajectoryMissing,
)
from nacre_adapters.trajectories.metadata import Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What differs between the dates of the original."""

    encode: Callable[[object], str]
    """Metadata as callers give it, to the text that is stored."""

    decode: Callable[[str], object]
    """The text that is stored, to metadata as callers get it."""

    weight: Callable[[object], Weight]
    """The weight of an iteration or a trajectory, as it is stored."""

    missing: Callable[[int], Exception]
    """What an update of an unknown trajectory raises."""


def metadata_text(metadata: object) -> str:
    """Return metadata that is text: kept byte for byte."""
    return "" if metadata is None else text_of(metadata, "t_metadata")


def json_text(metadata: object) -> str:
    """Return the JSON of metadata that is any JSON value."""
    try:
        return json.dumps(metadata)
    except (TypeError, ValueError, RecursionError) as error:
        raise StatementError(f"the metadata cannot be stored as JSON: {error}") from error


def decoded_json(text: str) -> object:
    """Return metadata that is any JSON value, decoded anew for each caller."""
    return json.loads(text) if text else None


def weight_text(weight: object) -> str:
    """Return a weight as text: what `str` makes of it, so that a float32 keeps its digits."""
    return str(weight)


def weight_number(weight: object) -> float:
    """Return a weight that is a number, and not NaN."""
    if isinstance(weight, str) or not hasattr(weight, "__float__"):
        raise StatementError(f"the weight {weight!r} is no number")
    try:
        number = float(weight)
    except (TypeError, ValueError, OverflowError) as error:
        raise StatementError(f"the weight cannot be stored: {error}") from error
    if math.isnan(number):
        raise IntegrityError("NOT NULL constraint failed: the weight is NaN")
    return number


def no_row(trajectory: int) -> Exception:
    """Return what the levels that are text raise for an unknown trajectory."""
    return NoResultFound(
        f"No row was found when one was required: there is no trajectory {trajectory}"
    )


def not_found(trajectory: int) -> Exception:
    """Return what the newest level raises for an unknown trajectory."""
    return TrajectoryMissing(f"Trajectory {trajectory} not found !")


TEXT = Level(encode=metadata_text, decode=str, weight=weight_text, missing=no_row)
JSON = Level(encode=json_text, decode=decoded_json, weight=weight_number, missing=not_found)
