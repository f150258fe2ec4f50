"""Replay every view into a scratch environment and compare it with the live one."""

from collections.abc import Iterator

from nacre import codec
from nacre.errors import CorruptionError, FormatError
from nacre.keys import decode_key
from nacre.lmdb_handle import Transaction
from nacre.log import LogUntil
from nacre.operations.divergence import first_difference
from nacre.operations.report import Problem, Progress
from nacre.operations.scratch import Scratch, open_scratch
from nacre.store import Store
from nacre.views.pairs import Pair, TransactionPairs
from nacre.views.view import View, is_reserved


def check_views(store: Store, progress: Progress) -> Iterator[Problem]:
    """Yield the first difference of every view from its replay."""
    with open_scratch(store) as scratch:
        head = store.head
        scratch.derive(LogUntil(store.log, head), progress)
        with store.environment.read():
            # What was committed meanwhile; this read now holds the head where it is.
            scratch.stop(head)
            scratch.derive(LogUntil(store.log, store.head), progress)
            yield from _differences(store, scratch)


def _differences(store: Store, scratch: Scratch) -> Iterator[Problem]:
    for view in store.maintenance.views.values():
        difference = _first_difference(store, scratch, view)
        if difference is not None:
            yield difference


def _first_difference(store: Store, scratch: Scratch, view: type[View]) -> Problem | None:
    with store.environment.read() as live, scratch.environment.read() as replayed:
        build = store.maintenance.live_build(view, live)
        if build is None:
            # It is behind, or of newer code: it claims nothing here. But all read those of nacre.
            return _unreadable(store, view, live) if is_reserved(view.name) else None
        have = TransactionPairs(live, build.prefix).scan(b"", None)
        want_build = scratch.maintenance(store.log).live_build(view, replayed)
        assert want_build is not None
        want = TransactionPairs(replayed, want_build.prefix).scan(b"", None)
        difference = first_difference(view, have, want)
    return None if difference is None else _problem(view.name, *difference)


def _unreadable(store: Store, view: type[View], live: Transaction) -> Problem | None:
    try:
        store.maintenance.build_of(view, live)
    except FormatError as error:
        return Problem(where="view", what=str(error), affects=(view.name,))
    return None


def _problem(name: str, ours: Pair | None, theirs: Pair | None) -> Problem:
    if theirs is None:
        assert ours is not None
        what = f"{_shown(ours)} is in the view, but not in its replay"
    elif ours is None:
        what = f"{_shown(theirs)} is missing from the view"
    else:
        what = f"{_shown(ours)}, where the replay has {_shown(theirs)}"
    return Problem(where="view", what=f"{name}: {what}: run `nacre rebuild`", affects=(name,))


def _shown(pair: Pair) -> str:
    try:
        table, *key = decode_key(pair[0])
        return f"{table}[{', '.join(map(repr, key))}] = {codec.unpack(pair[1])!r}"[:200]
    except CorruptionError:
        return f"{pair[0].hex()} = {pair[1].hex()}"[:200]
