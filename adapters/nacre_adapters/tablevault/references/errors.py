"""What goes wrong with references; as in TableVault, these are no `TableVaultError`.

NacreError
└── TableReferenceError (also InvalidInput, ValueError)
    ├── ReferenceSyntaxError    it is not written as a reference is
    └── ReferenceMissing        (also NotFound, KeyError) it refers to nothing
"""

from nacre.errors import NotFound
from nacre_adapters.tablevault.errors import TableReferenceError


class ReferenceSyntaxError(TableReferenceError):
    """A reference is not written as one; the message points at the character."""

    def __init__(self, text: str, place: int, problem: str, where: str = "") -> None:
        begin = text.rfind("\n", 0, place) + 1
        end = text.find("\n", place)
        line = text[begin:] if end < 0 else text[begin:end]
        mark = " " * (place - begin) + "^"
        at = f"{where}: " if where else ""
        super().__init__(f"{at}{problem}, at character {place + 1}:\n  {line}\n  {mark}")
        self.text = text
        self.place = place
        self.problem = problem
        self.where = where

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.text, self.place, self.problem, self.where)


class ReferenceMissing(TableReferenceError, NotFound):
    """A reference names a table, an instance or a column that there is not."""

    __str__ = NotFound.__str__
