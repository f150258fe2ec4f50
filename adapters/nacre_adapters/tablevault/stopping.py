"""Ending and resuming processes: `stop_process`, and what `restart=True` does."""

import os
import select
import signal
from collections.abc import Callable
from functools import partial

from nacre.holders import Holder, is_dead, this_process
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.decisions import Desk
from nacre_adapters.tablevault.errors import TVArgumentError, TVProcessError
from nacre_adapters.tablevault.events import Fact, process_subject
from nacre_adapters.tablevault.journal import put_partly
from nacre_adapters.tablevault.operations import Call, Operations, has_died, runs_elsewhere
from nacre_adapters.tablevault.processes import Processes
from nacre_adapters.tablevault.state import Process
from nacre_adapters.tablevault.writing import Content, materialize_partly

_GRACE_SECONDS = 5.0

Rerun = Callable[[Process], object]


def stop(
    operations: Operations, call: Call, process_id: str, *, force: bool, materialize: bool
) -> str:
    """End an active process: what it locked is free, and what it reached is kept if wanted.

    Raises:
        TVProcessError: it is not active, or it runs and *force* is False.
        TVArgumentError: it is a part of another.
    """
    process = stoppable(operations.place.processes, process_id)
    if runs_elsewhere(process):
        if not force:
            raise TVProcessError(
                f"Process {process_id} Currently Running at {process.who}: stop it with force=True"
            )
        end_provably(process.who)
    content = put_partly(operations, process) if materialize else None
    decide = partial(_stop, process_id=process_id, content=content)
    return operations.commit(call, decide)


def restart_all(operations: Operations, rerun: Rerun) -> None:
    """Run every process again that is paused, interrupted or dead; raise what the first raises."""
    errors: list[Exception] = []
    for process in list(operations.place.processes.active()):
        if runs_elsewhere(process) or not (process.status != "running" or has_died(process)):
            continue
        try:
            rerun(process)
        except Exception as error:  # noqa: BLE001 - the others come first, then it is raised
            errors.append(error)
    if errors:
        raise errors[0]


def end_provably(holder: Holder | None) -> None:
    """End the process that holds something, if it is provably that one and runs here.

    A process of another machine or container is left alone: what it does is refused when it
    wants to record it.
    """
    here = this_process()
    if holder is None or (holder.host, holder.boot, holder.namespace) != (
        here.host,
        here.boot,
        here.namespace,
    ):
        return
    try:
        handle = os.pidfd_open(holder.pid)
    except ProcessLookupError:
        return
    try:
        # From here on the handle cannot come to mean another process; only now is it asked
        # whether the one that it means is the one that was recorded.
        if not holder.started or is_dead(holder):
            return
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if not select.select([handle], [], [], _GRACE_SECONDS)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], _GRACE_SECONDS)
    except ProcessLookupError:
        pass  # it has ended by itself
    finally:
        os.close(handle)


def stoppable(processes: Processes, process_id: str) -> Process:
    """Return a process that can be stopped.

    Raises:
        TVProcessError: it is not active.
        TVArgumentError: it is a part of another, which is to be stopped.
    """
    process = processes.process(process_id)
    if process is None:
        parent = processes.process(process_id.rpartition("_")[0])
        if parent is not None and parent.is_active:
            raise TVArgumentError(f"Only can stop top-level processes: stop {parent.id}")
    if process is None or not process.is_active:
        raise TVProcessError(f"Process not currently active: {process_id!r}")
    return process


def _stop(desk: Desk, *, process_id: str, content: Content | None) -> list[Fact]:
    process = stoppable(desk.processes, process_id)
    kept = materialize_partly(desk, process, content)
    error = ["TVForcedError", f"stopped by {desk.process_id}"]
    subject = process_subject(process_id)
    return [*kept, Fact(events.PROCESS_FAILED, subject, {"error": error})]
