"""What `get_active_processes` says of a process: the fields that the original's record has."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from nacre_adapters.tablevault.state import COMPLETED, FAILED, Process

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLog:
    """A process as it was when somebody asked."""

    process_id: str
    author: str
    start_time: float
    log_time: float
    operation: str
    complete_steps: list[str]
    step_times: list[float]
    data: dict[str, Any]
    execution_success: bool | None
    start_success: bool | None
    error: tuple[str, str]
    pid: int
    force_takedown: bool
    status: str = ""
    """Running, paused or interrupted: the original has no such field."""

    def __str__(self) -> str:
        fields = asdict(self)
        del fields["data"]
        return json.dumps(fields, indent=4)


def process_log(process: Process) -> ProcessLog:
    """Return the record of a process."""
    outcome = {COMPLETED: True, FAILED: False}.get(process.status)
    return ProcessLog(
        process_id=process.id,
        author=process.author,
        start_time=process.started_ns / _NS,
        log_time=process.logged_ns / _NS,
        operation=process.operation,
        complete_steps=[name for name, _ in process.steps],
        step_times=[time_ns / _NS for _, time_ns in process.steps],
        data={**process.arguments, **process.progress},
        execution_success=outcome,
        start_success=True if process.holder is not None or outcome else outcome,
        error=(process.error[0], process.error[1]),
        pid=process.pid,
        force_takedown=not process.named,
        status=process.status,
    )
