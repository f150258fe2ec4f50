"""What a stored frame is, read from its manifest alone."""

from dataclasses import dataclass

from nacre.blobs.protocol import Payloads
from nacre.codec import pack
from nacre.frames.columns import column_manifest
from nacre.frames.manifest import Entry, get_manifest
from nacre.hashing import Digest, digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnInfo:
    """One column: its label as text, its type, its uncompressed size and its chunks.

    Columns of one type and one `content` hold the same values. Those of another may do so too: the
    same values can be cut into chunks elsewhere.
    """

    label: str
    type: str
    size_bytes: int
    chunks: int
    content: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameInfo:
    """A stored frame; `kind` is the library that it came from, `index` the index's type."""

    kind: str
    rows: int
    columns: tuple[ColumnInfo, ...]
    index: str | None
    size_bytes: int
    chunks: int


def describe_frame(payloads: Payloads, digest: Digest) -> FrameInfo:
    """Return what the frame under *digest* is, reading one blob.

    Raises:
        NotFound: there is no such frame.
    """
    manifest = get_manifest(payloads, digest)
    entries = [*manifest.columns, *manifest.parts.values()]
    index = manifest.parts.get("index")
    return FrameInfo(
        kind=manifest.kind,
        rows=manifest.rows,
        columns=tuple(map(_describe_column, manifest.columns)),
        index=index.type if index else None,
        size_bytes=sum(entry.size_bytes for entry in entries),
        chunks=sum(entry.chunks for entry in entries),
    )


def _describe_column(entry: Entry) -> ColumnInfo:
    column = entry.column
    return ColumnInfo(
        label=entry.label,
        type=entry.type,
        size_bytes=entry.size_bytes,
        chunks=entry.chunks,
        # What is a blob of its own has the digest of the same bytes.
        content=column if isinstance(column, Digest) else digest_of(pack(column_manifest(column))),
    )
