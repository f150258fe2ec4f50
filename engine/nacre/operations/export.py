"""A vault for other programs, in a format of theirs, or whole in one of ours."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from nacre.errors import InvalidInput, NacreError
from nacre.files import storage_error
from nacre.operations.export_jsonl import ExportReport, export_jsonl
from nacre.operations.report import Progress, no_progress
from nacre.signing import SigningKey
from nacre.store import Store

Write = Callable[[Store, Path, Progress], ExportReport]

_WRITERS: dict[str, Write] = {"jsonl": export_jsonl}
FORMATS = tuple(_WRITERS)


def export(
    store: Store,
    path: Path,
    *,
    form: str,
    key: SigningKey | None = None,
    progress: Progress = no_progress,
) -> ExportReport:
    """Write the log to a file in a format; the file is there when it is complete, or not at all.

    Raises:
        InvalidInput: the format is unknown, or is to be signed and holds no checkpoint.
    """
    write = _WRITERS.get(form)
    if write is None:
        raise InvalidInput(f"{form!r} is no format: choose of {', '.join(FORMATS)}")
    if key is not None:
        if form != "jsonl":
            raise InvalidInput(f"{form} holds no checkpoint to sign: use jsonl, or leave out --key")
        write = partial(export_jsonl, key=key)
    part = path.with_name(path.name + ".part")
    try:
        report = write(store, part, progress)
        part.replace(path)
    except NacreError:
        raise
    except OSError as error:
        raise storage_error(f"write {path}", error) from error
    finally:
        part.unlink(missing_ok=True)
    return report
