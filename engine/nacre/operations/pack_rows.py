"""Pack the rows of collections that came one by one, a stretch of them in each commit."""

from collections.abc import Sequence
from functools import partial

from nacre.operations.report import Progress
from nacre.rows import Rows
from nacre.rows.packing import Stretch, packed, stretches
from nacre.rows.view import PACKED
from nacre.stage import Stage
from nacre.store import Store


def loose_rows(store: Store, min_gain: float) -> tuple[Stretch, ...]:
    """Return what could be packed, if all of it shrinks by *min_gain*."""
    found = tuple(stretches(store.view(Rows)))
    before = sum(stretch.before_bytes for stretch in found)
    after = sum(stretch.after_bytes for stretch in found)
    return found if after < (1 - min_gain) * before else ()


def pack_rows(store: Store, loose: Sequence[Stretch], progress: Progress) -> None:
    """Pack stretches; each is a commit of its own, so that others wait for none for long."""
    for number, stretch in enumerate(loose):
        progress("pack rows", number, len(loose))
        store.commit(partial(_record, stretch=stretch), message="packed rows")


def _record(tx: Stage, stretch: Stretch) -> None:
    data = packed(tx.view(Rows), stretch)
    if data is not None:
        tx.record_own(PACKED, subject=stretch.collection, data=data)
