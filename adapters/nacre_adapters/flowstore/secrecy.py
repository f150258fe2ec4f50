"""Secrets that a step has read: they are kept out of what it writes down afterwards.

The log is for ever, and a secret gets into it by accident: in the message of an exception, in a
dict that was made of a connection. Whoever means to can still write one down in pieces.
"""

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import quote, quote_plus, urlsplit

from nacre_adapters.flowstore.codecs.errors import NotStorable

MASK = "********"

_SHORTEST = 4
_MOST = 100_000


class SecretsRead:
    """What a step knows that nobody else should. Threads may share it."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def add(self, text: str, what: str) -> None:
        """Remember a secret, and the password in it when it is a URL; *what* names it."""
        forms = {text, quote_plus(text), quote(text, safe=""), password_of(text) or ""}
        self._known.update({form: what for form in forms if len(form) >= _SHORTEST})

    def masked(self, text: str) -> str:
        """Return a text in which every secret is masked."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def check(self, value: object, name: str) -> None:
        """Look for secrets in texts and plain containers.

        Raises:
            NotStorable: one is there; the message has the path, and which it is.
        """
        if not self._known:
            return
        for path, text in _texts(value, name):
            what = next((what for secret, what in self._known.items() if secret in text), None)
            if what is not None:
                raise NotStorable(
                    f"{path} holds the {what}, and what is stored is never forgotten: "
                    "read it from the connection where it is used"
                )


def password_of(text: str) -> str | None:
    """Return the password in a URL; None where there is none, or no URL."""
    try:
        return urlsplit(text).password if "://" in text else None
    except ValueError:
        return None


def _texts(value: object, name: str) -> Iterator[tuple[str, str]]:
    """Yield the texts in a value, with their paths; each container once, for some are cycles."""
    ahead, seen = [(name, value)], set[int]()
    while ahead and len(seen) < _MOST:
        path, each = ahead.pop()
        if isinstance(each, str):
            yield path, each
        elif isinstance(each, bytes | bytearray):
            yield path, each.decode(errors="replace")
        elif isinstance(each, Mapping | list | tuple | set | frozenset) and id(each) not in seen:
            seen.add(id(each))
            ahead += _members(each, path)


def _members(
    each: Mapping[object, object] | Collection[object], path: str
) -> list[tuple[str, object]]:
    if not isinstance(each, Mapping):
        return [(f"{path}[{number}]", member) for number, member in enumerate(each)]
    keys = [(f"a key of {path}", key) for key in each]
    return keys + [(f"{path}[{key!r:.60}]", member) for key, member in each.items()]
