"""The ensemble as pandas dataframes: trajectories, archive, iterations."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from nacre_adapters.trajectories.metadata import decoded
from nacre_adapters.trajectories.views import Ensemble

_FIELDS = ("t_cur", "t_end", "dt", "ended", "converged", "score_max", "length", "nstep_compute")
_PLACES = ("trajectory", "iteration", "ancestor")


class Frames(NamedTuple):
    """The three tables of an ensemble."""

    trajectories: pd.DataFrame
    archive: pd.DataFrame
    iterations: pd.DataFrame


def to_frames(ensemble: Ensemble) -> Frames:
    """Return the three tables; what the metadata holds has columns of its own."""
    trajectories = [
        {
            "file": state.file,
            "status": state.status,
            "holder": None if state.holder is None else str(state.holder),
            **_of_metadata(state.metadata),
        }
        for state in ensemble.trajectories()
    ]
    archive = [
        {
            "trajectory": state.trajectory,
            "file": state.file,
            "iteration": state.iteration,
            "ancestor": state.ancestor,
            "position": state.position,
            **_of_metadata(state.metadata),
        }
        for state in ensemble.archive()
    ]
    return Frames(
        _frame(trajectories, ("file", "status", "holder", "weight", *_FIELDS), "trajectory"),
        _frame(archive, (*_PLACES, "file", "position", "weight", *_FIELDS), "place"),
        _iterations(ensemble),
    )


def _iterations(ensemble: Ensemble) -> pd.DataFrame:
    rows = [
        {
            "k": each.k,
            "bias": each.bias,
            "weight": float(each.weight),
            "discarded": each.discarded,
            "ancestors": each.ancestors,
            "min_vals": each.min_vals,
            "min": each.min_max[0] if each.min_max else None,
            "max": each.min_max[1] if len(each.min_max) > 1 else None,
            "status": each.status,
        }
        for each in ensemble.iterations()
    ]
    columns = ("k", "bias", "weight", "discarded", "ancestors", "min_vals", "min", "max", "status")
    return _frame(rows, columns, "place")


def _of_metadata(metadata: str) -> Mapping[str, object]:
    fields = decoded(metadata)
    if not isinstance(fields, dict):
        return {}
    found = {name: fields.get(name) for name in _FIELDS}
    return {**found, "weight": _weight(fields.get("weight"))}


def _weight(given: object) -> float | None:
    try:
        return float(given) if isinstance(given, str | int | float) else None
    except (ValueError, OverflowError):
        return None


def _frame(
    rows: Iterable[Mapping[str, object]], columns: tuple[str, ...], index: str
) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=pd.Index(columns))
    for place in set(_PLACES) & set(columns):
        frame[place] = frame[place].astype("Int64")
    return frame.rename_axis(index)
