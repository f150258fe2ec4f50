"""Who holds a lock, and whether that process is provably dead.

Dead is only what this machine can prove: the machine has started again since, or the process id
is free or belongs to another process by now. A process of another host, or of another namespace
of process ids (a container), counts as alive.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"
_STATE, _STARTED = 0, 19  # fields of /proc/<pid>/stat, counted behind the name of the program
_ENDED = ("Z", "X", "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The process that holds a lock."""

    host: str
    boot: str
    """The id that the kernel gave itself when the machine started."""

    namespace: str
    """The namespace of process ids: a container has its own."""

    pid: int
    started: int
    """When the process started, in ticks of the kernel's clock since the machine did."""

    def as_row(self) -> list[object]:
        """Return what events and views hold."""
        return [self.host, self.boot, self.namespace, self.pid, self.started]

    @classmethod
    def of_row(cls, row: object) -> "Holder | None":
        """Return the holder in *row*; None when it names none."""
        if not isinstance(row, list) or len(row) != 5:
            return None
        host, boot, namespace, pid, started = row
        return cls(host=host, boot=boot, namespace=namespace, pid=pid, started=started)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> Holder:
    """Return the holder that the calling process is."""
    return _process(os.getpid())


def process_of(pid: int) -> Holder:
    """Return the holder that a process of this machine is, which runs now."""
    stat = _stat(pid)
    return Holder(
        host=socket.gethostname(),
        boot=_BOOT.read_text().strip() if _BOOT.exists() else "",
        namespace=_namespace(),
        pid=pid,
        started=int(stat[_STARTED]) if stat else 0,
    )


def is_dead(holder: Holder | None) -> bool:
    """Tell whether a holder is provably dead; one that is not known is not."""
    if holder is None:
        return False
    here = this_process()
    if holder.host != here.host:
        return False
    if holder.boot != here.boot:
        return True
    if holder.namespace != here.namespace:
        return False
    return not _runs(holder.pid, holder.started)


@lru_cache(maxsize=1)  # of the process that asks; a forked child asks with another id
def _process(pid: int) -> Holder:
    return process_of(pid)


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:  # a kernel or a sandbox without it
        return ""


def _runs(pid: int, started: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and is another user's
    stat = _stat(pid)
    if not stat or not started:
        return True  # hidden from us: not provable
    return stat[_STATE] not in _ENDED and int(stat[_STARTED]) == started


def _stat(pid: int) -> Sequence[str]:
    try:
        # The name of the program stands in brackets, and may hold any.
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ()
