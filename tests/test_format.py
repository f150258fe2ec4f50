"""Every version of the format that was ever written must still open."""

import shutil
from pathlib import Path

import pytest
from make_fixtures import FRAME, LARGE

import nacre
from nacre.hashing import Digest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(
    params=sorted(FIXTURES.glob("format-*/*")), ids=lambda p: f"{p.parent.name}-{p.stem}"
)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copy = shutil.copytree if request.param.is_dir() else shutil.copy
    return Path(copy(request.param, tmp_path / request.param.name))


def test_there_is_a_frozen_vault_of_each_layout() -> None:
    names = {path.name for path in FIXTURES.glob("format-1/*")}

    assert names == {"directory.vault", "single.nacre"}


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
