"""What is on the screen of a step: its page, what users entered and uploaded, in the log."""

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import NamedTuple

from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.records import Where, record


class Upload(NamedTuple):
    """A file that a user uploaded."""

    filename: str
    media_type: str
    size_bytes: int
    content: bytes
    attempt: int

    def open(self) -> BytesIO:
        """Return the content as a file, whose name is that of the file."""
        file = BytesIO(self.content)
        file.name = self.filename
        return file


def save_page(
    place: Place, where: Where, page: Mapping[str, object], summary: Mapping[str, object]
) -> None:
    """Store the page of a step: plain data of an event, in which digests name blobs.

    *summary* says what changed since the page before.
    """
    record(place, where, events.PAGE_UPDATED, {"page": dict(page), "summary": dict(summary)})


def page_of(place: Place, where: Where, step: str) -> Mapping[str, object] | None:
    """Return the page of a step as it was stored last, or None."""
    row = place.flows.page(where.flow, step)
    if step != where.step:
        note = {"kind": "page", "flow": where.flow, "step": step, "identity": identity_of(row)}
        where.reads.note(note if row is None else {**note, "position": row[2]})
    if row is None:
        return None
    page = row[0]
    assert isinstance(page, dict)
    return page


def identity_of(row: list[object] | None) -> str | None:
    """Return a digest of what is on a page, by the row of the view."""
    if row is None:
        return None
    # Digests name themselves in it, and dicts keep the order that they were stored in.
    return hashlib.blake2b(repr(row[0]).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def submit(place: Place, where: Where, element: str, value: object) -> None:
    """Store what a user entered into an element; *element* is any text that names it."""
    where.reads.secrets.check(value, element)
    encoded = place.codecs.encode(value, name=element).to_data()
    record(place, where, events.INPUT_SUBMITTED, {"element": element, "value": encoded})


def submitted(place: Place, where: Where, step: str, element: str) -> tuple[bool, object]:
    """Return whether a user entered something into an element, and what."""
    row = place.flows.submitted(where.flow, step, element)
    note = {"kind": "value", "flow": where.flow, "step": step, "element": element}
    if row is None:
        where.reads.note({**note, "identity": None})
        return False, None
    where.reads.note({**note, "position": row[2], "identity": row[0]["identity"]})
    return True, place.codecs.decode(row[0])


def receive(
    place: Place, where: Where, element: str, content: bytes, *, filename: str, media_type: str
) -> None:
    """Store a file that a user uploaded."""
    data = {
        "element": element,
        "filename": filename,
        "media_type": media_type,
        "content": place.vault.put(content),
        "size_bytes": len(content),
    }
    record(place, where, events.UPLOAD_RECEIVED, data)


def upload_of(place: Place, where: Where, step: str, element: str) -> Upload | None:
    """Return the file that a user uploaded last, or None."""
    row = place.flows.upload(where.flow, step, element)
    note = {"kind": "upload", "flow": where.flow, "step": step, "element": element}
    if row is None:
        where.reads.note({**note, "identity": None})
        return None
    filename, media_type, content, size_bytes, attempt, position = row
    where.reads.note({**note, "position": position, "identity": str(content)})
    return Upload(filename, media_type, size_bytes, place.vault.get(content), attempt)


def reserve(place: Place, where: Where, future_step: str, element: Mapping[str, object]) -> None:
    """Store an element that a later step will have."""
    more = {"step": future_step, "from": where.step, "element": dict(element)}
    record(place, where, events.ELEMENT_RESERVED, more)


def reserved(place: Place, flow: str, step: str) -> list[tuple[str, Mapping[str, object]]]:
    """Return the elements that were reserved for a step, and the step that each is from."""
    found = place.flows.reserved(flow, step)
    return [(origin, element) for origin, element in found if isinstance(element, dict)]
