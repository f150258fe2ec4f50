"""Blobs that commits name, and that are not there although no commit dropped them."""

import re
from collections.abc import Iterator

from nacre.codec import digests_in
from nacre.event import decode_events, open_entry
from nacre.hashing import HASH_SIZE, Digest
from nacre.operations.affected import Labels, Naming
from nacre.operations.epitaphs import Epitaphs
from nacre.operations.report import Problem, Progress
from nacre.store import Store

# How a digest begins in msgpack: extension 8, length 33, type 1, algorithm 1.
_DIGEST = re.compile(rb"\xc7\x21\x01\x01.{%d}" % HASH_SIZE, re.DOTALL)
_REPORT_EVERY = 10_000


def missing_blobs(store: Store, start: int, stop: int, progress: Progress) -> Iterator[Problem]:
    """Yield a problem for every blob that the commits of a range name in vain."""
    names: dict[Digest, set[str]] = {}
    labels = Labels(store)
    for position, entry in enumerate(store.log.read(start, stop), start):
        if position % _REPORT_EVERY == 0:
            progress("blobs", position, stop)
        if _DIGEST.search(open_entry(entry)[1]) is None:
            continue
        for event in decode_events(entry):
            for digest in digests_in(event.data):
                names.setdefault(digest, set()).add(labels.of(event))
    naming = Naming(store, names)
    for digest in Epitaphs(store).unexplained({*names, *naming.children}):
        yield Problem(
            where="blob",
            what=f"{digest} is named, but not there",
            affects=naming.affected([digest]),
        )
    progress("blobs", stop, stop)
