"""What a target says of itself stands there twice: the loss of one takes no backup along."""

from pathlib import Path

import pytest
from backup_targets import KEY, back_up, sealed, worked
from click.testing import CliRunner

from nacre.backups import MemoryTarget, SealedTarget, Secret
from nacre.backups.config import COPY, NAME
from nacre.cli.program import program
from nacre.errors import CorruptionError, NacreError, NotFound, WrongKey
from nacre.operations.backup import open_target
from nacre.operations.repair_backup import find_target_damage, repair_backups
from nacre.operations.verify_backup import verify_backups

secrets = pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])
names = pytest.mark.parametrize("name", [NAME, COPY])


@secrets
def test_a_new_target_says_it_twice(secret) -> None:
    files = files_of(sealed(secret=secret))

    assert files[NAME] == files[COPY]


@secrets
@names
def test_every_flipped_byte_is_outlived_named_and_mended(secret, name: str) -> None:
    whole = dict(files_of(sealed(secret=secret)))

    for at in range(len(whole[name])):
        place = holding({**whole, name: flipped(whole[name], at)})
        target = open_target(place, secret)

        assert [name in problem for problem in verify_backups(target).problems] == [True], at
        assert repair_backups(target, find_target_damage(target)).configs == (name,)
        assert place.files == whole


@secrets
def test_a_config_that_is_gone_comes_back(secret) -> None:
    whole = dict(files_of(sealed(secret=secret)))
    place = holding({COPY: whole[COPY]})
    target = open_target(place, secret)

    assert not verify_backups(target).is_clean
    repair_backups(target, find_target_damage(target))

    assert {NAME: place.files[NAME], COPY: place.files[COPY]} == whole


def test_a_target_of_before_gets_its_copy_with_the_next_backup(tmp_path: Path) -> None:
    target = sealed()
    whole = files_of(target).pop(COPY)

    assert verify_backups(target).is_clean
    with worked(tmp_path / "v") as vault:
        back_up(vault, target)

    assert files_of(target)[COPY] == whole


@secrets
def test_two_damaged_copies_are_refused(secret) -> None:
    whole = files_of(sealed(secret=secret))
    place = holding({name: flipped(whole[name], 3 + at) for at, name in enumerate((NAME, COPY))})

    with pytest.raises(CorruptionError, match=f"restore {NAME} or {COPY} from a copy"):
        open_target(place, secret, create=True)


def test_another_key_opens_neither() -> None:
    place = holding(files_of(sealed(secret=KEY)))

    with pytest.raises(WrongKey):
        open_target(place, Secret(key_file=b"x" * 32))


def test_no_target_is_made_over_what_is_left_of_one(tmp_path: Path) -> None:
    """Else backups would go to a target with another key, beside those that nobody opens."""
    run = CliRunner().invoke
    vault, target, key = (str(tmp_path / name) for name in ("v", "t", "key"))
    Path(key).write_bytes(b"k" * 32)
    run(program, ["init", vault])
    run(program, ["backup", vault, target, "--encrypt", "--key-file", key])
    (tmp_path / "t" / NAME).unlink()

    without = run(program, ["backup", vault, target])
    mended = run(program, ["repair-backup", target, "--key-file", key])

    assert isinstance(without.exception, NacreError)
    assert f"written again from its copy: {NAME}" in mended.output
    assert (tmp_path / "t" / NAME).read_bytes() == (tmp_path / "t" / COPY).read_bytes()


def test_a_place_without_both_is_no_target() -> None:
    with pytest.raises(NotFound, match="no backups"):
        open_target(holding({}))


def files_of(target: SealedTarget) -> dict[str, bytes]:
    assert isinstance(target.target, MemoryTarget)
    return target.target.files


def holding(files: dict[str, bytes]) -> MemoryTarget:
    target = MemoryTarget()
    target.files.update(files)
    return target


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
