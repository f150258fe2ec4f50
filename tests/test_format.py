"""Every version of the format that was ever written must still open."""

import shutil
from pathlib import Path

import pytest
from make_fixtures import FRAME, KEY, LARGE

import nacre
from nacre.backups import DirectoryTarget
from nacre.hashing import Digest
from nacre.operations.backup import open_target
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.restore import restore
from nacre.operations.verify_backup import verify_backups

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(
    params=sorted({*FIXTURES.glob("format-*/*.vault"), *FIXTURES.glob("format-*/*.nacre")}),
    ids=lambda p: f"{p.parent.name}-{p.stem}",
)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copy = shutil.copytree if request.param.is_dir() else shutil.copy
    return Path(copy(request.param, tmp_path / request.param.name))


def test_there_is_a_frozen_vault_of_each_layout_and_backups_of_one() -> None:
    names = {path.name for path in FIXTURES.glob("format-1/*")}

    assert names == {"directory.vault", "single.nacre", "plain.backups", "encrypted.backups"}


def test_a_frozen_vault_is_read_as_it_was(old: Path, tmp_path: Path) -> None:
    with nacre.open(old, read_only=True) as vault:
        photo = next(vault.events(kind="photo.added"))
        image, tree = photo.data["image"], next(vault.events(subject="t")).data["tree"]
        assert isinstance(image, Digest)
        assert isinstance(tree, Digest)
        vault.get_tree(tree, tmp_path / "tree")

        assert vault.head == 5
        assert vault.frames.read("delays", 0).equals(FRAME)
        assert len(vault.frames.read("delays")) == 6
        assert vault.get(image) == LARGE
        assert (tmp_path / "tree" / "inner" / "file.txt").read_text() == "content"
        assert sum(1 for _ in vault.events(kind="counted")) == 300
        assert vault.verify().is_clean


def test_a_frozen_vault_can_be_written_on(old: Path) -> None:
    with nacre.open(old, actor="bo") as vault:
        repeated = vault.commit(lambda tx: tx.record("a", subject="s"), write_id="once")
        vault.frames.append("delays", FRAME)

        assert repeated.position == 3
        assert len(vault.frames.read("delays")) == 9
        assert vault.verify().is_clean


@pytest.mark.parametrize("copies", [2, 1], ids=["as it is", "as before it had copies"])
@pytest.mark.parametrize("name", ["plain", "encrypted"])
def test_a_frozen_target_is_restored(name: str, copies: int, tmp_path: Path) -> None:
    frozen = shutil.copytree(FIXTURES / "format-1" / f"{name}.backups", tmp_path / "t")
    if copies == 1:
        shutil.rmtree(frozen / "copies")
    target = open_target(DirectoryTarget(frozen), KEY if name == "encrypted" else None)

    restore(plan_restore(target, Choice()), tmp_path / "r")

    assert verify_backups(target, "full").is_clean
    with (
        nacre.open(tmp_path / "r", read_only=True) as vault,
        nacre.open(
            shutil.copytree(FIXTURES / "format-1" / "directory.vault", tmp_path / "v"),
            read_only=True,
        ) as original,
    ):
        assert vault.checkpoint() == original.checkpoint()
        assert vault.frames.read("delays", 0).equals(FRAME)
