"""A table is a dict, whatever lies alone in it and whatever in blocks."""

import tempfile
from pathlib import Path

import lmdb
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nacre.rows.table import Table
from nacre.views.pairs import MemoryPairs, TransactionPairs

PREFIX, BLOCKS = b"\x14\x04", b"\x14\x08"
NUMBERS = st.integers(0, 400)
WIDE = st.integers(0, 400).map(lambda number: b"%04d" % number)
NAMED = NUMBERS.map(lambda number: b"k%d" % number)
# Few fit into a block, and some lie alone because they are too large for one.
VALUES = st.sampled_from([b"same", b"x" * 300, b"y" * 500, b"z" * 600, b"other"])


class TableMachine(RuleBasedStateMachine):
    """Loads, single pairs, changes and deletions; every range in both directions."""

    keys = WIDE

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[bytes, bytes] = {}
        self.table = Table(self.open(), PREFIX, BLOCKS)

    def open(self):
        return MemoryPairs()

    @rule(data=st.data())
    def load(self, data) -> None:
        pairs = data.draw(st.dictionaries(self.keys, VALUES, max_size=60))
        new = dict(sorted((key, pairs[key]) for key in pairs.keys() - self.model.keys()))
        self.table.load(list(new), list(new.values()))
        self.model |= new

    @rule(data=st.data())
    def add(self, data) -> None:
        pairs = data.draw(st.dictionaries(self.keys, VALUES, max_size=3))
        new = {key: pairs[key] for key in pairs.keys() - self.model.keys()}
        self.table.add((PREFIX + key, value) for key, value in new.items())
        self.model |= new

    @rule(data=st.data(), count=st.sampled_from([1, 2, 40]))
    def replace(self, data, count) -> None:
        chosen = data.draw(st.permutations(sorted(self.model)))[:count]
        new = {key: data.draw(VALUES) for key in chosen}
        self.table.replace([(PREFIX + key, value) for key, value in new.items()])
        self.model |= new

    @rule(data=st.data(), count=st.sampled_from([1, 2, 40]))
    def delete(self, data, count) -> None:
        chosen = data.draw(st.permutations(sorted(self.model)))[:count]
        self.table.delete([PREFIX + key for key in chosen])
        for key in chosen:
            del self.model[key]

    @rule()
    def erase(self) -> None:
        self.table.erase()
        self.model = {}

    @rule(data=st.data(), limit=st.sampled_from([1, 2, 10, 1000]), reverse=st.booleans())
    def page(self, data, limit, reverse) -> None:
        low, high = data.draw(self.keys), data.draw(self.keys)
        stop = data.draw(st.sampled_from([None, PREFIX + high]))
        wanted = [
            (PREFIX + key, value)
            for key, value in sorted(self.model.items(), reverse=reverse)
            if low <= key and (stop is None or key < high)
        ]

        assert self.table.page(PREFIX + low, stop, reverse=reverse, limit=limit) == wanted[:limit]
        keys, last = self.table.named(
            PREFIX + low, stop, prefix=b"p", cut=3, reverse=reverse, limit=limit
        )
        assert keys == [b"p" + key[3:] for key, _ in wanted[:limit]]
        assert last == (wanted[:limit][-1][0] if wanted[:limit] else b"")

    @rule(data=st.data(), size=st.integers(0, 4), limit=st.sampled_from([1, 2, 50]))
    def starting(self, data, size, limit) -> None:
        prefix = data.draw(self.keys)[:size]
        wanted = [(PREFIX + k, v) for k, v in sorted(self.model.items()) if k.startswith(prefix)]

        assert self.table.starting(PREFIX + prefix, limit) == wanted[:limit]

    @rule(data=st.data())
    def get(self, data) -> None:
        keys = data.draw(st.lists(self.keys, max_size=20))
        found = self.table.get_many([PREFIX + key for key in keys])

        assert found == [self.model.get(key) for key in keys]
        assert [self.table.get(PREFIX + key) for key in keys] == found

    @invariant()
    def has_what_the_dict_has(self) -> None:
        pairs = [pair for page in self.table.pages(7) for pair in page]
        assert pairs == [(PREFIX + key, value) for key, value in sorted(self.model.items())]


class NamedMachine(TableMachine):
    """The same with keys of different sizes, in LMDB beside other rows."""

    keys = NAMED

    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.environment = lmdb.open(
            str(Path(self.folder.name) / "t"), map_size=1 << 30, sync=False
        )
        transaction = self.environment.begin(write=True)
        for key in (b"v\x13", b"v\x14\x05", b"v\x14\x09", b"v\x15"):
            transaction.put(key, b"another's")
        return TransactionPairs(transaction, b"v")

    def teardown(self) -> None:
        self.table = None
        self.environment.close()
        self.folder.cleanup()


TestTable = TableMachine.TestCase
TestNamedTable = NamedMachine.TestCase
for case in (TestTable, TestNamedTable):
    case.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(("count", "alone"), [(8, 0), (7, 7)])
def test_what_a_load_brings_lies_alone_where_it_is_little(count, alone):
    table = Table(MemoryPairs(), PREFIX, BLOCKS)
    table.load([b"%03d" % number for number in range(count)], [b"row"] * count)

    assert len(table.alone(b"", 100)) == alone


@pytest.mark.parametrize(("count", "alone"), [(62, 0), (61, 61)])
def test_a_block_is_not_written_again_for_a_sixteenth_of_it(count, alone):
    table = Table(MemoryPairs(), PREFIX, BLOCKS)
    table.load([b"%05d" % number for number in range(1000)], [b""] * 1000)

    table.load([b"00500%02d" % number for number in range(count)], [b""] * count)

    assert len(table.alone(b"", 100)) == alone
    assert len([pair for page in table.pages(100) for pair in page]) == 1000 + count
