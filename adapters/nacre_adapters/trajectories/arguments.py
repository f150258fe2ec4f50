"""What callers give, checked and made into what events hold; refused as the original refuses."""

import operator
from collections.abc import Iterable, Mapping
from typing import Any

from nacre_adapters.trajectories.errors import (
    IntegrityError,
    ProgrammingError,
    StatementError,
    TrajectoryMissing,
)
from nacre_adapters.trajectories.metadata import Weight
from nacre_adapters.trajectories.state import Iteration

_LARGEST = 1 << 63


def number_of(given: Any, noun: str = "Trajectory") -> int:  # noqa: ANN401 - the check is here
    """Return the number of a row; floats that are whole and NumPy's integers are numbers too.

    Raises:
        TypeError: it is no number.
        OverflowError: it does not fit in 64 bits.
        TrajectoryMissing: it is no whole number.
    """
    if isinstance(given, float):
        if not given.is_integer():
            raise TrajectoryMissing(f"{noun} {given} does not exist")
        given = int(given)
    number = operator.index(given)
    if not -_LARGEST <= number < _LARGEST:
        raise OverflowError("Python int too large to convert to SQLite INTEGER")
    return number


def text_of(given: object, name: str) -> str:
    """Return what a column of text holds.

    Raises:
        IntegrityError: it is None.
        ProgrammingError: it is neither text nor a number.
    """
    if type(given) is str:
        return given
    if given is None:
        raise IntegrityError(f"NOT NULL constraint failed: {name} is None; give text")
    if isinstance(given, str | int | float):
        return str(given)
    raise ProgrammingError(f"type '{type(given).__name__}' is not supported as {name}; give text")


def iteration_of(
    numbers: tuple[object, object],
    weight: Weight,
    lists: Mapping[str, Iterable[Any]],
) -> Iteration:
    """Return an iteration of what callers give: k and bias, a weight, and four lists.

    Raises:
        IntegrityError: k, bias or the weight is missing.
        StatementError: something is no number.
    """
    if None in (*numbers, weight):
        raise IntegrityError("NOT NULL constraint failed: k, bias and weight must be given")
    try:
        k, bias = (number_of(given) for given in numbers)
        float(weight)
        return Iteration(
            k=k,
            bias=bias,
            weight=weight,
            discarded=[number_of(each) for each in lists["discarded"]],
            ancestors=[number_of(each) for each in lists["ancestors"]],
            min_vals=[float(each) for each in lists["min_vals"]],
            min_max=[float(each) for each in lists["min_max"]],
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise StatementError(f"an iteration is made of numbers: {error}") from error
