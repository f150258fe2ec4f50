"""Whatever an archive may be made of: it is refused, and leaves nothing, nowhere."""

import io
import json
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import zstandard

import nacre
from nacre.errors import CorruptionError, DiskFull, FormatError, NacreError
from nacre.operations.archive import archive
from nacre.operations.unarchive import unarchive

Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Member]:
    """The members of the archive of a small vault."""
    folder = tmp_path_factory.mktemp("sound")
    with nacre.open(folder / "v") as vault:
        vault.record("a.b", subject="s", data={"blob": vault.put(os.urandom(9000))})
        archive(vault.store, folder / "a.tar.xz")
    with tarfile.open(folder / "a.tar.xz") as tar:
        return [(info, tar.extractfile(info).read()) for info in tar]


@pytest.fixture
def refuse(tmp_path: Path):
    """Unarchive what is given, which must be refused; return the error."""

    def refuse(raw: bytes, **options: int) -> NacreError:
        (tmp_path / "a").write_bytes(raw)
        (tmp_path / "place").mkdir()
        with pytest.raises((FormatError, CorruptionError, DiskFull)) as raised:
            unarchive(tmp_path / "a", tmp_path / "place" / "w", **options)
        assert list((tmp_path / "place").iterdir()) == []
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "place"]
        return raised.value

    return refuse


def tarred(members: Sequence[Member], end: bytes = bytes(1024)) -> bytes:
    parts = [
        info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512) for info, data in members
    ]
    return lzma.compress(b"".join(parts) + end)


