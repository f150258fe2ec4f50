"""What `SQLFile` is at every level of pyTAMS: all calls whose form never changed.

The levels differ in how metadata and weights look, and in what updates are called. Each is a
class below this one, because that is what the original's callers see: one class of each date.
"""

import logging
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, NoReturn, Self

import numpy as np
import numpy.typing as npt

import nacre
from nacre.holders import Holder, is_dead, this_process
from nacre_adapters.trajectories import decisions
from nacre_adapters.trajectories.arguments import iteration_of, number_of, text_of
from nacre_adapters.trajectories.errors import IntegrityError, TrajectoryMissing, as_interface
from nacre_adapters.trajectories.events import Fact, subject_of
from nacre_adapters.trajectories.files import keep_files
from nacre_adapters.trajectories.frames import Frames, to_frames
from nacre_adapters.trajectories.history import Moment, end_of, history
from nacre_adapters.trajectories.level import Level
from nacre_adapters.trajectories.picture import branches_of, draw
from nacre_adapters.trajectories.places import Decide, name_of, open_place
from nacre_adapters.trajectories.records import (
    ArchivedTrajectory,
    SplittingIterations,
    Trajectory,
    archived_rows,
    iteration_rows,
    trajectory_rows,
)
from nacre_adapters.trajectories.state import (
    COMPLETED,
    IDLE,
    LOCKED,
    ArchivedState,
    Iteration,
    TrajectoryState,
)
from nacre_adapters.trajectories.views import Ensemble

# The original's: whoever listens to it goes on hearing.
_logger = logging.getLogger("pytams.sqldb")


