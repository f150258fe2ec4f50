"""Which target is meant by what people write for one."""

from pathlib import Path

from nacre.backups.directory import DirectoryTarget
from nacre.backups.target import Target
from nacre.errors import InvalidInput
from nacre.files import Files


def target_at(location: str, files: Files | None = None) -> Target:
    """Return the target at a path, also one written `file:///...`.

    Raises:
        InvalidInput: it is empty, or a kind of place that is not known.
    """
    scheme, found, rest = location.partition("://")
    if found and scheme != "file":
        raise InvalidInput(f"{location!r} is no place for backups: give a directory")
    path = rest if found else location
    if not path:
        raise InvalidInput("the place of the backups is empty: give a directory")
    return DirectoryTarget(Path(path).absolute(), files)