def member(name: str, data: bytes = b"", **fields: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def relisted(members: Sequence[Member]) -> list[Member]:
    """Let the list of contents say what follows it."""
    contents = json.loads(members[0][1])
    contents["files"] = [[info.name, len(data)] for info, data in members[1:]]
    return [member(members[0][0].name, json.dumps(contents).encode()), *members[1:]]


def test_a_sound_one_is_taken(tmp_path: Path, sound: list[Member]) -> None:
    (tmp_path / "a").write_bytes(tarred(relisted(sound)))

    assert unarchive(tmp_path / "a", tmp_path / "w").head == 1


NAMES = [
    "/etc/passwd",
    "../outside",
    "vault/../../outside",
    "vault/packs/../../../outside.pack",
    "vault/packs/0123456789abcdeF.pack",
    "vault//vault.mdb",
    "./vault/vault.mdb",
    "vault/vault.mdb-lock",
    "vault/packs",
    "C:\\vault.mdb",
    "",
    "vault/packs/" + "a" * 200 + ".pack",
    "vault/packs/0123456789abcdef.pack\x00/../x",
]


@pytest.mark.parametrize("listed", [False, True], ids=["not listed", "listed"])
@pytest.mark.parametrize("name", NAMES)
def test_no_other_name_is_followed(sound, refuse, name: str, listed: bool) -> None:
    hostile = [*sound[:2], member(name, b"x"), *sound[2:]]

    assert isinstance(refuse(tarred(relisted(hostile) if listed else hostile)), FormatError)


KINDS = {
    "symbolic link": {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
    "hard link": {"type": tarfile.LNKTYPE, "linkname": "../../outside"},
    "character device": {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5},
    "block device": {"type": tarfile.BLKTYPE, "devmajor": 8},
    "fifo": {"type": tarfile.FIFOTYPE},
    "folder": {"type": tarfile.DIRTYPE},
    "sparse file": {"type": tarfile.GNUTYPE_SPARSE},
    "long name": {"type": tarfile.GNUTYPE_LONGNAME},
    "long link": {"type": tarfile.GNUTYPE_LONGLINK},
    "pax header": {"type": tarfile.XHDTYPE},
    "global pax header": {"type": tarfile.XGLTYPE},
    "unknown": {"type": b"Z"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["instead of the rows", "before", "first", "last"])
def test_only_plain_files_are_taken(sound, refuse, kind: str, place: str) -> None:
    (rows, data), *packs = sound[1:]
    hostile = member(rows.name, **KINDS[kind])
    found = {
        "instead of the rows": [sound[0], (_as(rows, KINDS[kind]), data), *packs],
        "before": [sound[0], hostile, *sound[1:]],
        "first": [hostile, *sound],
        "last": [*sound, hostile],
    }[place]

    assert isinstance(refuse(tarred(found)), FormatError)


def _as(info: tarfile.TarInfo, fields: dict[str, object]) -> tarfile.TarInfo:
    again = tarfile.TarInfo(info.name)
    again.size = info.size
    for field, value in fields.items():
        setattr(again, field, value)
    return again


def test_nothing_comes_twice(sound, refuse) -> None:
    twice = [*sound, sound[-1]]

    assert isinstance(refuse(tarred(relisted(twice))), FormatError)


def test_the_rows_do_not_come_twice(sound, refuse) -> None:
    assert isinstance(refuse(tarred([*sound[:2], *sound[1:]])), FormatError)


BENT: dict[str, Callable[[list[Member]], bytes]] = {
    "missing": lambda m: tarred(m[:-1]),
    "swapped": lambda m: tarred([m[0], *reversed(m[1:])]),
    "longer than listed": lambda m: tarred([*m[:-1], member(m[-1][0].name, m[-1][1] + b"x")]),
    "shorter than listed": lambda m: tarred([*m[:-1], member(m[-1][0].name, m[-1][1][:-1])]),
    "no list": lambda m: tarred(m[1:]),
    "not json": lambda m: tarred([member(m[0][0].name, b"{"), *m[1:]]),
    "deep json": lambda m: tarred([member(m[0][0].name, b"[" * 100_000), *m[1:]]),
    "no files": lambda m: tarred(relisted(m[:1])),
    "packs of a single file": lambda m: tarred(relisted([m[0], member("vault.nacre"), m[2]])),
    "negative size": lambda m: tarred([m[0], _sized(m[1], -512), *m[2:]]),
    "no end": lambda m: tarred(m, b""),
    "something behind the end": lambda m: tarred(m, bytes(1024) + b"x" * 512),
    "zeros without end": lambda m: tarred(m, bytes(1 << 24)),
    "two streams": lambda m: tarred(m) + lzma.compress(b"x"),
    "garbage behind": lambda m: tarred(m) + b"garbage",
    "cut off": lambda m: tarred(m)[:-20],
    "plain": lambda m: lzma.decompress(tarred(m)),
    "gzip": lambda m: b"\x1f\x8b" + tarred(m),
    "empty": lambda m: b"",
    "alone": lambda m: lzma.compress(b""),
    "altered header": lambda m: lzma.compress(_flipped(lzma.decompress(tarred(m)), 100)),
    "altered padding": lambda m: lzma.compress(_flipped(lzma.decompress(tarred(m)), 1023)),
}


def _sized(found: Member, size: int) -> Member:
    info = tarfile.TarInfo(found[0].name)
    info.size = size
    return info, found[1]


def _flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize("how", BENT)
def test_what_is_bent_is_refused(sound, refuse, how: str) -> None:
    refuse(BENT[how](sound))


def test_a_newer_format_is_named(sound, refuse) -> None:
    contents = json.loads(sound[0][1]) | {"format": 2}

    error = refuse(tarred([member(sound[0][0].name, json.dumps(contents).encode())]))

    assert "newer nacre" in str(error)


# Bombs


def test_what_would_become_too_large_is_refused_before_it_is_written(sound, refuse) -> None:
    contents = json.loads(sound[0][1])
    contents["files"][0][1] = 1 << 40

    error = refuse(tarred([member(sound[0][0].name, json.dumps(contents).encode())]))

    assert "would become 1,099,511,6" in str(error)
    assert "--max-bytes" in str(error)


def test_more_than_the_disk_holds_is_refused(sound, refuse) -> None:
    contents = json.loads(sound[0][1])
    contents["files"][0][1] = 1 << 60

    raw = tarred([member(sound[0][0].name, json.dumps(contents).encode())])

    assert isinstance(refuse(raw, max_bytes=1 << 61), DiskFull)


def test_the_limit_can_be_set(tmp_path: Path, sound) -> None:
    (tmp_path / "a").write_bytes(tarred(sound))

    with pytest.raises(FormatError, match="would become"):
        unarchive(tmp_path / "a", tmp_path / "w", max_bytes=1000)

    assert unarchive(tmp_path / "a", tmp_path / "w", max_bytes=1 << 20).head == 1


@pytest.mark.parametrize("name", ["zstd", "xz"])
def test_a_file_that_goes_on_behind_its_size_is_never_held(
    tmp_path: Path, sound, name: str
) -> None:
    """A gigabyte of zeros behind a small archive takes neither memory nor disk."""
    raw = lzma.decompress(tarred(sound))
    bomb = io.BytesIO()
    if name == "zstd":
        with zstandard.ZstdCompressor(level=1).stream_writer(bomb, closefd=False) as writer:
            writer.write(raw)
            for _ in range(64):
                writer.write(bytes(1 << 24))
    else:
        squeeze = lzma.LZMACompressor(preset=0)
        bomb.write(squeeze.compress(raw) + squeeze.compress(bytes(1 << 26)) + squeeze.flush())
    (tmp_path / "a").write_bytes(bomb.getvalue())

    with pytest.raises(FormatError, match="it goes on behind its end"):
        unarchive(tmp_path / "a", tmp_path / "w")


def test_a_window_that_wants_much_memory_is_refused(refuse) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, compression_level=1)
    squeeze = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    raw = squeeze.compress(bytes(1 << 20)) + squeeze.flush()

    assert "does not decompress" in str(refuse(raw))


def test_a_large_xz_dictionary_is_refused(refuse) -> None:
    raw = bytearray(lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}]))
    # Four gigabytes, says the header: a byte behind the filter's number, then a checksum.
    size = (raw[12] + 1) * 4
    header = raw[12 : 12 + size - 4]
    header[header.index(0x21) + 2] = 40
    raw[12 : 12 + size] = header + zlib.crc32(header).to_bytes(4, "little")

    assert "does not decompress" in str(refuse(bytes(raw)))


# What is inside


def test_a_tampered_lmdb_file_is_refused(sound, refuse) -> None:
    rows, data = sound[1]
    bent = bytearray(data)
    bent[2 * 4096 : 3 * 4096] = os.urandom(4096)

    refuse(tarred([sound[0], (rows, bytes(bent)), *sound[2:]]))


def test_every_flipped_byte_of_a_pack_is_noticed(tmp_path: Path, sound, refuse) -> None:
    pack, data = sound[2]

    error = refuse(tarred([*sound[:2], (pack, _flipped(data, len(data) // 2))]))

    assert "does not verify" in str(error)


def test_another_vault_than_the_list_says_is_refused(sound, refuse) -> None:
    contents = json.loads(sound[0][1]) | {"root": "00" * 32}

    error = refuse(tarred([member(sound[0][0].name, json.dumps(contents).encode()), *sound[1:]]))

    assert "not the one that the archive speaks of" in str(error)
