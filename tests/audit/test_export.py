"""An export holds everything, and comes back as the same vault, or not at all."""

import json
import shutil
from pathlib import Path

import msgpack
import pandas as pd
import pytest
from accounts import Accounts
from audit.commands import check, nacre_command
from audit.forgeries import EXPORTS
from hypothesis import given, settings
from hypothesis import strategies as st
from pristine import FLIGHTS
from rows import rows

import nacre
import nacre_check
from nacre.codec import pack, unpack
from nacre.errors import Dropped, InvalidInput, NotFound
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.evidence import readable
from nacre.operations.export import export
from nacre.operations.import_jsonl import import_jsonl
from nacre.operations.purge import purge
from nacre.operations.retain import parse_history, set_retention
from nacre.prefixes import BLOBS, LOG, TREE

ODD = {
    "none": None,
    "floats": [1.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e300],
    "integers": [0, -1, 2**64 - 1, -(2**63)],
    "bytes": b"\x00\xff",
    "text": "ä\u2028\U0001f600",
    "keys": {1: "a", b"k": 2, None: 3},
    "$mark": {"$bytes": "no bytes"},
    "extensions": [msgpack.ExtType(5, b"x"), msgpack.Timestamp(10**9, 5)],
    "deep": [[[[{"a": [True, False]}]]]],
}


@pytest.fixture
def odd(pristine: Path, tmp_path: Path) -> Path:
    """A vault with all that an event can hold."""
    path = Path(shutil.copytree(pristine, tmp_path / "odd"))
    with nacre.open(path, actor="zoë") as vault:
        vault.record("odd.kept", subject="s", data=ODD, message="two\nlines", write_id="w-1")
        with vault.transaction() as tx:
            for n in range(300):
                tx.record("many.kept", subject=f"s{n}", data={"n": n}, version=2)
        large = bytes(range(256)) * 40_000
        vault.record("large.kept", subject="s", data={"blob": vault.put(large)})
    return path


def exported(path: Path) -> Path:
    to = path.with_name(path.name + ".jsonl")
    nacre_command("export", path, "--to", to)
    return to


@pytest.mark.parametrize("single_file", [False, True])
def test_an_export_comes_back_without_loss(odd: Path, tmp_path: Path, single_file: bool) -> None:
    with nacre.open(odd) as vault:
        checkpoint = vault.checkpoint()

    options = ["--single-file"] if single_file else []
    nacre_command("import", tmp_path / "again", exported(odd), *options)

    again = tmp_path / "again"
    with nacre.open(again) as vault:
        vault.register(Accounts)
        assert vault.checkpoint() == checkpoint
        assert vault.verify().is_clean
        assert vault.view(Accounts).get("ana") == 10
        pd.testing.assert_frame_equal(vault.frames.read("flights"), FLIGHTS)
        assert vault.record("after.import", subject="s").position == checkpoint.head
    assert {k: v for k, v in rows(again, LOG).items() if k in rows(odd, LOG)} == rows(odd, LOG)
    assert rows(again, BLOBS).keys() == rows(odd, BLOBS).keys()
    assert rows(odd, TREE).items() <= rows(again, TREE).items()
    assert sorted(tmp_path.glob("*importing*")) == []


def test_the_checker_agrees_with_an_export(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = odd.with_name("note")
    nacre_command("checkpoint", odd, "--to", note)

    code, report = check(capsys, "export", exported(odd), "--checkpoint", note, "--blobs")

    with nacre.open(odd) as vault:
        assert (code, report["commits"], report["root"]) == (0, 9, vault.checkpoint().root.hex())
    assert report["events"] == 6 + 1 + 300 + 1
    assert report["payloads_checked"]


def test_dropped_payloads_are_told_from_lost_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with nacre.open(tmp_path / "v") as vault:
        for n in range(3):
            image = vault.put(bytes([n]) * 9000)
            vault.record("photo.set", subject="door", data={"image": image})
        set_retention(vault.store, parse_history("0s"))
        assert compact(vault.store, min_gain=0).dropped_blobs == 3
        (tmp_path / "note").write_text(str(vault.checkpoint()))
    source = exported(tmp_path / "v")

    code, report = check(capsys, "export", source, "--checkpoint", tmp_path / "note", "--blobs")
    import_jsonl(source, tmp_path / "again")

    assert (code, report["payloads"], report["payloads_dropped"]) == (0, 0, 3)
    with nacre.open(tmp_path / "again") as vault:
        assert vault.verify().is_clean
        with pytest.raises(Dropped, match="was dropped by commit"):
            vault.get(image)


def test_an_empty_vault_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with nacre.open(tmp_path / "v") as vault:
        (tmp_path / "note").write_text(str(vault.checkpoint()))

    report = import_jsonl(exported(tmp_path / "v"), tmp_path / "again")

    assert report.commits == 0
    code, _ = check(capsys, "export", tmp_path / "v.jsonl", "--checkpoint", tmp_path / "note")
    assert code == 0


def test_exports_of_one_head_are_equal(odd: Path) -> None:
    first = exported(odd).read_bytes()

    assert exported(odd).read_bytes() == first


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.binary(min_size=32, max_size=32).map(nacre.Digest),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.just("$a"), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_two_decoders_read_every_value_alike(value: object) -> None:
    try:
        data = pack(value)
    except InvalidInput:
        return  # an integer key beyond 64 bits

    reader = nacre_check.Reader(data)

    assert nacre_check.as_text(reader.whole()) == json.dumps(readable(unpack(data)))


# From hostile hands


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True)


