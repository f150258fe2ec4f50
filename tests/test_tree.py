"""The Merkle tree is RFC 6962's, as the test vectors and a naive reading of the RFC have it."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.environment import Environment
from nacre.errors import CorruptionError
from nacre.files import OsFiles
from nacre.hashing import leaf_hash, node_hash
from nacre.log.tree import EMPTY_ROOT, LmdbTree, root_of, stored_level_sizes, tree_root
from nacre.prefixes import TREE
from nacre.registry import REGISTRY

# The leaves and roots that certificate-transparency's reference implementation is tested with.
INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    bytes(range(0x60, 0x70)),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    environment = REGISTRY.acquire(tmp_path / "tree.mdb", read_only=False, relaxed=True)
    yield environment
    REGISTRY.release(environment)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word, over hashes of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def leaves_of(count: int) -> list[bytes]:
    return [sha256(b"\x00%d" % number).digest() for number in range(count)]


def in_memory(leaves: list[bytes]) -> Callable[[int, int, int], list[bytes]]:
    """The stored levels of a tree, derived naively."""

    def read(level: int, start: int, stop: int) -> list[bytes]:
        width = 256**level
        return [naive_root(leaves[i * width : (i + 1) * width]) for i in range(start, stop)]

    return read


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    leaves = [sha256(b"\x00" + data).digest() for data in INPUTS[:size]]

    assert root_of(leaves).hex() == ROOTS[size]
    assert tree_root(size, in_memory(leaves)).hex() == ROOTS[size]
    assert naive_root(leaves).hex() == ROOTS[size]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert sha256(b"").digest() == EMPTY_ROOT == root_of([])


def test_leaves_and_nodes_cannot_be_taken_for_each_other() -> None:
    left, right = leaves_of(2)

    assert node_hash(left, right) == sha256(b"\x01" + left + right).digest()
    assert (
        leaf_hash(b"header", [left])
        == sha256(b"\x00" + (6).to_bytes(4, "big") + b"header" + left).digest()
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1500))
def test_a_root_from_stored_levels_is_the_naive_one(size: int) -> None:
    leaves = leaves_of(size)

    assert tree_root(size, in_memory(leaves)) == naive_root(leaves)


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000])
def test_a_root_at_the_edge_of_a_level_is_the_naive_one(size: int) -> None:
    leaves = leaves_of(size)
    tiles = [root_of(leaves[i : i + 256]) for i in range(0, size - size % 256, 256)]
    tops = [root_of(tiles[i : i + 256]) for i in range(0, len(tiles) - len(tiles) % 256, 256)]
    levels = [leaves, tiles, tops]

    assert tree_root(size, lambda level, a, b: levels[level][a:b]) == naive_root(leaves)


def test_a_tree_knows_the_root_at_every_size(environment: Environment) -> None:
    leaves = leaves_of(700)
    with environment.write(OsFiles()) as transaction:
        tree = LmdbTree(transaction)
        for position, leaf in enumerate(leaves):
            tree.extend(position, leaf)

    with environment.read() as transaction:
        tree = LmdbTree(transaction)
        sizes = [0, 1, 2, 3, 100, 255, 256, 257, 300, 511, 512, 513, 699, 700]
        roots = [tree.root(size) for size in sizes]
        last = tree.leaf(699)

    assert roots == [naive_root(leaves[:size]) for size in sizes]
    assert last == leaves[699]


def test_a_tree_stores_a_hash_a_leaf_and_one_for_each_256(environment: Environment) -> None:
    with environment.write(OsFiles()) as transaction:
        tree = LmdbTree(transaction)
        for position, leaf in enumerate(leaves_of(520)):
            tree.extend(position, leaf)
        transaction.put(bytes([TREE - 1]), b"before")
        transaction.put(bytes([TREE + 1]), b"behind")

        sizes = stored_level_sizes(transaction)

    assert sizes == {0: 520, 1: 2}


def test_a_missing_hash_is_reported_with_its_place(environment: Environment) -> None:
    with environment.write(OsFiles()) as transaction:
        tree = LmdbTree(transaction)
        for position, leaf in enumerate(leaves_of(10)):
            tree.extend(position, leaf)
        transaction.delete(bytes([TREE, 0]) + (4).to_bytes(8, "big"))

        with pytest.raises(CorruptionError, match="no hash 4 at level 0"):
            tree.read(0, 0, 10)
