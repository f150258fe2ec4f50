"""The backups at a target: found by name, newest last."""

from collections.abc import Iterator
from dataclasses import dataclass

from nacre import codec
from nacre.backups.backup import Backup, decode_backup, short_name
from nacre.backups.sealed import BACKUPS, FORGOTTEN, SealedTarget
from nacre.errors import CorruptionError, InvalidInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A backup and its file."""

    name: str
    backup: Backup

    @property
    def short(self) -> str:
        """The name that people use."""
        return short_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What backups there are."""

    backups: tuple[Listed, ...]
    """Oldest first."""

    forgotten: dict[str, int]
    """By the name of the backup, when it may be deleted."""

    problems: tuple[str, ...]
    """Backups that cannot be read."""

    def live(self) -> list[Listed]:
        """Return the backups that are not forgotten."""
        return [listed for listed in self.backups if listed.name not in self.forgotten]

    def of_vault(self, vault_id: bytes) -> list[Listed]:
        """Return the backups of a vault that are not forgotten."""
        return [listed for listed in self.live() if listed.backup.vault_id == vault_id]

    def named(self, short: str) -> Listed:
        """Return the backup whose name begins so.

        Raises:
            NotFound: there is none.
            InvalidInput: there are several.
        """
        found = [listed for listed in self.backups if listed.name.startswith(f"{BACKUPS}/{short}")]
        if not short or not found:
            raise NotFound(f"there is no backup {short!r}: list them with `nacre backups`")
        if len(found) > 1:
            raise InvalidInput(f"{len(found)} backups begin with {short!r}: give more of the name")
        return found[0]


def read_listing(target: SealedTarget) -> Listing:
    """Return all backups that can be read, and say which cannot."""
    problems: list[str] = []
    found = list(_backups(target, problems))
    return Listing(
        backups=tuple(sorted(found, key=lambda listed: (listed.backup.time_ns, listed.name))),
        forgotten=_forgotten(target, problems),
        problems=tuple(problems),
    )


def _backups(target: SealedTarget, problems: list[str]) -> Iterator[Listed]:
    for name in target.list(BACKUPS):
        try:
            yield Listed(name=name, backup=decode_backup(target.get(name)))
        except NotFound:
            continue  # deleted meanwhile
        except CorruptionError as error:
            problems.append(f"the backup {short_name(name)} cannot be read: {error}")


def _forgotten(target: SealedTarget, problems: list[str]) -> dict[str, int]:
    forgotten: dict[str, int] = {}
    for name in target.list(FORGOTTEN):
        try:
            backup, after_ns = read_mark(target, name)
        except NotFound:
            continue
        except CorruptionError as error:
            problems.append(str(error))
            continue
        forgotten[backup] = min(after_ns, forgotten.get(backup, after_ns))
    return forgotten


def read_mark(target: SealedTarget, name: str) -> tuple[str, int]:
    """Return which backup a mark forgets, and when it may be deleted."""
    match codec.unpack(target.get(name)):
        case {"backup": str(backup), "after_ns": int(after_ns)}:
            return backup, after_ns
        case _:
            raise CorruptionError(f"{name} is no mark of a forgotten backup")
