"""How an operation becomes a process: it is started, runs, and is completed, failed or paused.

Short operations are one commit. Long ones are a commit that starts them, which locks what they
work on, then work without any lock of the vault, then a commit that ends them. Whoever ends one
must still be the one who runs it: `run` is the commit that started or last resumed it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import nacre
from nacre.errors import InvalidInput, NacreError, ReadOnly
from nacre.event import checked_name
from nacre.holders import Holder, is_dead, this_process
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.decisions import Blocked, Desk
from nacre_adapters.tablevault.errors import (
    OF_FUNCTIONS,
    TableVaultError,
    TVArgumentError,
    TVForcedError,
    TVProcessError,
    VaultReadOnly,
    as_interface,
    public_name,
)
from nacre_adapters.tablevault.events import Fact, process_subject
from nacre_adapters.tablevault.places import Place
from nacre_adapters.tablevault.processes import Processes
from nacre_adapters.tablevault.state import INTERRUPTED, PAUSED, RUNNING, Process
from nacre_adapters.tablevault.views import Tables

LOCK_SECONDS = 10.0
_POLL_SECONDS = 0.02

Decide = Callable[[Desk], list[Fact]]
Locks = list[list[object]]
Plan = TypeVar("Plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What somebody called, and as which process."""

    operation: str
    arguments: dict[str, object]
    process_id: str
    named: bool
    """Whether the caller gave the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Generic[Plan]):
    """A long operation at work."""

    process: Process
    plan: Plan
    """What its start has found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Runs what one author calls on one vault."""

    place: Place
    author: str
    lock_seconds: float = field(default=LOCK_SECONDS)
    """How long to wait for others that work on the same."""

    ended: set[tuple[str, int]] = field(default_factory=set)
    """Id and run of what ended here when that could not be recorded, as on a full disk."""

    def commit(self, call: Call, decide: Decide) -> str:
        """Run a short operation in one commit, and return its process id."""

        def all_of_it(desk: Desk) -> list[Fact]:
            _check_new(desk.processes.process(call.process_id), call)
            return [*decide(desk), self._ended(call, None)]

        self.decide(call.process_id, all_of_it)
        return call.process_id

    def desk(self, process_id: str) -> Desk:
        """Return what a decision would work with now; what it finds may have changed soon."""
        place = self.place
        return Desk(tables=place.tables, processes=place.processes, process_id=process_id)

    def arguments(self, call: Call) -> dict[str, Any]:
        """Return the arguments to run with: those that a process was started with are kept."""
        before = self.place.processes.process(call.process_id) if call.named else None
        if before is None or not before.is_active or before.operation != call.operation:
            return call.arguments
        return before.arguments

    def carry_on(self, run: Run[Plan], work: Callable[[Run[Plan]], Decide]) -> None:
        """Do the work of an operation that was started, and end it."""
        process = run.process
        try:
            decide = work(run)

            def end(desk: Desk) -> list[Fact]:
                check_running(desk.processes, process)
                return [*decide(desk), _fact(events.PROCESS_COMPLETED, process.id, {})]

            self.decide(process.id, end)
        except BaseException as error:
            self._end_badly(process, error)
            raise

    @contextmanager
    def prepared(self, process: Process) -> Iterator[None]:
        """End a process when what it needs to begin its work is refused in a `with` block.

        One that has kept something before waits all the same, for another try.
        """
        try:
            yield
        except BaseException as error:
            kind = _kind_of_end(process, error)
            if kind == events.PROCESS_FAILED and self._has_kept(process):
                kind = events.PROCESS_PAUSED if process.named else events.PROCESS_INTERRUPTED
            self._end_as(kind, process, error)
            raise

    def keep(self, process: Process, facts: list[Fact]) -> None:
        """Commit what a running operation has reached.

        Raises:
            TVForcedError: somebody stopped it.
        """

        def decide(desk: Desk) -> list[Fact]:
            check_running(desk.processes, process)
            return facts

        self.decide(process.id, decide)

    def decide(self, process_id: str, decide: Decide) -> None:
        """Commit what a decision returns, as soon as those who work on the same have ended."""
        deadline = time.monotonic() + self.lock_seconds
        dead: set[str] = set()
        while True:
            try:
                self._commit(process_id, decide, dead)
                return
            except Blocked as blocked:
                found = {one.id for one in blocked.holders if self._is_over(one)}
                waiting = any(one.status == RUNNING for one in blocked.holders)
                if not found and (not waiting or time.monotonic() > deadline):
                    raise
                if not found:
                    time.sleep(_POLL_SECONDS)
                dead |= found

    def _commit(self, process_id: str, decide: Decide, dead: set[str]) -> None:
        def run(tx: nacre.Transaction) -> None:
            desk = Desk(
                tables=tx.view(Tables),
                processes=tx.view(Processes),
                process_id=process_id,
                dead=frozenset(dead),
            )
            for kind, subject, data in decide(desk):
                tx.record(kind, subject=subject, data=data)

        with as_interface:
            self.place.vault.commit(run, actor=_actor(self.author))

    def start(
        self,
        call: Call,
        begin: Callable[[Desk], tuple[list[Fact], Locks, Plan]],
        *,
        progress: Callable[[Plan], dict[str, object]] | None = None,
        holder: Holder | None = None,
    ) -> Run[Plan]:
        """Commit that a long operation begins, or goes on where it was paused.

        *begin* returns events, what is locked, and what the work needs; *progress* is what of
        it the process must still know when it is resumed; *holder* runs it, by default this
        process. Call it in a `recorded` block.
        """
        plans: list[Plan] = []

        def decide(desk: Desk) -> list[Fact]:
            before = desk.processes.process(call.process_id)
            if before is not None:
                _check_startable(before, call, is_over=self._is_over(before))
            facts, locks, plan = begin(desk)
            plans[:] = [plan]
            row = (holder or this_process()).as_row()
            data: dict[str, object] = {"holder": row, "locks": locks, "author": self.author}
            if before is not None:
                return [*facts, _fact(events.PROCESS_RESUMED, call.process_id, data)]
            data |= {"operation": call.operation, "arguments": call.arguments, "named": call.named}
            data["progress"] = {} if progress is None else progress(plan)
            return [*facts, _fact(events.PROCESS_STARTED, call.process_id, data)]

        with self._resuming(call):
            self.decide(call.process_id, decide)
        process = self.place.processes.process(call.process_id)
        assert process is not None
        return Run(process=process, plan=plans[0])

    @contextmanager
    def recorded(self, call: Call) -> Iterator[None]:
        """Record that a call was refused or failed, unless its id is already that of another.

        A call that is interrupted right after its process was started ends it, too. An id of the
        caller's stays usable after an error that is not the caller's.
        """
        since_ns = time.time_ns()
        try:
            yield
        except _AlreadyKnown:
            raise
        except ReadOnly as error:
            raise VaultReadOnly(f"{call.operation} changes the vault: {error}") from error
        except InvalidInput as error:
            self._note_refusal(call, error)
            if isinstance(error, TableVaultError):
                raise
            raise TVArgumentError(str(error)) from error
        except TableVaultError as error:
            self._note_refusal(call, error)
            raise
        except BaseException as error:
            process = self.place.processes.process(call.process_id)
            is_ours = process is not None and process.who == this_process()
            if process is not None and is_ours and process.logged_ns >= since_ns:
                self._end_badly(process, error)
            if process is None and not call.named:
                with suppress(NacreError):  # what went wrong first is what counts
                    self._note_refusal(call, error)
            raise

    @contextmanager
    def _resuming(self, call: Call) -> Iterator[None]:
        """End a process that waits to be resumed, when it turns out that it cannot be."""
        before = self.place.processes.process(call.process_id)
        try:
            yield
        except (_AlreadyKnown, Blocked):
            raise
        except TableVaultError as error:
            if before is not None and waits_to_be_resumed(before):
                self._commit(before.id, partial(_give_up, before=before, error=error), set())
            raise

    def _note_refusal(self, call: Call, error: BaseException) -> None:
        if not self.place.vault.read_only:
            self._commit(call.process_id, partial(self._refused, call=call, error=error), set())

    def _refused(self, desk: Desk, *, call: Call, error: BaseException) -> list[Fact]:
        # Somebody else's process may have that id, or one that goes on waiting to be resumed.
        known = desk.processes.process(call.process_id)
        return [self._ended(call, error)] if known is None else []

    def _ended(self, call: Call, error: BaseException | None) -> Fact:
        data: dict[str, object] = {
            "operation": call.operation,
            "author": self.author,
            "arguments": call.arguments,
            "named": call.named,
            "pid": this_process().pid,
        }
        if error is None:
            return _fact(events.PROCESS_COMPLETED, call.process_id, data)
        return _fact(events.PROCESS_FAILED, call.process_id, data | {"error": _error(error)})

    def _has_kept(self, process: Process) -> bool:
        parts = self.place.processes.parts(process.id)
        return "stage" in process.progress or next(parts, None) is not None

    def _end_badly(self, process: Process, error: BaseException) -> None:
        """Record that a process was not completed: it failed, was paused, or interrupted."""
        self._end_as(_kind_of_end(process, error), process, error)

    def _end_as(self, kind: str, process: Process, error: BaseException) -> None:
        def decide(desk: Desk) -> list[Fact]:
            now = desk.processes.process(process.id)
            if now is None or now.run != process.run or now.status != RUNNING:
                return []  # somebody stopped it, and said so
            return [_fact(kind, process.id, {"error": _error(error)})]

        try:
            self._commit(process.id, decide, set())
        except NacreError as problem:  # such as a full disk, which is what went wrong first
            self.ended.add((process.id, process.run))
            error.add_note(
                f"(that process {process.id} ended could not be recorded: {problem}; for others it "
                "counts as running until this program ends, or calls it again or stop_process)"
            )

    def _is_over(self, process: Process) -> bool:
        """Tell whether a process is said to run, and provably does not."""
        unsaid = process.status == RUNNING and (process.id, process.run) in self.ended
        return unsaid or has_died(process)


def has_died(process: Process) -> bool:
    """Tell whether a process is said to run, and provably does not."""
    return process.status == RUNNING and is_dead(process.who)


def waits_to_be_resumed(process: Process) -> bool:
    """Tell whether a process can be called again with its id."""
    return process.status in (PAUSED, INTERRUPTED) or has_died(process)


def runs_elsewhere(process: Process) -> bool:
    """Tell whether a process is at work, for all that is known, in another one of the system."""
    return process.status == RUNNING and process.who != this_process() and not has_died(process)


def check_running(processes: Processes, process: Process) -> Process:
    """Return a process as it is now.

    Raises:
        TVForcedError: it was stopped, or is run by another.
    """
    now = processes.process(process.id)
    if now is None or now.run != process.run or now.status != RUNNING:
        raise TVForcedError(f"process {process.id} was stopped meanwhile: nothing more is kept")
    return now


class _AlreadyKnown(TVProcessError):
    """The id is that of another process, which is not touched."""


def _check_new(before: Process | None, call: Call) -> None:
    if before is None:
        return
    if not before.is_active:
        raise _AlreadyKnown(f"{call.process_id} already written.")
    raise _AlreadyKnown(
        f"Process ID {call.process_id} is that of {before.operation}, which is {before.status}; "
        "resume it with the same call, or stop it"
    )


def _check_startable(before: Process, call: Call, *, is_over: bool) -> None:
    if not before.is_active or before.operation != call.operation:
        _check_new(before, call)
    if not is_over and not waits_to_be_resumed(before):
        raise _AlreadyKnown(f"Process ID {call.process_id} already running at: {before.who}")


def _give_up(desk: Desk, *, before: Process, error: Exception) -> list[Fact]:
    """End a process, unless something has become of it meanwhile."""
    unchanged = desk.processes.process(before.id) == before
    return [_fact(events.PROCESS_FAILED, before.id, {"error": _error(error)})] if unchanged else []


def _kind_of_end(process: Process, error: BaseException) -> str:
    is_refusal = isinstance(error, TableVaultError | InvalidInput)
    if not process.named or (is_refusal and not isinstance(error, OF_FUNCTIONS)):
        return events.PROCESS_FAILED
    return events.PROCESS_PAUSED if isinstance(error, Exception) else events.PROCESS_INTERRUPTED


def _fact(kind: str, process_id: str, data: dict[str, object]) -> Fact:
    return Fact(kind, process_subject(process_id), data)


def _error(error: BaseException) -> list[str]:
    return [public_name(error), str(error)[:10_000].encode(errors="replace").decode()]


def _actor(author: str) -> str | None:
    """Return the author as a commit can name it; None when it cannot."""
    try:
        return checked_name("an author", author)
    except InvalidInput:
        return None
