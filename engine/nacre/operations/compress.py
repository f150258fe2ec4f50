"""Seal old commits, compress cold packs anew, pack rows: all reads and proves as before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nacre.errors import InvalidInput, ReadOnly
from nacre.log import LmdbLog
from nacre.log.segment import MOST_BYTES, MOST_COMMITS, Dictionary, seal, train
from nacre.operations.compact import DEFAULT_GAIN, free_bytes, size_bytes, swap_file
from nacre.operations.pack_rows import loose_rows, pack_rows
from nacre.operations.recompress import (
    ColdPack,
    Recompressed,
    cold_packs,
    predicted,
    recompress,
)
from nacre.operations.report import Progress, no_progress
from nacre.rows.packing import Stretch
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

    packs: int
    """How many were written anew, or could be."""

    packs_before_bytes: int
    packs_after_bytes: int
    waiting_packs: int
    """Would shrink, but somebody is appending to them."""

    pairs: int
    """How many rows of collections, and entries of indexes, were packed, or could be."""

    pairs_before_bytes: int
    pairs_after_bytes: int
    """As predicted, also when it was done."""

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
    """Seal all but the newest commits into segments, and compress anew what only they name.

    Rows of collections that came one by one are packed, as those of bulk loads are.

    Others may read and write meanwhile. Killed, it leaves whole segments and packs, and can be run
    again.

    Args:
        store: the vault.
        min_gain: leave the log, each pack and the rows as they are unless they shrink by at least
            this share.
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
    plan = _plan(store, min_gain, progress)
    if dry_run:
        return _not_done(plan, "a dry run changes nothing")
    if plan.reason and not plan.packs and not plan.loose:
        return _not_done(plan, plan.reason)
    return _carry_out(store, plan, progress)


def _carry_out(store: Store, plan: "_Plan", progress: Progress) -> CompressReport:
    segments, log_after = 0, plan.log_bytes
    if not plan.reason:
        segments, log_after = _seal_all(store, plan.dictionary, plan.positions, progress)
    packs = recompress(store, plan.packs, progress)
    pack_rows(store, plan.loose, progress)
    if not segments and not packs.packs and not plan.loose:
        return _not_done(plan, plan.reason or "others append to the packs that would shrink")
    commits = 0 if plan.reason else len(plan.positions)
    _record(store, commits, segments, (plan.log_bytes, log_after), packs)
    if free_bytes(store):
        swap_file(store)
    return CompressReport(
        commits=commits,
        segments=segments,
        log_before_bytes=plan.log_bytes,
        log_after_bytes=log_after,
        packs=packs.packs,
        packs_before_bytes=packs.before_bytes,
        packs_after_bytes=packs.after_bytes,
        waiting_packs=packs.waiting,
        pairs=sum(stretch.count for stretch in plan.loose),
        pairs_before_bytes=sum(stretch.before_bytes for stretch in plan.loose),
        pairs_after_bytes=sum(stretch.after_bytes for stretch in plan.loose),
        size_before_bytes=plan.size_bytes,
        size_after_bytes=size_bytes(store),
        done=True,
        reason="",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    size_bytes: int
    positions: range
    log_bytes: int
    gain_bytes: int
    dictionary: Dictionary | None
    packs: tuple[ColdPack, ...]
    loose: tuple[Stretch, ...]
    """Rows of collections that lie alone."""

    reason: str
    """Why the log is left as it is, or the empty string."""


def _plan(store: Store, min_gain: float, progress: Progress) -> _Plan:
    """Find out what would shrink; changes nothing."""
    log = _log_of(store)
    positions = range(log.unsealed(0), store.head - _KEPT_OPEN)
    log_bytes = _rows_size(_entries(log, positions))
    dictionary, gain, reason = None, 0.0, "too few commits are new since the last time"
    if len(positions) >= _KEPT_OPEN:
        dictionary, share = _choose_dictionary(log, positions)
        gain = 1 - share
        too_little = f"the log would shrink by {gain:.1%}, less than {min_gain:.1%}"
        reason = too_little if gain < min_gain else ""
    return _Plan(
        size_bytes=size_bytes(store),
        positions=positions,
        log_bytes=log_bytes,
        gain_bytes=int(log_bytes * gain),
        dictionary=dictionary,
        packs=cold_packs(store, newest=_KEPT_OPEN, min_gain=min_gain, progress=progress),
        loose=loose_rows(store, min_gain),
        reason=reason,
    )


def _log_of(store: Store) -> LmdbLog:
    if not isinstance(store.log, LmdbLog):
        raise ReadOnly(f"{store.layout.path} shows the past: compress the vault itself")
    return store.log


def _not_done(plan: _Plan, reason: str) -> CompressReport:
    commits = len(plan.positions) if plan.gain_bytes else 0
    packs = predicted(plan.packs)
    loose = sum(stretch.before_bytes - stretch.after_bytes for stretch in plan.loose)
    gain = plan.gain_bytes + packs.before_bytes - packs.after_bytes + loose
    return CompressReport(
        commits=commits,
        segments=-(-commits // MOST_COMMITS),
        log_before_bytes=plan.log_bytes,
        log_after_bytes=plan.log_bytes - plan.gain_bytes,
        packs=packs.packs,
        packs_before_bytes=packs.before_bytes,
        packs_after_bytes=packs.after_bytes,
        waiting_packs=0,
        pairs=sum(stretch.count for stretch in plan.loose),
        pairs_before_bytes=sum(stretch.before_bytes for stretch in plan.loose),
        pairs_after_bytes=sum(stretch.after_bytes for stretch in plan.loose),
        size_before_bytes=plan.size_bytes,
        size_after_bytes=plan.size_bytes - gain,
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


def _record(
    store: Store, commits: int, segments: int, log_bytes: tuple[int, int], packs: Recompressed
) -> None:
    data = {
        "commits": commits,
        "segments": segments,
        "before_bytes": log_bytes[0],
        "after_bytes": log_bytes[1],
        "packs": packs.packs,
        "packs_before_bytes": packs.before_bytes,
        "packs_after_bytes": packs.after_bytes,
    }
    store.commit(
        lambda tx: tx.record_own(COMPRESSED, subject=SUBJECT, data=data),
        message="compressed what is old",
    )
