"""What every target of backups promises, as tests: subclass `TargetContract` and provide one."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import pytest

from nacre.backups import Target
from nacre.errors import NotFound


class TargetContract(ABC):
    """Subclass it, provide `target` and `another`, and inherit every test."""

    @abstractmethod
    @pytest.fixture
    def target(self) -> Target:
        """Return an empty target."""

    @abstractmethod
    def another(self, target: Target) -> Target:
        """Return a second target on the same place, as another process would open it."""

    def test_what_is_put_can_be_got(self, target: Target) -> None:
        """In one piece, by whoever opens the place."""
        assert target.put("packs/a", [b"one ", bytearray(b"and "), memoryview(b"two")])

        assert bytes(target.get("packs/a")) == b"one and two"
        assert bytes(self.another(target).get("packs/a")) == b"one and two"

    @pytest.mark.parametrize("size", [0, 1, 4096, 3 << 20])
    def test_any_size_comes_back(self, target: Target, size: int) -> None:
        """Empty files too."""
        content = bytes(range(256)) * (size // 256) + bytes(size % 256)

        target.put("packs/a", [content])

        assert bytes(target.get("packs/a")) == content

    def test_a_name_is_taken_once(self, target: Target) -> None:
        """The second one is told so, and changes nothing."""
        first = target.put("config/0", [b"first"])
        second = self.another(target).put("config/0", [b"second"])

        assert (first, second) == (True, False)
        assert bytes(target.get("config/0")) == b"first"

    def test_of_many_at_once_one_wins(self, target: Target) -> None:
        """And what is found is what the winner put."""
        contents = [bytes([number]) * 100_000 for number in range(8)]

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda content: target.put("config/0", [content]), contents))

        assert won.count(True) == 1
        assert bytes(target.get("config/0")) == contents[won.index(True)]

    def test_a_missing_file_is_not_found(self, target: Target) -> None:
        """Whether its folder exists or not."""
        target.put("packs/a", [b"a"])

        for name in ("packs/b", "indexes/a"):
            with pytest.raises(NotFound, match=name):
                target.get(name)

    def test_a_folder_is_listed_with_sizes(self, target: Target) -> None:
        """Only what is in it."""
        target.put("packs/b", [b"four"])
        target.put("packs/a", [b""])
        target.put("packs-not/c", [b"c"])

        assert self.another(target).list("packs") == {"packs/a": 0, "packs/b": 4}
        assert target.list("indexes") == {}

    def test_what_is_deleted_is_gone(self, target: Target) -> None:
        """And its name is free; deleting it again does no harm."""
        target.put("packs/a", [b"one"])

        target.delete("packs/a")
        target.delete("packs/a")

        assert target.list("packs") == {}
        with pytest.raises(NotFound):
            target.get("packs/a")
        assert target.put("packs/a", [b"two"])
        assert bytes(target.get("packs/a")) == b"two"

    def test_what_was_got_outlives_its_deletion(self, target: Target) -> None:
        """A reader is not disturbed."""
        target.put("packs/a", [b"content" * 10_000])
        content = target.get("packs/a")

        target.delete("packs/a")

        assert bytes(content) == b"content" * 10_000
