"""Proofs out of the stored tree are RFC 6962's, and nacre-check agrees."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nacre_check
from nacre.environment import Environment
from nacre.files import OsFiles
from nacre.log.proofs import consistency_path, inclusion_path
from nacre.log.tree import WIDTH_BITS, LmdbTree, root_of
from nacre.registry import REGISTRY

LEAVES = [sha256(bytes([number % 256, number // 256])).digest() for number in range(700)]


def read_level(level: int, start: int, stop: int) -> list[bytes]:
    """The stored hashes as they would be, without storing them."""
    width = 1 << level * WIDTH_BITS
    return [root_of(LEAVES[i * width : (i + 1) * width]) for i in range(start, stop)]


def naive_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


SIZES = st.integers(1, len(LEAVES))


@given(size=SIZES, share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=50, deadline=None)
def test_an_inclusion_path_is_the_one_of_the_rfc(size: int, share: float) -> None:
    position = int(share * size)

    path = inclusion_path(position, size, read_level)

    assert path == naive_path(position, LEAVES[:size])
    root = nacre_check.root_from_inclusion(LEAVES[position], position, size, path)
    assert root == root_of(LEAVES[:size])


@given(size=SIZES, share=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_a_consistency_path_is_the_one_of_the_rfc(size: int, share: float) -> None:
    old = max(1, int(share * size))
    roots = root_of(LEAVES[:old]), root_of(LEAVES[:size])

    path = consistency_path(old, size, read_level)

    assert path == naive_subproof(old, LEAVES[:size], True)
    if old < size:
        assert nacre_check.roots_from_consistency(old, size, roots[0], path) == roots


@pytest.mark.parametrize("size", range(1, 20))
def test_every_small_proof_holds(size: int) -> None:
    root = root_of(LEAVES[:size])
    for position in range(size):
        path = inclusion_path(position, size, read_level)
        leaf = LEAVES[position]
        assert nacre_check.root_from_inclusion(leaf, position, size, path) == root
    for old in range(1, size):
        path = consistency_path(old, size, read_level)
        roots = (root_of(LEAVES[:old]), root)
        assert nacre_check.roots_from_consistency(old, size, roots[0], path) == roots


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    environment = REGISTRY.acquire(tmp_path / "tree.mdb", read_only=False, relaxed=True)
    yield environment
    REGISTRY.release(environment)


def test_the_stored_tree_gives_the_same_proofs(environment: Environment) -> None:
    with environment.write(OsFiles()) as transaction:
        tree = LmdbTree(transaction)
        for position, leaf in enumerate(LEAVES):
            tree.extend(position, leaf)

    with environment.read() as transaction:
        read = LmdbTree(transaction).read
        for position in (0, 255, 256, 511, 512, 699):
            assert inclusion_path(position, 700, read) == naive_path(position, LEAVES)
        for old in (1, 255, 256, 257, 512, 699):
            assert consistency_path(old, 700, read) == naive_subproof(old, LEAVES, True)


def test_the_tree_of_the_checker_is_the_same() -> None:
    tree = nacre_check.Tree()
    assert tree.root() == root_of([])
    for size, leaf in enumerate(LEAVES[:300], 1):
        tree.add(leaf)
        assert tree.root() == naive_root(LEAVES[:size])
