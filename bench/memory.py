"""How much memory writing and reading a frame takes beyond the frame itself."""

import ctypes
import gc
import re
import statistics
from pathlib import Path

import pyarrow as pa

import nacre
from bench import data
from bench.child import Child
from bench.frames import QUICK_ROWS, ROWS
from bench.measure import Line, Samples, Setting, Target

_STATUS = Path("/proc/self/status")
_MEGABYTE = 1_000_000


class Peak:
    """Runs in a new process for each measurement, so that nothing is warm."""

    def write(self, path: str, rows: int) -> list[int]:
        """Return growth at the peak and the size of the frame."""
        frame = data.make_frame(rows)
        size = _frame_bytes(frame)
        with nacre.open(path, actor="bench") as vault:
            before = _start()
            vault.frames.write("frame", frame)
            return [_peak() - before, size]

    def read(self, path: str, library: str) -> list[int]:
        """Return growth at the peak and the size of the frame; what is read counts as growth."""
        with nacre.open(path, actor="bench") as vault:
            vault.frames.read("frame", to=library, rows=(0, 10))
            before = _start()
            frame = vault.frames.read("frame", to=library)
            return [_peak() - before, _frame_bytes(frame)]


def memory(setting: Setting) -> list[Line]:
    """Peak of resident memory over what was resident before, in sizes of the frame."""
    rows = setting.size(ROWS, QUICK_ROWS)
    rounds = min(setting.rounds, 3)
    path = setting.place("memory")
    written = []
    for number in range(rounds):
        written.append(_in_new_process("write", path=str(path / str(number)), rows=rows))
    lines = [_line(f"memory while writing {rows:,} x 10", written)]
    for library in ("pandas", "arrow"):
        taken = [
            _in_new_process("read", path=str(path / "0"), library=library) for _ in range(rounds)
        ]
        lines.append(_line(f"memory while reading it to {library}, result included", taken))
    return lines


def _in_new_process(method: str, **arguments: object) -> list[int]:
    with Child("bench.memory:Peak") as child:
        answer = child.call(method, **arguments)
    assert isinstance(answer, list)
    return answer


def _line(work: str, taken: list[list[int]]) -> Line:
    size = taken[0][1]
    return Line(
        work=work,
        against="size of the data",
        ours=Samples(tuple(grown / _MEGABYTE for grown, _ in taken)),
        theirs=Samples((size / _MEGABYTE,)),
        unit="MB",
        value=statistics.median(grown for grown, _ in taken) / size,
        target=Target(2.5, "x", at_most=True),
    )


def _frame_bytes(frame: object) -> int:
    """Return the size of the values: eight bytes a number, a string its text and an offset."""
    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame)
    return table.nbytes


def _start() -> int:
    """Give back what is free, begin a new peak, and return what is resident."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return _resident("VmRSS")


def _peak() -> int:
    return _resident("VmHWM")


def _resident(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1]) * 1024
