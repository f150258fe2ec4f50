"""The catalogue of views: slots are used once, and come back when their rows are gone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre import codec
from nacre.errors import CorruptionError
from nacre.views.catalogue import (
    Build,
    Catalogue,
    Entry,
    decode_catalogue,
    put_catalogue,
    raw_catalogue,
    slot_prefix,
)


class Rows(dict):
    """What a catalogue needs of a transaction."""

    put = dict.__setitem__


BUILDS = st.builds(
    Build,
    slot=st.integers(0, 65_535),
    version=st.integers(1, 300),
    position=st.none() | st.integers(0, 1 << 40),
)
ENTRIES = st.builds(Entry, current=BUILDS, successor=st.none() | BUILDS)
CATALOGUES = st.builds(
    Catalogue,
    st.dictionaries(st.text(min_size=1, max_size=5), ENTRIES, max_size=5),
    st.frozensets(st.integers(0, 65_535), max_size=3),
)


@settings(max_examples=80, deadline=None)
@given(catalogue=CATALOGUES)
def test_a_catalogue_comes_back_as_it_was(catalogue: Catalogue) -> None:
    rows = Rows()

    put_catalogue(rows, catalogue)

    assert decode_catalogue(raw_catalogue(rows)) == catalogue


def test_a_vault_without_a_catalogue_keeps_no_views() -> None:
    assert decode_catalogue(raw_catalogue(Rows())) == Catalogue({})


@pytest.mark.parametrize("stored", [[], 5, {"v": 1}, {"v": [0, 1, None]}], ids=str)
def test_an_altered_catalogue_is_reported(stored: object) -> None:
    with pytest.raises(CorruptionError, match="run `nacre rebuild`"):
        decode_catalogue(codec.pack(stored))


def test_a_slot_that_is_lost_is_dead_until_it_was_erased() -> None:
    old, new = (Build(slot=slot, version=1, position=None) for slot in (0, 1))
    catalogue = Catalogue({}).with_entry("v", Entry(current=old, successor=new))

    switched = catalogue.with_entry("v", Entry(current=new))

    assert catalogue.free_slot() == 2
    assert switched.dead == {0}
    assert switched.free_slot() == 2
    assert switched.without_dead(0).free_slot() == 0


def test_only_live_views_stop() -> None:
    live, behind = (Build(slot=n, version=1, position=p) for n, p in ((0, None), (1, 3)))
    entries = {name: Entry(current=live) for name in ("kept", "lost")}
    catalogue = Catalogue({**entries, "behind": Entry(current=behind)})

    stopped = catalogue.stopped_except(frozenset({"kept"}), 7)

    assert {name: entry.current.position for name, entry in stopped.entries.items()} == {
        "kept": None,
        "lost": 7,
        "behind": 3,
    }


def test_slots_lie_apart() -> None:
    prefixes = [slot_prefix(slot) for slot in (0, 1, 255, 256, 65_535)]

    assert prefixes == sorted(set(prefixes))
    assert {len(prefix) for prefix in prefixes} == {3}