@pytest.fixture(scope="module")
def lines(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    to = tmp_path_factory.mktemp("lines") / "export.jsonl"
    with nacre.open(pristine, read_only=True) as vault:
        export(vault.store, to, form="jsonl")
    return lines_of(to)


@pytest.mark.parametrize("attack", EXPORTS)
def test_a_hostile_export_leaves_nothing(attack: str, lines: list[str], tmp_path: Path) -> None:
    source = tmp_path / "export.jsonl"
    content = "".join(EXPORTS[attack](lines))
    source.write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(InvalidInput) as caught:
        import_jsonl(source, tmp_path / "again")

    assert ": " in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


def test_a_line_that_is_too_long_is_refused(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nacre.operations.export_lines.MOST_LINE_BYTES", 1000)
    source = tmp_path / "export.jsonl"
    source.write_text("".join(lines))

    with pytest.raises(InvalidInput, match="longer than a line may be"):
        import_jsonl(source, tmp_path / "again")


def test_an_import_never_adds_to_a_vault(lines: list[str], bank: Path, tmp_path: Path) -> None:
    source = tmp_path / "export.jsonl"
    source.write_text("".join(lines))

    with pytest.raises(InvalidInput, match="choose a new name"):
        import_jsonl(source, bank)
    with pytest.raises(NotFound, match="there is no export"):
        import_jsonl(tmp_path / "nowhere", tmp_path / "again")


def test_what_a_killed_import_has_left_is_removed(lines: list[str], tmp_path: Path) -> None:
    source = tmp_path / "export.jsonl"
    source.write_text("".join(lines))
    (tmp_path / "again.importing" / "packs").mkdir(parents=True)
    (tmp_path / "again.importing" / "vault.mdb").write_bytes(b"half")

    import_jsonl(source, tmp_path / "again")

    with nacre.open(tmp_path / "again", create=False) as vault:
        assert vault.verify().is_clean
    assert not (tmp_path / "again.importing").exists()


def test_a_purged_vault_with_segments_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with nacre.open(tmp_path / "v") as vault:
        for n in range(700):
            vault.record("note.set", subject=f"s{n % 7}", data={"n": n})
        vault.record("photo.set", subject="s3", data={"image": vault.put(b"image" * 9000)})
        assert compress(vault.store, min_gain=0).segments
        assert purge(vault.store, "s3", reason="request 17").events == 101
        checkpoint = vault.checkpoint()
    (tmp_path / "note").write_text(str(checkpoint))
    source = exported(tmp_path / "v")

    code, report = check(capsys, "export", source, "--checkpoint", tmp_path / "note", "--blobs")
    import_jsonl(source, tmp_path / "again")

    assert (code, report["events_hidden"], report["payloads_dropped"]) == (0, 101, 1)
    with nacre.open(tmp_path / "again") as vault:
        assert vault.checkpoint() == checkpoint
        assert vault.verify().is_clean
        assert vault.replay().is_equal


def test_an_imported_vault_knows_its_snapshots_at_once(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("note.set", subject="s")
        vault.snapshots.create("monday")

    import_jsonl(exported(tmp_path / "v"), tmp_path / "again")

    with nacre.open(tmp_path / "again", read_only=True) as vault:
        assert [snapshot.name for snapshot in vault.snapshots.all()] == ["monday"]
        assert vault.at("monday").head == 1


@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_export_of_the_past_is_that_of_then(
    bank: Path, tmp_path: Path, position: int, capsys: pytest.CaptureFixture[str]
) -> None:
    nacre_command("checkpoint", bank, "--head", position, "--to", tmp_path / "note")
    nacre_command("export", bank, "--at", position, "--to", tmp_path / "then")

    code, report = check(
        capsys, "export", tmp_path / "then", "--checkpoint", tmp_path / "note", "--blobs"
    )
    import_jsonl(tmp_path / "then", tmp_path / "again")

    assert (code, report["commits"]) == (0, position)
    with nacre.open(tmp_path / "again") as vault:
        assert vault.head == position
        assert vault.verify().is_clean


@pytest.mark.parametrize("form", ["cloudevents", "prov", "openlineage", "parquet"])
def test_every_format_can_show_the_past(form: str, bank: Path, tmp_path: Path) -> None:
    said = nacre_command(
        "export", bank, "--at", 2, "--format", form, "--to", tmp_path / "then", "--json"
    )

    assert json.loads(said)["commits"] == 2
