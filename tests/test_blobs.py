"""The blob stores keep their contract; in memory and in a vault."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blob_stores import commit

from nacre.blobs import Blobs, MemoryBlobs, VaultBlobs
from nacre.environment import Environment
from nacre.files import OsFiles
from nacre.registry import REGISTRY
from nacre.testing import BlobsContract


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs()

    def publish(self, blobs: Blobs) -> None:
        commit(blobs)

    def another(self, blobs: Blobs) -> Blobs:
        return blobs


class VaultBlobsContract(BlobsContract):
    """What both layouts of a vault share."""

    @pytest.fixture(autouse=True)
    def _environment(self, environment: Environment) -> None:
        self.environment = environment
        self.opened: list[VaultBlobs] = []

    @pytest.fixture(autouse=True)
    def _close(self) -> Iterator[None]:
        yield
        for blobs in self.opened:
            blobs.close()

    def open(self) -> VaultBlobs:
        blobs = VaultBlobs(self.environment, self.folder(), OsFiles(), read_only=False)
        self.opened.append(blobs)
        return blobs

    def publish(self, blobs: Blobs) -> None:
        commit(blobs, self.environment)

    def another(self, blobs: Blobs) -> Blobs:
        return self.open()

    def folder(self) -> Path | None:
        raise NotImplementedError


class TestBlobsOfADirectory(VaultBlobsContract):
    @pytest.fixture
    def blobs(self) -> VaultBlobs:
        return self.open()

    def folder(self) -> Path:
        return self.environment.path.parent / "packs"


class TestBlobsOfASingleFile(VaultBlobsContract):
    @pytest.fixture
    def blobs(self) -> VaultBlobs:
        return self.open()

    def folder(self) -> None:
        return None


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    environment = REGISTRY.acquire(tmp_path / "v.mdb", read_only=False, relaxed=True)
    yield environment
    REGISTRY.release(environment)
