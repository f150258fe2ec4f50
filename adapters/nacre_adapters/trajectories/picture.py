"""A picture of an ensemble: scores and branchings by iteration. The only one that draws.

Each trajectory is a line at its number, from the iteration that it began in to the one that
discarded it. Where a line begins anew, an arrow comes from the one that it was branched from. The
colour is the highest score that it reached. Below, the lowest and highest score of each iteration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacre.errors import InvalidInput
from nacre_adapters.trajectories.metadata import decoded
from nacre_adapters.trajectories.views import Ensemble


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """The life of one version of a trajectory: when it began and ended, and where it came from."""

    trajectory: int
    begins: int
    ends: int
    ancestor: int | None
    score: float | None


def branches_of(ensemble: Ensemble) -> list[Branch]:
    """Return what lived in an ensemble, archived and active. Pure."""
    began: dict[int, tuple[int, int | None]] = {}
    branches = []
    for state in ensemble.archive():
        if state.trajectory is None or state.iteration is None:
            continue
        begins, ancestor = began.get(state.trajectory, (0, None))
        branches.append(
            Branch(
                trajectory=state.trajectory,
                begins=begins,
                ends=state.iteration + 1,
                ancestor=ancestor,
                score=_score(state.metadata),
            )
        )
        began[state.trajectory] = (state.iteration + 1, state.ancestor)
    last = ensemble.iteration_count() + 1
    for trajectory, active in enumerate(ensemble.trajectories()):
        begins, ancestor = began.get(trajectory, (0, None))
        branches.append(
            Branch(
                trajectory=trajectory,
                begins=begins,
                ends=last,
                ancestor=ancestor,
                score=_score(active.metadata),
            )
        )
    return branches


def draw(branches: Sequence[Branch], levels: Sequence[Sequence[float]], path: Path) -> None:
    """Draw an ensemble into a file of the kind that its suffix names.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
        InvalidInput: no picture has that suffix.
    """
    # Not pyplot: that would choose a window system, and keep the figure.
    figure_type, line_type = _matplotlib()
    figure = figure_type(figsize=(9, 7), layout="constrained")
    if path.suffix.lstrip(".").lower() not in figure.canvas.get_supported_filetypes():
        raise InvalidInput(f"{path} names no kind of picture: let it end in .svg, .png or .pdf")
    tree, scores = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    found = [branch.score for branch in branches if branch.score is not None]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    lines = [
        [(branch.begins, branch.trajectory), (branch.ends, branch.trajectory)]
        for branch in branches
    ]
    collection = line_type(lines, cmap="viridis", linewidths=2)
    collection.set_array([low if branch.score is None else branch.score for branch in branches])
    collection.set_clim(low, high)
    tree.add_collection(collection)
    for place, branch in enumerate(branches):
        if branch.ancestor is not None:
            # Side by side, where one iteration branches several.
            begins = branch.begins + (place % 7 - 3) * 0.05
            ends = {"xy": (begins, branch.trajectory), "xytext": (begins, branch.ancestor)}
            tree.annotate("", **ends, arrowprops={"arrowstyle": "->", "color": "0.6"})
    tree.autoscale()
    tree.set(ylabel="trajectory", title="Branchings by splitting iteration")
    figure.colorbar(collection, ax=tree, label="highest score")
    whole = [(place + 1, *level[:2]) for place, level in enumerate(levels) if len(level) > 1]
    if whole:
        places, lowest, highest = zip(*whole, strict=True)
        scores.plot(places, lowest, marker=".", label="lowest")
        scores.plot(places, highest, marker=".", label="highest")
        scores.legend()
    scores.set(xlabel="splitting iteration", ylabel="score")
    figure.savefig(path)


def _matplotlib() -> tuple[Any, Any]:
    try:
        from matplotlib.collections import LineCollection  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "matplotlib is needed to draw: install it with `pip install nacre[pictures]`"
        ) from error
    return Figure, LineCollection


def _score(metadata: str) -> float | None:
    fields = decoded(metadata)
    score = fields.get("score_max") if isinstance(fields, dict) else None
    try:
        return float(score) if isinstance(score, int | float) else None
    except OverflowError:
        return None
