"""Fair comparison: contestants take turns, medians are compared, and every sample is kept."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Samples:
    """What one contestant reached, time by time."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value that stands for all."""
        return statistics.median(self.values)

    def per_second(self, work: int) -> "Samples":
        """Return rates, where the values are the seconds that *work* took."""
        return Samples(tuple(work / seconds for seconds in self.values))

    def written(self, unit: str) -> str:
        """Return median and range as people read them."""
        low, middle, high = (
            _figure(value, unit) for value in (min(self.values), self.median, max(self.values))
        )
        return f"{middle} {unit}" if low == high else f"{middle} {unit} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure must reach."""

    bound: float
    unit: str
    at_most: bool = False

    def reached_by(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {written(self.bound, self.unit)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table: a figure, what it is held against, and its target.

    Without a target the line is there for information.
    """

    work: str
    against: str
    ours: Samples
    theirs: Samples | None = None
    unit: str
    value: float
    value_unit: str = "x"
    target: Target | None = None
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.target is None else self.target.reached_by(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and how large everything is run."""

    directory: Path
    quick: bool
    rounds: int
    say: Callable[[str], None]

    def size(self, full: int, quick: int) -> int:
        """Return *full*, or *quick* in a quick run."""
        return quick if self.quick else full

    def place(self, name: str) -> Path:
        """Return a new empty directory, whose name begins with *name*."""
        number = 0
        while (path := self.directory / f"{name}-{number}").exists():
            number += 1
        path.mkdir(parents=True)
        return path


def take_turns(
    rounds: int, contestants: Mapping[str, Callable[[], float]], *, warm_up: bool = True
) -> dict[str, Samples]:
    """Return what every contestant measured, one after the other in each round."""
    values: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(-warm_up, rounds):
        for name, run in contestants.items():
            value = run()
            if number >= 0:
                values[name].append(value)
    return {name: Samples(tuple(taken)) for name, taken in values.items()}


def speedup(ours: Samples, theirs: Samples) -> float:
    """Return how many times faster we are, by seconds."""
    return theirs.median / ours.median


def folder_bytes(path: Path) -> int:
    """Return what the files under *path* take on the disk."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_blocks * 512 for file in files)


def written(value: float, unit: str) -> str:
    """Return a figure with its unit."""
    return f"{_figure(value, unit)}{'' if unit in ('x', '%') else ' '}{unit}"


def _figure(value: float, unit: str) -> str:
    if unit in ("x", "%", "MB", "ms", "s"):
        return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
    return f"{value:,.0f}"
