"""The manifest of a frame: what it is made of and which blobs hold it.

    frame   {"frame": 1, "kind", "rows", "columns": [entry, ...], "parts": {name: entry},
             "header": {...}}
    entry   [label, type, bytes, chunks, column or digest of a column]

A column's manifest above a size is a blob of its own, so that versions share the manifests of
the columns that they share.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from nacre.blobs.protocol import Payloads
from nacre.codec import pack, unpack
from nacre.errors import CorruptionError, FormatError, InvalidInput
from nacre.frames.columns import StoredColumn, column_manifest, parse_column, streams_in
from nacre.hashing import Digest

FRAME_FORMAT = 1
_INLINE_BYTES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One column: how it is called, what it holds, and where to read on."""

    label: str
    type: str
    size_bytes: int
    chunks: int
    column: StoredColumn | Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameManifest:
    """A stored frame; `parts` are what is no column, such as the index of a pandas frame."""

    kind: str
    rows: int
    columns: tuple[Entry, ...]
    parts: Mapping[str, Entry]
    header: Mapping[str, object]


class _Labelled(Protocol):
    @property
    def label(self) -> str: ...


Item = TypeVar("Item", bound=_Labelled)


def put_manifest(payloads: Payloads, manifest: FrameManifest) -> Digest:
    """Store *manifest*, whose chunks have been put, and return its digest."""
    content = {
        "frame": FRAME_FORMAT,
        "kind": manifest.kind,
        "rows": manifest.rows,
        "columns": [_put_entry(payloads, entry) for entry in manifest.columns],
        "parts": {name: _put_entry(payloads, entry) for name, entry in manifest.parts.items()},
        "header": dict(manifest.header),
    }
    return payloads.put_blob(pack(content), manifest=True)


def get_manifest(payloads: Payloads, digest: Digest) -> FrameManifest:
    """Return the manifest under *digest*.

    Raises:
        NotFound: there is no such blob.
        FormatError: a newer nacre wrote it.
        InvalidInput: the blob is something else.
        CorruptionError: it is the manifest of a frame, and does not fit together.
    """
    stored = payloads.get_blob(digest)
    try:
        content = unpack(stored)
    except CorruptionError:  # not of the blob, which was checked: it is something else
        content = None
    if not isinstance(content, dict) or "frame" not in content:
        raise InvalidInput(f"{digest} is no frame: get it as what it was put as")
    match content:
        case {
            "frame": int() as version,
            "kind": str() as kind,
            "rows": int() as rows,
            "columns": list() as columns,
            "parts": dict() as parts,
            "header": dict() as header,
        } if type(rows) is int and rows >= 0:
            _check_version(version)
            return FrameManifest(
                kind=kind,
                rows=rows,
                columns=tuple(map(_parse_entry, columns)),
                parts={name: _parse_entry(part) for name, part in parts.items()},
                header=header,
            )
    raise CorruptionError(f"the frame {digest} does not fit together: run `nacre verify`")


def entry_of(label: str, kind: str, column: StoredColumn) -> Entry:
    """Return the entry of *column*, summed up for those who read no further."""
    streams = list(streams_in(column))
    return Entry(
        label=label,
        type=kind,
        size_bytes=sum(stream.size_bytes for stream in streams),
        chunks=sum(len(stream.chunks) for stream in streams),
        column=column,
    )


def stored_column(payloads: Payloads, entry: Entry) -> StoredColumn:
    """Return the column of *entry*."""
    if isinstance(entry.column, StoredColumn):
        return entry.column
    return parse_column(unpack(payloads.get_blob(entry.column)))


def numbered(items: Iterable[Item]) -> Iterator[tuple[tuple[str, int], Item]]:
    """Yield each item under its label and how many of that label came before."""
    seen: Counter[str] = Counter()
    for item in items:
        yield (item.label, seen[item.label]), item
        seen[item.label] += 1


def _put_entry(payloads: Payloads, entry: Entry) -> list[object]:
    column: object = entry.column
    if isinstance(entry.column, StoredColumn):
        column = column_manifest(entry.column)
        packed = pack(column)
        if len(packed) > _INLINE_BYTES:
            column = payloads.put_blob(packed, manifest=True)
    return [entry.label, entry.type, entry.size_bytes, entry.chunks, column]


def _parse_entry(content: object) -> Entry:
    match content:
        case [str() as label, str() as kind, int() as size, int() as chunks, column]:
            return Entry(
                label=label,
                type=kind,
                size_bytes=size,
                chunks=chunks,
                column=column if isinstance(column, Digest) else parse_column(column),
            )
    raise CorruptionError("a column in the manifest of a frame has other fields")


def _check_version(version: int) -> None:
    if version != FRAME_FORMAT:
        raise FormatError(
            f"a frame has format {version}, and this nacre reads {FRAME_FORMAT}: upgrade it"
        )
