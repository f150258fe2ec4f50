"""Seal old commits into segments: the log takes a fraction, and reads and proves as before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nacre.errors import InvalidInput, ReadOnly
from nacre.log import LmdbLog
from nacre.log.segment import MOST_BYTES, MOST_COMMITS, Dictionary, seal, train
from nacre.operations.compact import DEFAULT_GAIN, free_bytes, size_bytes, swap_file
from nacre.operations.report import Progress, no_progress
from nacre.store import Store

COMPRESSED = "nacre.compressed"
SUBJECT = "nacre"

# The newest commits are read most, and would be opened again for each.
_KEPT_OPEN = 256
_SAMPLES = 6
_SAMPLE_ENTRIES = 2_000
_RUNS_A_COMMIT = 16
_REPORT_EVERY = 8
_ROW_BYTES = 20  # key, and what LMDB writes beside it

Run = tuple[int, list[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressReport:
    """What sealing old commits has saved, or would."""

    commits: int
    """How many were sealed, or could be."""

    segments: int
    log_before_bytes: int
    """Of these commits, in rows."""

    log_after_bytes: int
    """As predicted from a sample, if nothing was done."""

    size_before_bytes: int
    size_after_bytes: int
    done: bool
    reason: str
    """Why nothing was done, or the empty string."""


def compress(
    store: Store,
    *,
    min_gain: float = DEFAULT_GAIN,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> CompressReport:
    """Seal all but the newest commits into segments, and give the freed pages back.

    Others may read and write meanwhile. Killed, it leaves whole segments, and can be run again.

    Args:
        store: the vault.
        min_gain: do nothing unless the log would shrink by at least this share.
        dry_run: only predict.
        progress: told how far it has come.

    Raises:
        InvalidInput: *min_gain* is no share.
        ReadOnly: the vault was opened read-only.
    """
    if not 0 <= min_gain < 1:
        raise InvalidInput(f"min_gain is {min_gain}: give a share from 0 to 1, as 0.1 for 10 %")
    if store.read_only and not dry_run:
        raise ReadOnly(f"{store.layout.path} was opened read-only: open it for writing")
    log = _log_of(store)
    positions = range(log.unsealed(0), store.head - _KEPT_OPEN)
    before = _Before(size_bytes(store), positions, _rows_size(_entries(log, positions)))
    if len(positions) < _KEPT_OPEN:
        return _not_done(before, 0, "too few commits are new since the last time")
    dictionary, share = _choose_dictionary(log, positions)
    reason = "a dry run changes nothing" if dry_run else ""
    if not reason and 1 - share < min_gain:
        reason = f"the log would shrink by {1 - share:.1%}, less than {min_gain:.1%}"
    if reason:
        return _not_done(before, int(before.log_bytes * (1 - share)), reason)
    segments, after = _seal_all(store, dictionary, positions, progress)
    _record(store, before, segments, after)
    if free_bytes(store):
        swap_file(store)
    return CompressReport(
        commits=len(positions),
        segments=segments,
        log_before_bytes=before.log_bytes,
        log_after_bytes=after,
        size_before_bytes=before.size_bytes,
        size_after_bytes=size_bytes(store),
        done=True,
        reason="",
    )


@dataclass(frozen=True, slots=True)
class _Before:
    size_bytes: int
    positions: range
    log_bytes: int


def _log_of(store: Store) -> LmdbLog:
    if not isinstance(store.log, LmdbLog):
        raise ReadOnly(f"{store.layout.path} shows the past: compress the vault itself")
    return store.log


def _not_done(before: _Before, gain: int, reason: str) -> CompressReport:
    commits = len(before.positions) if gain else 0
    return CompressReport(
        commits=commits,
        segments=-(-commits // MOST_COMMITS),
        log_before_bytes=before.log_bytes,
        log_after_bytes=before.log_bytes - gain,
        size_before_bytes=before.size_bytes,
        size_after_bytes=before.size_bytes - gain,
        done=False,
        reason=reason,
    )


def _entries(log: LmdbLog, positions: range) -> Iterator[bytes]:
    return log.read(positions.start, positions.stop) if positions else iter(())


def _choose_dictionary(log: LmdbLog, positions: range) -> tuple[Dictionary | None, float]:
    """Return the dictionary to use, and what share of the log's size segments would take."""
    sampled = positions[:: max(1, len(positions) // _SAMPLES)]
    ends = [min(start + MOST_COMMITS, positions.stop) for start in sampled]
    runs = [next(_runs(log, *ends_of)) for ends_of in zip(sampled, ends, strict=True)]
    trained = train([entry for _, run in runs for entry in run][:_SAMPLE_ENTRIES])
    before = _rows_size(entry for _, run in runs for entry in run)
    sizes = {
        choice: sum(_sealed_size(run, choice) for _, run in runs) for choice in {None, trained}
    }
    best = min(sizes, key=lambda choice: (sizes[choice], choice is not None))
    return best, sizes[best] / max(before, 1)


def _sealed_size(entries: Sequence[bytes], dictionary: Dictionary | None) -> int:
    segment = seal(entries, dictionary)
    return _rows_size(entries) if segment is None else _rows_size([segment])


def _rows_size(rows: Iterator[bytes] | Sequence[bytes]) -> int:
    return sum(len(row) + _ROW_BYTES for row in rows)


def _runs(log: LmdbLog, start: int, stop: int) -> Iterator[Run]:
    """Cut a range of the log into runs, each of which becomes a segment."""
    run: list[bytes] = []
    first, size = start, 0
    for position, entry in enumerate(log.read(start, stop), start):
        if run and (len(run) == MOST_COMMITS or size + len(entry) > MOST_BYTES):
            yield first, run
            first, run, size = position, [], 0
        run.append(entry)
        size += len(entry)
    if run:
        yield first, run


def _seal_all(
    store: Store, dictionary: Dictionary | None, positions: range, progress: Progress
) -> tuple[int, int]:
    """Seal a range of the log; return how many segments were made, and their size."""
    log = _log_of(store)
    if dictionary is not None:
        store.environment.run(store.files, lambda _: log.keep_dictionary(dictionary))
    made = size = 0
    sealed: list[tuple[int, list[bytes], bytes]] = []
    for number, (first, run) in enumerate(_runs(log, positions.start, positions.stop)):
        if number % _REPORT_EVERY == 0:
            progress("compress", first - positions.start, len(positions))
        segment = seal(run, dictionary)
        if segment is None:
            size += _rows_size(run)
            continue
        sealed.append((first, run, segment))
        made += 1
        size += _rows_size([segment])
        if len(sealed) == _RUNS_A_COMMIT:
            _put(store, log, sealed)
            sealed = []
    _put(store, log, sealed)
    return made, size


def _put(store: Store, log: LmdbLog, sealed: list[tuple[int, list[bytes], bytes]]) -> None:
    """Put segments in the place of entries, in one transaction."""
    batch = list(sealed)
    store.environment.run(store.files, lambda _: [log.seal(*each) for each in batch])


def _record(store: Store, before: _Before, segments: int, after: int) -> None:
    data = {
        "commits": len(before.positions),
        "segments": segments,
        "before_bytes": before.log_bytes,
        "after_bytes": after,
    }
    store.commit(
        lambda tx: tx.record_own(COMPRESSED, subject=SUBJECT, data=data),
        message="sealed old commits",
    )
