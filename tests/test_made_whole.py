"""A vault that is made from another one has all views of nacre before anybody writes."""

from pathlib import Path

import pytest
from audit.commands import nacre_command

import nacre

WAYS = {
    "import": (("export", "V", "--to", "C"), ("import", "N", "C")),
    "restore": (("backup", "V", "C"), ("restore", "C", "N")),
    "unarchive": (("archive", "V", "C"), ("unarchive", "C", "N")),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_view_of_a_vault_made_anew_can_be_compared(way: str, tmp_path: Path) -> None:
    places = {"V": tmp_path / "v", "C": tmp_path / "copy.tar.zst", "N": tmp_path / "new"}
    with nacre.open(places["V"], actor="ana") as vault:
        town = vault.rows.create("town", {"id": "string"}, key="id")
        town.insert({"id": "p1"})

    for command in WAYS[way]:
        nacre_command(*(places.get(word, word) for word in command))

    with nacre.open(places["N"], read_only=True) as made:
        compared = {view.name: view.compared_with for view in made.replay().views}
    assert compared["rows"] == compared["frames"] == ("live rows",)