class Trajectories:
    """An ensemble in a vault, with the calls that all levels share.

    It is closed when nobody refers to it any more. Several handles on a file, of one process or
    many, see each other's writes at once.
    """

    level: ClassVar[Level]

    def __init__(
        self,
        file_name: str | os.PathLike[str] | nacre.Vault,
        in_memory: bool = False,
        ro_mode: bool = False,
    ) -> None:
        """Open or create the ensemble in a file, in memory, or in a vault that is open.

        Raises:
            OperationalError: it cannot be opened or made there.
            DatabaseError: the file is something else.
        """
        self._file_name = name_of(file_name, in_memory=in_memory)
        self._place = open_place(file_name, in_memory=in_memory, read_only=ro_mode)
        self._commit = self._place.commit
        self.vault = self._place.vault
        """The vault that holds the ensemble."""
        self._present: Self | None = None  # a past is closed with the present that it is of
        self._closing = weakref.finalize(self, self._place.drop)

    def close(self) -> None:
        """Close the file; also done when nobody refers to the handle any more."""
        if self._closing.detach():
            self._place.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a database is not copied: open its file again")

    def name(self) -> str | os.PathLike[str]:
        """Return the file name as it was given; empty when in memory."""
        return self._file_name

    @property
    def ensemble(self) -> Ensemble:
        """The view to read from: each call on it sees every write made before."""
        return self._place.ensemble

    # Trajectories

    def add_trajectory(self, traj_file: str, metadata: object) -> None:
        """Add a trajectory; its number is how many there were.

        Raises:
            OperationalError: the file cannot be written.
            IntegrityError: there is no file name.
            ProgrammingError: something is of a type that cannot be stored.
        """
        file, text = text_of(traj_file, "traj_file"), self.level.encode(metadata)
        self._commit(partial(decisions.add, file=file, metadata=text))

    def archive_trajectory(self, traj_file: str, metadata: object) -> None:
        """Archive a trajectory, behind the last; raises as `add_trajectory` does."""
        file, text = text_of(traj_file, "traj_file"), self.level.encode(metadata)
        self._commit(partial(decisions.archive, file=file, metadata=text))

    def trajectories(self) -> Iterator[Trajectory]:
        """Yield the active trajectories as rows, numbered from 1."""
        return trajectory_rows(self.ensemble, self.level.decode)

    def archived_trajectories(self) -> Iterator[ArchivedTrajectory]:
        """Yield the archived trajectories as rows, numbered from 1."""
        return archived_rows(self.ensemble, self.level.decode)

    def splitting_iterations(self) -> Iterator[SplittingIterations]:
        """Yield the splitting iterations as rows, numbered from 1."""
        return iteration_rows(self.ensemble)

    # Locks

    def lock_trajectory(self, traj_id: int, allow_completed_lock: bool = False) -> bool:
        """Lock a trajectory, and return whether that was possible.

        Of all processes that try exactly one gets it. The lock of a process that is provably dead
        is taken over.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of that number.
            OperationalError: the file cannot be written.
        """
        trajectory = number_of(traj_id)
        lockable = (IDLE, COMPLETED) if allow_completed_lock else (IDLE,)
        with as_interface:
            self._place.check()
            state = self._existing(trajectory)
            # A refusal takes no lock on the file, and a dead holder is found outside of it.
            dead = state.holder if state.status == LOCKED and is_dead(state.holder) else None
            if dead is None and state.status not in lockable:
                return False
        lock = partial(decisions.lock, trajectory=trajectory, lockable=lockable)
        return bool(self._commit(partial(lock, holder=this_process(), dead=dead)))

    def mark_trajectory_as_completed(self, traj_id: int) -> None:
        """Make a locked trajectory completed; one of another status stays, with a warning."""
        self._unlock(traj_id, decisions.complete, "mark completed")

    def release_trajectory(self, traj_id: int) -> None:
        """Make a locked trajectory idle; one of another status stays, with a warning."""
        self._unlock(traj_id, decisions.release, "release")

    def release_all_trajectories(self) -> None:
        """Make every trajectory idle, completed ones too."""
        self._commit(decisions.release_all)

    def recover_stale_locks(self) -> list[int]:
        """Free the trajectories whose holders are provably dead, and return their numbers."""
        with as_interface:
            locked = enumerate(self.ensemble.trajectories())
            dead = {n: s.holder for n, s in locked if s.status == LOCKED and is_dead(s.holder)}
        known: dict[int, Holder] = {n: holder for n, holder in dead.items() if holder is not None}
        facts = self._commit(partial(decisions.abandon, dead=known)) if known else []
        freed = {fact.subject for fact in facts}
        return [n for n in known if subject_of(n) in freed]

    # Counts

    def get_trajectory_count(self) -> int:
        """Return how many trajectories there are."""
        with as_interface:
            return self.ensemble.trajectory_count()

    def get_archived_trajectory_count(self) -> int:
        """Return how many trajectories are archived."""
        with as_interface:
            return self.ensemble.archived_count()

    # Archive

    def clear_archived_trajectories(self) -> int:
        """Empty the archive and return how many trajectories were in it."""
        return self._cleared(decisions.clear_archive)

    # Splitting iterations

    def add_splitting_data(  # noqa: PLR0917 - the interface has them in this order
        self,
        k: int,
        bias: int,
        weight: float,
        discarded_ids: Sequence[int],
        ancestor_ids: Sequence[int],
        min_vals: Sequence[float],
        min_max: Sequence[float],
    ) -> None:
        """Add an iteration, which is locked until it is marked as completed."""
        lists = (discarded_ids, ancestor_ids, min_vals, min_max)
        self._put_iteration(decisions.add_iteration, (k, bias), weight, lists)

    def update_splitting_data(  # noqa: PLR0917 - the interface has them in this order
        self,
        k: int,
        bias: int,
        weight: float,
        discarded_ids: Sequence[int],
        ancestor_ids: Sequence[int],
        min_vals: Sequence[float],
        min_max: Sequence[float],
    ) -> None:
        """Rewrite the last iteration, whose status stays; nothing happens when there is none."""
        lists = (discarded_ids, ancestor_ids, min_vals, min_max)
        self._put_iteration(decisions.update_iteration, (k, bias), weight, lists)

    def mark_last_iteration_as_completed(self) -> None:
        """Complete the last iteration; nothing happens when it is, or when there is none."""
        with as_interface:
            last = self.ensemble.last_iteration()
        if last is not None and last.status != COMPLETED:
            self._commit(decisions.complete_iteration)

    def clear_splitting_data(self) -> int:
        """Remove every iteration and return how many there were."""
        return self._cleared(decisions.clear_iterations)

    def get_k_split(self) -> int:
        """Return k plus bias of the last iteration; 0 when there is none."""
        last = self._last_iteration()
        return 0 if last is None else last.k + last.bias

    def get_ongoing(self) -> list[int] | None:
        """Return what the last iteration discards, unless it is completed."""
        last = self._last_iteration()
        return last.discarded if last is not None and last.status == LOCKED else None

    def get_weights(self) -> npt.NDArray[np.generic]:
        """Return the weight of each iteration, float32."""
        with as_interface:
            return self.ensemble.weights()

    def get_biases(self) -> npt.NDArray[np.generic]:
        """Return the bias of each iteration, int64."""
        with as_interface:
            return self.ensemble.biases()

    def get_minmax(self) -> npt.NDArray[np.generic]:
        """Return k, minimum and maximum of each iteration, float32, a row each.

        Raises:
            IndexError: an iteration has no minimum or maximum.
        """
        with as_interface:
            found = self.ensemble.min_max()
        if found is None:
            raise IndexError("an iteration was added without its minimum and maximum")
        return found

    # What the original cannot

    def history(self, traj_id: int) -> list[Moment]:
        """Return every state that a trajectory ever had, oldest first, and what led to it."""
        self._existing(traj_id)
        with as_interface:
            return history(self.vault, number_of(traj_id))

    def at_iteration(self, k_id: int) -> Self:
        """Return the database as it was at the end of a splitting iteration, read-only.

        *k_id* is its place, from 0. The last one ends now.

        Raises:
            TrajectoryMissing: there is none there, or an import does not say how it ended.
        """
        with as_interface, self.vault.read():
            following = self.ensemble.iteration(number_of(k_id) + 1)
            end = end_of(self._iteration(k_id), following, self.vault.head)
        with as_interface:
            past = type(self)(self.vault.at(end))
        past._present = self
        return past

    def to_frames(self) -> Frames:
        """Return trajectories, archive and iterations as pandas dataframes."""
        with as_interface, self.vault.read():
            return to_frames(self.ensemble)

    def draw(self, path: str | os.PathLike[str]) -> None:
        """Draw scores and branchings by iteration into a file: .svg, .png, .pdf.

        Raises:
            ModuleNotFoundError: matplotlib is missing; install nacre[pictures].
            InvalidInput: no picture has that suffix.
        """
        with as_interface, self.vault.read():
            branches = branches_of(self.ensemble)
            levels = [iteration.min_max for iteration in self.ensemble.iterations()]
        draw(branches, levels, Path(path))

    def keep_files(self, directory: str | os.PathLike[str]) -> list[str]:
        """Store the trajectory files below *directory* in the vault; return the names of new ones.

        Files of active and archived trajectories; those that are missing are passed over.
        """
        return keep_files(self._place, Path(directory))

    def kept_file(self, name: str) -> bytes:
        """Return the content of a trajectory file as it was last kept.

        Raises:
            NotFound: none was kept under that name.
        """
        with as_interface:
            blob = self.ensemble.kept_file(name)
            if blob is None:
                raise TrajectoryMissing(f"no file {name!r} was kept: call keep_files first")
            return self.vault.get(blob)

    # What the levels are made of

    def _existing(self, traj_id: int) -> TrajectoryState:
        with as_interface:
            return decisions.existing(self.ensemble, number_of(traj_id))

    def _archived(self, traj_id: int) -> ArchivedState:
        place = number_of(traj_id)
        with as_interface:
            found = self.ensemble.archived(place) if place >= 0 else None
        if found is None:
            raise self._archived_missing(place)
        return found

    def _archived_missing(self, place: int) -> TrajectoryMissing:
        return TrajectoryMissing(f"Trajectory {place} does not exist")

    def _iteration(self, k_id: int) -> Iteration:
        place = number_of(k_id, "Splitting iteration")
        with as_interface:
            found = self.ensemble.iteration(place) if place >= 0 else None
        if found is None:
            raise TrajectoryMissing(f"Splitting iteration {place} does not exist")
        return found

    def _last_iteration(self) -> Iteration | None:
        # One head for the count and the row, whatever others write meanwhile.
        with as_interface, self.vault.read():
            return self.ensemble.last_iteration()

    def _put_iteration(
        self,
        decide: Callable[..., list[Fact]],
        numbers: tuple[int, int],
        weight: object,
        lists: Sequence[Sequence[float]],
    ) -> None:
        names = ("discarded", "ancestors", "min_vals", "min_max")
        given = dict(zip(names, lists, strict=True))
        if weight is None:
            raise IntegrityError("NOT NULL constraint failed: the weight is None")
        iteration = iteration_of(numbers, self.level.weight(weight), given)
        self._commit(partial(decide, iteration=iteration))

    def _update(self, traj_id: int, *, file: str, metadata: str | None = None) -> None:
        text = text_of(file, "traj_file")
        self._commit_known(traj_id, partial(decisions.update, file=text, metadata=metadata))

    def _weigh(self, traj_id: int, weight: object) -> None:
        given = self.level.weight(weight)
        self._commit_known(traj_id, partial(decisions.weigh, weight=given))

    def _weigh_many(self, weight: object, traj_ids: Iterable[int] | None) -> None:
        ids = None if traj_ids is None else [number_of(each) for each in traj_ids]
        weight = self.level.weight(weight)
        self._commit(partial(decisions.weigh_many, ids=ids, weight=weight))

    def _commit_known(self, traj_id: int, decide: Callable[..., list[Fact]]) -> None:
        try:
            self._commit(partial(decide, trajectory=number_of(traj_id)))
        except TrajectoryMissing:  # half a number too
            raise self.level.missing(traj_id) from None

    def _cleared(self, decide: Decide) -> int:
        facts = self._commit(decide)
        return int(str(facts[0].data["count"])) if facts else 0

    def _unlock(self, traj_id: int, decide: Callable[..., list[Fact]], what: str) -> None:
        trajectory = number_of(traj_id)
        if not self._commit(partial(decide, trajectory=trajectory)):
            status = self._existing(trajectory).status
            _logger.warning(
                "Attempting to %s Trajectory %d already in status %s.", what, trajectory, status
            )
