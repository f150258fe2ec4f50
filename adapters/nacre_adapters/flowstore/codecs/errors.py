"""What storing and loading objects raises.

NacreError
└── InvalidInput    NotStorable (Unstorable, also ValueError): convert what the path names
                    NotTrusted (also PermissionError): say that the pickle is trusted
"""

from nacre.errors import InvalidInput, Unstorable


class NotStorable(Unstorable):
    """Something in an object would not come back as it was; the message has its path."""

    code = "not_storable"


class NotTrusted(InvalidInput, PermissionError):
    """What is stored runs code when it is loaded, and nobody said that it may."""

    code = "not_trusted"


class Refused(Exception):  # it never leaves this package
    """Something cannot be stored; containers add where it is, from the inside out."""

    def __init__(self, reason: str, *, deep: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_deep = deep
        self.places: list[str] = []

    def at(self, place: str) -> "Refused":
        """Return this, seen from one container further out."""
        self.places.append(place)
        return self

    def message(self, name: str) -> str:
        """Return the path inside the object, and why it cannot be stored."""
        shown = "".join(reversed(self.places))
        if len(shown) > _LONGEST_PATH:
            shown = f"{shown[:_LONGEST_PATH]}..."
        return f"{name}{shown}: {self.reason}"


_LONGEST_PATH = 200
