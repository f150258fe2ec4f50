"""Which packs of a target were read, and when: so that each check goes on where others stopped.

It is noted at the target itself, in a sealed file: whoever checks next, and from wherever, knows.
"""

from collections.abc import Iterable, Mapping

from nacre import codec
from nacre.backups.sealed import READ, SealedTarget
from nacre.errors import CorruptionError, NotFound


def oldest_first(target: SealedTarget, packs: Iterable[str], *, time_ns: int) -> list[str]:
    """Return *packs* in the order in which they were read; first those that never were."""
    times = _merged(_notes(target).values())
    # What was read in the future was not.
    known = {pack: time for pack, time in times.items() if time <= time_ns}
    return sorted(packs, key=lambda pack: (known.get(pack, 0), pack))


def note_read(
    target: SealedTarget, read: Iterable[str], *, there: Iterable[str], time_ns: int
) -> None:
    """Note that packs were read now, and found whole; what is noted of the others *there* stays."""
    before = _notes(target)
    kept = frozenset(there)
    times = _merged([*before.values(), dict.fromkeys(read, time_ns)])
    name = target.put(READ, [codec.pack({pack: times[pack] for pack in sorted(kept & {*times})})])
    for old in before:
        if old != name:
            target.delete(old)


def _merged(notes: Iterable[Mapping[str, int]]) -> dict[str, int]:
    times: dict[str, int] = {}
    for note in notes:
        for pack, time_ns in note.items():
            times[pack] = max(time_ns, times.get(pack, 0))
    return times


def _notes(target: SealedTarget) -> dict[str, dict[str, int]]:
    """Return what can be read; what cannot counts as never read, and a repair removes it."""
    notes: dict[str, dict[str, int]] = {}
    for name in target.list(READ):
        try:
            fields = codec.unpack(target.get(name))
        except (CorruptionError, NotFound):
            continue
        if isinstance(fields, dict):
            notes[name] = {str(k): v for k, v in fields.items() if isinstance(v, int)}
    return notes
