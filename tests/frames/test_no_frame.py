"""What is no frame is told so, and what is no frame's name is told which there are."""

from pathlib import Path

import pandas as pd
import pytest

import nacre
from nacre import codec
from nacre.errors import Closed, CorruptionError, InvalidInput, NotFound


@pytest.fixture
def others(vault: nacre.Vault, tmp_path: Path) -> dict[str, nacre.Digest]:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").write_text("text")
    return {
        "photo": vault.put(b"\xff\xd8 a photo"),
        "number": vault.put(b"\x07"),
        "tree": vault.put_tree(tmp_path / "tree"),
    }


@pytest.mark.parametrize("what", ["photo", "number", "tree"])
def test_what_is_no_frame_is_no_damage(
    what: str, vault: nacre.Vault, others: dict[str, nacre.Digest]
) -> None:
    with pytest.raises(InvalidInput, match="is no frame: get it as what it was put as"):
        vault.get_frame(others[what])
    with pytest.raises(InvalidInput, match="is no frame"):
        vault.commit(lambda tx: tx.frames.name("f", others[what]))

    assert vault.head == 0


def test_a_frame_that_does_not_fit_together_is_damage(vault: nacre.Vault) -> None:
    digest = vault.put_blob(codec.pack({"frame": 1, "kind": "pandas"}), manifest=True)

    with pytest.raises(CorruptionError, match="does not fit together: run `nacre verify`"):
        vault.get_frame(digest)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "nor any other: write one first"),
        (["delays", "flights"], "did you mean 'flights'$"),
        (["zebra", "apple"], "there are 'apple', 'zebra'$"),
        ([f"n{i}" for i in range(7)], "there are 'n0', 'n1', 'n2', 'n3', 'n4' and 2 more$"),
    ],
)
def test_a_name_that_is_not_there_is_answered_by_those_near_or_all(
    names: list[str], said: str, vault: nacre.Vault
) -> None:
    with vault.transaction() as tx:
        for name in names:
            tx.frames.write(name, pd.DataFrame({"a": [1]}))

    with pytest.raises(NotFound, match=f"there is no frame 'flihgts'.*{said}"):
        vault.frames.read("flihgts")


def test_a_closed_vault_names_itself(tmp_path: Path) -> None:
    vault = nacre.open(tmp_path / "v")
    vault.close()

    with pytest.raises(Closed, match=r"/v was closed: open the vault again"):
        vault.head  # noqa: B018 - reading it is what is tested


@pytest.mark.parametrize("actor", ["ana\nbo", "ana\n", "\x1b[31mana"])
def test_an_actor_is_one_line(actor: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="control character: use one line of printable text"):
        nacre.open(tmp_path / "v", actor=actor)
