"""The files that trajectories are written to, beside the database: kept as blobs on demand."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nacre_adapters.trajectories import decisions
from nacre_adapters.trajectories.errors import as_interface
from nacre_adapters.trajectories.places import Place
from nacre_adapters.trajectories.views import Ensemble


class TrajectoryFile(NamedTuple):
    """The name of a file as the database knows it, and whose it is."""

    name: str
    trajectory: int | None


def keep_files(place: Place, directory: Path) -> list[str]:
    """Store the files below *directory* in the vault; return the names of those that are new."""
    kept = []
    with as_interface:
        files = list(_files_of(place.ensemble))
    for file in files:
        content = _content_of(directory, file.name)
        if content is None:
            continue
        with as_interface:
            blob = place.vault.put(content)
        keep = partial(decisions.keep_file, file=file.name, trajectory=file.trajectory)
        if place.commit(partial(keep, blob=blob, size_bytes=len(content))):
            kept.append(file.name)
    return kept


def _files_of(ensemble: Ensemble) -> Iterator[TrajectoryFile]:
    """Yield the files of all active and archived trajectories, each name once."""
    seen = set()
    active = enumerate(ensemble.trajectories())
    found = [TrajectoryFile(state.file, number) for number, state in active]
    found += [TrajectoryFile(state.file, state.trajectory) for state in ensemble.archive()]
    for file in found:
        if file.name not in seen:
            seen.add(file.name)
            yield file


def _content_of(directory: Path, name: str) -> bytes | None:
    """Return the content of a file below *directory*; None when there is none there.

    A name that leads out of the directory is none: it may come from a stranger's database.
    """
    root = directory.resolve()
    try:
        path = (root / name).resolve()
        return path.read_bytes() if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None
