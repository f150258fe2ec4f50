"""Bytes from wherever they are into blobs, without holding a file in memory."""

import mmap
import os
from pathlib import Path
from typing import BinaryIO

from nacre.blobs import Payloads
from nacre.errors import InvalidInput, NacreError, NotFound, StorageError
from nacre.hashing import Buffer, Digest

Source = Buffer | str | os.PathLike[str] | BinaryIO


def put_payload(payloads: Payloads, source: Source) -> Digest:
    """Store bytes, the content of a file at a path, or the rest of an open binary file."""
    if isinstance(source, bytes | bytearray | memoryview):
        return payloads.put_blob(source)
    if isinstance(source, str | os.PathLike):
        if "\0" in os.fsdecode(source):
            raise InvalidInput(f"the path {source!r:.80} has a null in it: give a path, or bytes")
        return put_file(payloads, Path(os.fsdecode(source)))
    if not hasattr(source, "read"):
        raise InvalidInput(
            f"a {type(source).__name__} is no payload: give bytes, a path or an open binary file"
        )
    content = source.read()
    if not isinstance(content, bytes):
        raise InvalidInput("the file is open in text mode: open it with mode 'rb'")
    return payloads.put_blob(content)


def put_file(payloads: Payloads, path: Path) -> Digest:
    """Store the content of a file, mapped rather than read."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:  # empty, or what the system makes up
                return payloads.put_blob(file.read())
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                with memoryview(mapped) as content:
                    return payloads.put_blob(content)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path} to put: correct the path") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"{path} is a directory: put it with put_tree") from error
    except NacreError:
        raise
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror or error}): put another file, or its bytes"
        ) from error
