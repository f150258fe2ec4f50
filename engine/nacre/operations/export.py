"""A vault for other programs, in a format of theirs, or whole in one of ours."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from nacre.errors import InvalidInput
from nacre.files import replacing
from nacre.operations.export_events import EVENT_FORMATS
from nacre.operations.export_jsonl import ExportReport, export_jsonl
from nacre.operations.export_prov import export_prov
from nacre.operations.report import Progress, no_progress
from nacre.signing import SigningKey
from nacre.store import Store

Write = Callable[[Store, Path, Progress], ExportReport]

_WRITERS: dict[str, Write] = {"jsonl": export_jsonl, "prov": export_prov, **EVENT_FORMATS}
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
    with replacing(path) as part:
        return write(store, part, progress)
