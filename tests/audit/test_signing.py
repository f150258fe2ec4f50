"""Keys and signed checkpoints are those of C2SP, and hostile ones are refused."""

import stat
from pathlib import Path

import pytest
from audit.commands import check, nacre_command

import nacre
import nacre_check
from nacre.checkpoint import Checkpoint, note_of
from nacre.errors import InvalidInput, NotFound, PackageMissing
from nacre.operations import make_key, read_key
from nacre.signing import SigningKey

# The worked example of the Go implementation, golang.org/x/mod/sumdb/note.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
CHECKPOINT = Checkpoint("nacre/00", 3, bytes(range(32)))


def test_keys_and_signatures_are_those_of_go() -> None:
    key = SigningKey.parse(GO_SECRET)

    assert str(key.verifier) == GO_PUBLIC
    assert key.secret_text() == GO_SECRET
    assert key.sign(GO_TEXT) == f"{GO_TEXT}\n— PeterNeumann {GO_SIGNATURE}\n"


def test_a_signed_checkpoint_reads_as_the_plain_one() -> None:
    note = note_of(CHECKPOINT, SigningKey.make("log"))

    assert Checkpoint.parse(note) == Checkpoint.parse(str(CHECKPOINT)) == CHECKPOINT
    assert nacre_check.read_note(note).same_log(nacre_check.read_note(str(CHECKPOINT)))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_key_name_that_c2sp_refuses_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="a key cannot be named"):
        SigningKey.make(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_PUBLIC,
        GO_SECRET.replace("c74f20a3", "c74f20a4"),
        GO_SECRET[:-4],
        GO_SECRET.replace("AYEK", "BYEK"),
        "PRIVATE+KEY+name+00+%%%",
    ],
)
def test_what_is_no_signing_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        SigningKey.parse(text)

    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "o\n1\n", "o\n01\nAAAA\n", f"\n1\n{'A' * 43}=\n", f"o\n-1\n{'A' * 43}=\n", "o\n1\n%\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no checkpoint"):
        Checkpoint.parse(text)


def test_only_the_owner_may_read_a_secret_key(tmp_path: Path) -> None:
    made = make_key(tmp_path / "key", name="log")

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (tmp_path / "key.pub").read_text().strip() == made.key
    assert str(read_key(tmp_path / "key").verifier) == made.key
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(InvalidInput, match="others may read"):
        read_key(tmp_path / "key")


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "key", name="log")

    with pytest.raises(InvalidInput, match="never overwritten"):
        make_key(tmp_path / "key", name="log")
    with pytest.raises(NotFound, match="nacre keygen"):
        read_key(tmp_path / "other")


def test_a_signed_checkpoint_is_checked_with_the_public_key(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, public, note = tmp_path / "key", tmp_path / "key.pub", tmp_path / "note"
    nacre_command("keygen", bank, key)
    nacre_command("checkpoint", bank, "--key", key, "--to", note)
    make_key(tmp_path / "other", name="other")

    right = check(capsys, "checkpoint", note, "--key", public)
    other = check(capsys, "checkpoint", note, "--key", tmp_path / "other.pub")
    note.write_text(note.read_text().replace("\n2\n", "\n1\n"))
    forged = check(capsys, "checkpoint", note, "--key", public)

    with nacre.open(bank) as vault:
        assert right == (
            0,
            {
                "check": "checkpoint",
                "holds": True,
                "origin": vault.checkpoint().origin,
                "head": 2,
                "root": vault.checkpoint().root.hex(),
            },
        )
    assert other[0] == 1
    assert "not signed by other" in other[1]["what"]
    assert forged[0] == 1
    assert "does not hold" in forged[1]["what"]


def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "note"
    note.write_text(note_of(CHECKPOINT, make_and_read(tmp_path)))

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("nacre.signing.import_module", missing)
    monkeypatch.setattr(nacre_check.importlib, "import_module", missing)

    with pytest.raises(PackageMissing, match=r"pip install 'nacre\[sign\]'"):
        SigningKey.make("log").verifier  # noqa: B018 - reading it is the claim
    code, report = check(capsys, "checkpoint", note, "--key", tmp_path / "key.pub")
    assert code == 2
    assert "cryptography" in report["what"]
    assert check(capsys, "checkpoint", note)[0] == 0


def make_and_read(folder: Path) -> SigningKey:
    make_key(folder / "key", name="log")
    return read_key(folder / "key")
