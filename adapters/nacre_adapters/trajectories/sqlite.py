"""The original's SQLite files: read into an ensemble, and written from one."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

from nacre_adapters.trajectories import decisions
from nacre_adapters.trajectories.arguments import iteration_of
from nacre_adapters.trajectories.errors import DatabaseError, OperationalError
from nacre_adapters.trajectories.events import Fact
from nacre_adapters.trajectories.places import Place
from nacre_adapters.trajectories.records import archived_rows, iteration_rows, trajectory_rows
from nacre_adapters.trajectories.state import Iteration
from nacre_adapters.trajectories.views import Ensemble

Progress = Callable[[str, int, int], None]

_TABLES = ("trajectories", "archived_trajectories", "splitting_iterations")
_ITERATION = (
    "split_id, bias, weight, discarded_traj_ids, ancestor_traj_ids, min_vals, min_max, status"
)
_SCHEMA = """
CREATE TABLE trajectories (
    id INTEGER NOT NULL PRIMARY KEY, traj_file VARCHAR NOT NULL, t_metadata {json} NOT NULL,
    status VARCHAR NOT NULL);
CREATE TABLE archived_trajectories (
    id INTEGER NOT NULL PRIMARY KEY, traj_file VARCHAR NOT NULL, t_metadata {json} NOT NULL);
CREATE TABLE splitting_iterations (
    id INTEGER NOT NULL PRIMARY KEY, split_id INTEGER NOT NULL, bias INTEGER NOT NULL,
    weight {number} NOT NULL, discarded_traj_ids {json} NOT NULL,
    ancestor_traj_ids {json} NOT NULL, min_vals {json} NOT NULL, min_max {json} NOT NULL,
    status VARCHAR NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What was brought over."""

    trajectories: int
    archived: int
    iterations: int


def import_sqlite(source: Path, place: Place, progress: Progress) -> Transfer:
    """Bring a file of the original over into an empty ensemble, in one commit.

    Raises:
        OperationalError: there is no such file, or the ensemble is not empty.
        DatabaseError: it is no database of pyTAMS.
    """
    if not source.is_file():
        raise OperationalError(f"unable to open database file: there is none at {source}")
    if place.ensemble.trajectory_count() or place.ensemble.iteration_count():
        raise OperationalError("there are trajectories already: import into a new file")
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as rows:
            return _import(rows, place, progress)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DatabaseError(f"{source} is no trajectory database ({error})") from error


def export_sqlite(place: Place, target: Path, *, level: str, progress: Progress) -> Transfer:
    """Write an ensemble as a new file that the original opens, of a level's column types.

    Raises:
        OperationalError: something stands there already.
    """
    if target.exists():
        raise OperationalError(f"{target} exists: choose a new name")
    is_json = level == "head"
    partial_file = target.with_name(target.name + ".partial")
    partial_file.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial_file)) as rows:
            kinds = ("JSON", "DOUBLE") if is_json else ("VARCHAR", "VARCHAR")
            rows.executescript(_SCHEMA.format(json=kinds[0], number=kinds[1]))
            with place.vault.read():
                done = _export(rows, place.ensemble, progress, is_json=is_json)
            rows.commit()
        partial_file.rename(target)
    except sqlite3.Error as error:
        raise OperationalError(f"{target} cannot be written ({error})") from error
    finally:
        partial_file.unlink(missing_ok=True)
    return done


def _import(rows: sqlite3.Connection, place: Place, progress: Progress) -> Transfer:
    counts = [_count(rows, table) for table in _TABLES]
    total = sum(counts)
    facts: list[Fact] = []
    for row in rows.execute("SELECT traj_file, t_metadata, status FROM trajectories ORDER BY id"):
        file, metadata, status = map(str, row)
        added = decisions.added(len(facts), file=file, metadata=metadata, status=status)
        facts.append(added)
        progress("importing", len(facts), total)
    found = []
    for row in rows.execute(f"SELECT {_ITERATION} FROM splitting_iterations ORDER BY id"):  # noqa: S608 - a constant
        found.append(_iteration(row))
        facts.append(decisions.iteration_added(found[-1]))
    discarded = _discarded(found)
    for row in rows.execute("SELECT traj_file, t_metadata FROM archived_trajectories ORDER BY id"):
        facts.append(_archived(str(row[0]), str(row[1]), discarded))
        progress("importing", len(facts), total)
    # One commit: an import that is cut short leaves nothing behind.
    place.commit(lambda _: facts)
    return Transfer(trajectories=counts[0], archived=counts[1], iterations=counts[2])


def _iteration(row: tuple[Any, ...]) -> Iteration:
    k, bias, weight, *lists, status = row
    names = ("discarded", "ancestors", "min_vals", "min_max")
    given = {name: json.loads(text) for name, text in zip(names, lists, strict=True)}
    return replace(iteration_of((k, bias), weight, given), status=str(status))


def _discarded(iterations: list[Iteration]) -> list[tuple[int, int, int | None]]:
    """Return what was discarded, in order: trajectory, place of the iteration, ancestor."""
    return [
        (trajectory, place, ancestor)
        for place, each in enumerate(iterations)
        for trajectory, ancestor in zip_longest(each.discarded, each.ancestors)
        if trajectory is not None
    ]


def _archived(file: str, metadata: str, discarded: list[tuple[int, int, int | None]]) -> Fact:
    """Return the event of an archived row; it takes its entry from what was discarded."""
    trajectory = decisions.id_in(metadata)
    entry = next((each for each in discarded if each[0] == trajectory), None)
    if entry is not None:
        discarded.remove(entry)
    cause = (None, None) if entry is None else entry[1:]
    return decisions.archived(trajectory, file=file, metadata=metadata, cause=cause)


def _count(rows: sqlite3.Connection, table: str) -> int:
    return int(rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a constant


def _export(
    rows: sqlite3.Connection, ensemble: Ensemble, progress: Progress, *, is_json: bool
) -> Transfer:
    counts = (ensemble.trajectory_count(), ensemble.archived_count(), ensemble.iteration_count())
    done = count(1)

    def noted(row: tuple[object, ...]) -> tuple[object, ...]:
        progress("exporting", next(done), sum(counts))
        return row

    rows.executemany(
        "INSERT INTO trajectories VALUES (?, ?, ?, ?)",
        (
            noted((row.id, row.traj_file, row.t_metadata, row.status))
            for row in trajectory_rows(ensemble, str)
        ),
    )
    rows.executemany(
        "INSERT INTO archived_trajectories VALUES (?, ?, ?)",
        (noted((row.id, row.traj_file, row.t_metadata)) for row in archived_rows(ensemble, str)),
    )
    rows.executemany(
        "INSERT INTO splitting_iterations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            noted((*row[:3], float(row[3]) if is_json else row[3], *row[4:]))
            for row in map(astuple, iteration_rows(ensemble))
        ),
    )
    return Transfer(trajectories=counts[0], archived=counts[1], iterations=counts[2])
