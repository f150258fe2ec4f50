"""A file of LMDB whose end is missing is refused before it is mapped; a whole one never is."""

import random
import shutil
from pathlib import Path

import lmdb
import pandas as pd
import pytest
from lmdb_rows import get, put
from processes import in_process

import nacre
from nacre.errors import CorruptionError, FormatError
from nacre.files import OsFiles
from nacre.lmdb_length import check_length
from nacre.registry import REGISTRY

PAGE = 4096


def cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def attempt(path: Path) -> str:
    """Open and verify a vault; LMDB kills the process that reads what is not there."""
    try:
        with nacre.open(path, read_only=True) as vault:
            return "clean" if vault.verify().is_clean else "problems"
    except (CorruptionError, FormatError) as error:
        return str(error)


def attempts_at_every_page(path: Path, pages: int, off: int) -> list[str]:
    results = []
    for page in reversed(range(1, pages)):
        cut(path / "vault.mdb", page * PAGE - off)
        results.append(attempt(path))
    return results


@pytest.mark.parametrize("off", [0, 100], ids=["between pages", "inside a page"])
def test_a_vault_cut_off_at_any_page_is_refused(off: int, pristine: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pristine, tmp_path / "v"))
    with nacre.open(copy) as vault, vault.transaction() as tx:
        for number in range(300):
            tx.record("noted", subject=f"s{number}", data={"text": f"{number} " * 20})
            tx.put(b"%d " % number * 20)
    pages = (copy / "vault.mdb").stat().st_size // PAGE

    results = in_process(lambda: attempts_at_every_page(copy, pages, off))

    assert pages > 20
    # Free pages at the end are no loss.
    needed = [result for result in results if result != "clean"]
    assert results[-len(needed) :] == needed
    assert len(needed) > pages / 2
    assert all("cut off" in result and "from a backup" in result for result in needed)


def test_a_single_file_vault_that_is_cut_off_says_where(tmp_path: Path) -> None:
    path = tmp_path / "v.nacre"
    with nacre.open(path, single_file=True) as vault:
        vault.frames.write("f", pd.DataFrame({"a": range(99)}))
    whole = path.stat().st_size
    cut(path, whole // PAGE // 2 * PAGE)

    with pytest.raises(CorruptionError, match=r"cut off at [0-9,]+ of [0-9,]+ bytes: restore it"):
        nacre.open(path)


def test_a_file_that_never_held_its_free_last_pages_is_whole(tmp_path: Path) -> None:
    path, rng, shorter = tmp_path / "x.mdb", random.Random(0), 0
    with lmdb.open(str(path), subdir=False, sync=False, map_size=1 << 27, lib_version=0) as opened:
        for _ in range(600):
            with opened.begin(write=True) as transaction:
                for _ in range(rng.randrange(1, 60)):
                    key = b"%04d" % rng.randrange(800)
                    if rng.random() < 0.5:
                        transaction.put(key, bytes(rng.randrange(1, 9000)))
                    else:
                        transaction.delete(key)
            check_length(path)
            shorter += path.stat().st_size < (opened.info()["last_pgno"] + 1) * PAGE

    assert shorter > 0


def test_a_vault_whose_first_page_is_gone_is_damaged(pristine: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pristine, tmp_path / "v"))
    with (copy / "vault.mdb").open("r+b") as file:
        file.write(bytes(PAGE))

    with pytest.raises(CorruptionError, match=r"vault\.mdb does not begin as a vault does: rest"):
        nacre.open(copy)


@pytest.mark.parametrize("what", ["is empty", "is missing"])
def test_packs_without_their_vault_are_damage_and_stay(
    what: str, pristine: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(pristine, tmp_path / "v"))
    if what == "is empty":
        cut(copy / "vault.mdb", 0)
    else:
        (copy / "vault.mdb").unlink()
    before = sorted(copy.rglob("*"))

    with pytest.raises(CorruptionError, match=f"vault.mdb {what}.*from a backup"):
        nacre.open(copy)

    assert sorted(copy.rglob("*")) == before


@pytest.mark.parametrize("error", [lmdb.CorruptedError, lmdb.PageNotFoundError])
def test_a_damaged_page_is_damage_and_no_bug(error: type[lmdb.Error], tmp_path: Path) -> None:
    environment = REGISTRY.acquire(tmp_path / "v.mdb", read_only=False, relaxed=True)

    with pytest.raises(CorruptionError, match="has a damaged page"), environment.read():
        raise error("what LMDB raises", -30796)
    with pytest.raises(CorruptionError, match="restore it from a backup"):
        with environment.write(OsFiles()):
            raise error("what LMDB raises", -30796)

    put(environment, b"key")
    assert get(environment, b"key") == b"value"
    REGISTRY.release(environment)
