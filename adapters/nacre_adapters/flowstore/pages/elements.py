"""What stands on a card: the base of all elements, and those that show something.

Elements are changed freely by their owner; a page that is read again has new ones. Everything an
element is, but for functions, is in its attributes, and those are what is stored.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import pandas as pd

from nacre_adapters.flowstore.assets.types import new_id
from nacre_adapters.flowstore.codecs import Picture
from nacre_adapters.flowstore.pages.errors import ElementNotFound, InvalidPage

State = dict[str, object]

Comment = dict[str, str]


class Commented:
    """What users can comment on."""

    comments: list[Comment]

    def add_comment(self, commenter: str, message: str) -> str:
        """Add a comment and return its id."""
        now = datetime.now(UTC).isoformat()
        comment = {"id": new_id(), "commenter": commenter, "message": message}
        self.comments.append({**comment, "time_created": now, "last_edited": now})
        return comment["id"]

    def get_comment(self, comment_id: str) -> Comment:
        """Return a comment. Raises ElementNotFound (a ValueError)."""
        for comment in self.comments:
            if comment["id"] == comment_id:
                return comment
        raise ElementNotFound(f"there is no comment {comment_id!r:.60}")

    def edit_comment(self, comment_id: str, message: str) -> None:
        """Change the text of a comment."""
        now = datetime.now(UTC).isoformat()
        self.get_comment(comment_id).update(message=message, last_edited=now)

    def delete_comment(self, comment_id: str) -> None:
        """Take a comment away."""
        self.comments.remove(self.get_comment(comment_id))


class Element(Commented):
    """The base of everything on a card. *reference_id* is a name that is unique on the page."""

    type: ClassVar[str] = "element"
    transient: ClassVar[frozenset[str]] = frozenset()
    """Attributes that are functions, and so are not stored."""

    def __init__(
        self,
        title: str = "",
        description: str = "",
        *,
        reference_id: str | None = None,
        show_title: bool = True,
        show_description: bool = True,
        label: str = "",
        placeholder: str = "",
    ) -> None:
        self.id = new_id()
        self.title = title
        self.description = description
        self.reference_id = reference_id
        self.show_title = show_title
        self.show_description = show_description
        self.label = label
        self.placeholder = placeholder
        self.comments = []
        self.hash_bump = 0

    def state(self) -> State:
        """Return everything that is stored of it."""
        return {name: value for name, value in vars(self).items() if name not in self.transient}

    @classmethod
    def of_state(cls, state: Mapping[str, object]) -> "Element":
        """Return the element of a state."""
        made = cls.__new__(cls)
        vars(made).update(dict.fromkeys(cls.transient), **state)
        return made

    def to_json(self) -> State:
        """Return its type and state."""
        return {"type": self.type, **self.state()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(title={self.title!r}, id={self.id!r})"


class RichText(Element):
    """Text. It is shown as it is: what looks like HTML in it is text as well."""

    type = "rich_text"

    def __init__(self, content: str = "", title: str = "", description: str = "") -> None:
        super().__init__(title, description)
        self.content = content


class Table(Element):
    """A dataframe; it is stored as a frame of the vault."""

    type = "table"

    def __init__(
        self,
        content: pd.DataFrame,
        title: str = "",
        description: str = "",
        *,
        editable: bool = False,
        downloadable: bool = False,
        max_table_rows_to_display: int = 2500,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        if not isinstance(content, pd.DataFrame):
            raise InvalidPage(f"a table shows a DataFrame, not a {type(content).__name__}")
        self.content = content
        self.editable = editable
        self.downloadable = downloadable
        self.max_table_rows_to_display = max_table_rows_to_display
        self.selected_rows: list[int] = []

    def get_df(self) -> pd.DataFrame:
        """Return the rows, as they were edited last."""
        return self.content

    def get_selected_data(self) -> pd.DataFrame:
        """Return the rows that the user picked."""
        return self.content.iloc[self.selected_rows]


class Plot(Element):
    """A figure: of plotly, as its JSON; of matplotlib, as a picture of it."""

    type = "plot"

    def __init__(
        self,
        content: object,
        title: str = "",
        description: str = "",
        *,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        self.content = content


class PlotlyPlot(Plot):
    """A figure of plotly."""

    type = "plotly_plot"


class Image(Element):
    """A picture: bytes of a PNG, JPEG, GIF or WebP file, or an image of Pillow."""

    type = "image"

    def __init__(
        self,
        content: object,
        title: str = "",
        description: str = "",
        *,
        reference_id: str | None = None,
    ) -> None:
        super().__init__(title, description, reference_id=reference_id)
        if isinstance(content, bytes | bytearray | memoryview):
            content = Picture(bytes(content), media_type_of(bytes(content)))
        self.content = content


_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


def media_type_of(data: bytes) -> str:
    """Return what kind of picture a file is.

    Raises:
        InvalidPage: it is none that is shown; SVG can run code.
    """
    for signature, media_type in _SIGNATURES.items():
        if data.startswith(signature):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise InvalidPage("this is no PNG, JPEG, GIF or WebP: convert the picture")
