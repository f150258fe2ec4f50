"""The form of archives: a tar of plain files, whose first says which others follow, and how large.

    nacre-archive.json      JSON: format, vault_id, head, root, files: a list of [name, size]
    vault/vault.mdb         the LMDB file, as it was at one moment
    vault/packs/<id>.pack   each pack, as far as commits named it then

Of a single-file vault there is `vault.nacre` alone. Any tar unpacks that. Reading is stricter than
tar is: only these names, in the order and of the sizes that the first file says, each once. So
nothing that a tar can do to a file system, such as links or names that lead elsewhere, is even
looked at.
"""

import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from nacre.errors import CorruptionError, FormatError
from nacre.hashing import Buffer
from nacre.operations.squeezed import Source

ENVIRONMENT = "vault/vault.mdb"
SINGLE_FILE = "vault.nacre"

_FORMAT = 1
_CONTENTS = "nacre-archive.json"
_LARGEST_CONTENTS = 16 << 20
_BLOCK = tarfile.BLOCKSIZE
_CHUNK_BYTES = 1 << 20
_MOST_ZEROS = 1 << 16
_PACK = re.compile(r"vault/packs/[0-9a-f]{16}\.pack")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the first file of an archive says."""

    vault_id: str
    head: int
    root: str
    files: tuple[tuple[str, int], ...]
    """Names and sizes, in the order in which they follow."""

    @property
    def size_bytes(self) -> int:
        """What the files take."""
        return sum(size for _, size in self.files)

    @property
    def is_single_file(self) -> bool:
        """Whether it is the archive of a single-file vault."""
        return self.files[0][0] == SINGLE_FILE


def pack_name(pack_id: bytes) -> str:
    """Return the name of a pack in an archive."""
    return f"vault/packs/{pack_id.hex()}.pack"


def tar_parts(
    contents: Contents, payloads: Sequence[memoryview], *, time_ns: int
) -> Iterator[Buffer]:
    """Yield the bytes of an archive."""
    seconds = time_ns // 10**9
    first = json.dumps({"format": _FORMAT} | asdict(contents), indent=1).encode()
    yield from _file(_CONTENTS, memoryview(first), seconds)
    for (name, _), payload in zip(contents.files, payloads, strict=True):
        yield from _file(name, payload, seconds)
    yield bytes(2 * _BLOCK)


class TarReader:
    """An archive that may come from anywhere, read once, from the beginning."""

    def __init__(self, source: Source, name: str) -> None:
        self._source = source
        self._name = name

    def contents(self) -> Contents:
        """Return what the first file says.

        Raises:
            FormatError: this is no archive of a vault, or of a newer nacre.
        """
        header = self._header()
        if header is None or header.name != _CONTENTS or header.size > _LARGEST_CONTENTS:
            raise self._refused("it does not begin as one")
        raw = b"".join(self._content(header.size))
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise self._refused("its list of contents does not decode") from error
        return self._decoded(found)

    def file(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the content of the next file, which must be this one.

        Raises:
            FormatError: another follows, or something that is no plain file.
            CorruptionError: it is cut off.
        """
        header = self._header()
        found = "its end" if header is None else repr(header.name)
        if header is None or header.name != name:
            raise self._refused(f"{found} stands where {name!r} was to follow")
        if header.size != size:
            raise self._refused(f"{found} has {header.size} bytes, where {size} were to follow")
        yield from self._content(size)

    def end(self) -> None:
        """Require the end of a tar: a block of zeros, few more, and nothing else."""
        if self._header() is not None:
            raise self._refused("it goes on behind its last file")
        left = _MOST_ZEROS
        while block := self._source.read(_BLOCK):
            left -= len(block)
            if left < 0 or block.strip(b"\x00"):
                raise self._refused("it goes on behind its end")

    def _header(self) -> tarfile.TarInfo | None:
        block = self._exactly(_BLOCK)
        if not block.strip(b"\x00"):
            return None
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise self._refused(f"a header does not decode ({error})") from error
        if header.type != tarfile.REGTYPE or header.size < 0:
            raise self._refused(f"{header.name!r} is no plain file")
        return header

    def _content(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            chunk = self._exactly(min(left, _CHUNK_BYTES))
            left -= len(chunk)
            yield chunk
        if self._exactly(-size % _BLOCK).strip(b"\x00"):
            raise self._refused("a file is not filled up with zeros")

    def _exactly(self, size: int) -> bytes:
        chunks = []
        while size:
            chunk = self._source.read(size)
            if not chunk:
                raise CorruptionError(f"{self._name} is cut off: copy it again")
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _decoded(self, found: object) -> Contents:
        match found:
            case {"format": int() as version} if version > _FORMAT:
                raise FormatError(f"{self._name} is of a newer nacre: upgrade")
            case {
                "format": 1,
                "vault_id": str(vault_id),
                "head": int(head),
                "root": str(root),
                "files": list(files),
            } if _HEX.fullmatch(vault_id + root) and all(map(_is_entry, files)):
                pairs = tuple((str(name), int(size)) for name, size in files)
                if _is_vault([name for name, _ in pairs]):
                    return Contents(vault_id=vault_id, head=head, root=root, files=pairs)
        raise self._refused("its list of contents is not that of a vault")

    def _refused(self, why: str) -> FormatError:
        return FormatError(f"{self._name} is not an archive of a vault: {why}; nothing was kept")


def _file(name: str, payload: memoryview, seconds: int) -> Iterator[Buffer]:
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = len(payload), 0o644, seconds
    yield header.tobuf(tarfile.GNU_FORMAT)
    for start in range(0, len(payload), _CHUNK_BYTES):
        yield payload[start : start + _CHUNK_BYTES]
    yield bytes(-len(payload) % _BLOCK)


def _is_entry(entry: object) -> bool:
    match entry:
        case [str(), int() as size] if size >= 0 and not isinstance(size, bool):
            return True
    return False


def _is_vault(names: Sequence[str]) -> bool:
    """Tell whether these are the files of one vault, each once."""
    if names == [SINGLE_FILE]:
        return True
    packs = names[1:]
    return (
        names[:1] == [ENVIRONMENT]
        and len(set(packs)) == len(packs)
        and all(map(_PACK.fullmatch, packs))
    )
