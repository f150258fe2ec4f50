"""Buckets: directories beside the vault unless somebody says otherwise, else S3 through boto3."""

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeVar

from nacre.errors import InvalidInput, PackageMissing
from nacre_adapters.flowstore.connections.connection import Connection
from nacre_adapters.flowstore.connections.errors import BucketUnreachable
from nacre_adapters.flowstore.connections.kinds import ConnectionType

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
except ModuleNotFoundError:  # an extra: said when a bucket of S3 is met
    boto3 = None

FIXTURES = "fixture/"
VARIABLE = "NACRE_FLOWSTORE_BUCKET"
"""The environment variable that names the bucket of fixtures, as s3://... or a directory."""

_ALIASES = {
    "access_key": "aws_access_key_id",
    "access_key_id": "aws_access_key_id",
    "endpoint": "endpoint_url",
    "region": "region_name",
    "secret_access_key": "aws_secret_access_key",
    "secret_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}


Result = TypeVar("Result")


class Bucket(Protocol):
    """Objects by keys."""

    def read(self, key: str) -> bytes:
        """Return an object. Raises FileNotFoundError when there is none."""

    def keys(self, prefix: str) -> list[str]:
        """Return all keys that begin with a prefix, sorted."""


class LocalBucket:
    """A directory; keys are the paths of the files below it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, key: str) -> bytes:
        """Return the content of a file.

        Raises:
            InvalidInput: the key leads out of the directory.
            FileNotFoundError: there is no such file.
        """
        path = PurePosixPath(key)
        root = self._directory.resolve()
        if path.is_absolute() or ".." in path.parts or "\0" in key:
            raise InvalidInput(f"the key {key!r:.80} leads out of the bucket: give one inside")
        found = (root / path).resolve()
        if not found.is_relative_to(root):
            raise InvalidInput(f"the key {key!r:.80} leads out of the bucket: give one inside")
        if not found.is_file():
            raise FileNotFoundError(f"there is no object {key!r:.80} in the bucket {root.name!r}")
        return found.read_bytes()

    def keys(self, prefix: str) -> list[str]:
        """Return the paths of files, sorted."""
        files = (path for path in self._directory.rglob("*") if path.is_file())
        found = (path.relative_to(self._directory).as_posix() for path in files)
        return sorted(key for key in found if key.startswith(prefix))


class S3Bucket:
    """A bucket of S3, or of what speaks like it."""

    def __init__(self, client: Any, name: str) -> None:  # noqa: ANN401 - boto3 has no types
        self._client = client
        self._name = name

    def read(self, key: str) -> bytes:
        """Return an object.

        Raises:
            FileNotFoundError: there is none.
            BucketUnreachable: the bucket does not answer.
        """

        def get() -> bytes:
            content: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
            return content

        return self._asked(get, key)

    def keys(self, prefix: str) -> list[str]:
        """Return all keys that begin with a prefix, sorted.

        Raises:
            BucketUnreachable: the bucket does not answer.
        """
        pages = self._client.get_paginator("list_objects_v2")
        listed = self._asked(lambda: list(pages.paginate(Bucket=self._name, Prefix=prefix)), prefix)
        return sorted(str(each["Key"]) for page in listed for each in page.get("Contents", []))

    def _asked(self, ask: Callable[[], Result], key: str) -> Result:
        try:
            return ask()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
        except BotoCoreError as error:
            code = type(error).__name__
        # Not in the handler: what is raised there would bring the library's own along.
        if code in ("404", "NoSuchKey"):
            raise FileNotFoundError(f"there is no object {key!r:.80} in the bucket {self._name!r}")
        raise BucketUnreachable(
            f"the bucket {self._name!r} cannot be read ({code}): correct its name or the connection"
        )


def s3_client(connection: Connection | None, options: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
    """Return a client of boto3 with what the connection holds; *options* win over that.

    Raises:
        InvalidInput: the connection leads to something else.
        PackageMissing: boto3 is not installed.
        TypeError: neither `boto3.Session` nor its `client` knows an option.
    """
    if boto3 is None:
        raise PackageMissing("the package boto3 is needed for S3: pip install 'nacre[s3]'")
    given = {**_stored(connection), **options}
    session_names = _names(boto3.Session.__init__)
    client_names = _names(boto3.Session.client) - {"service_name"}
    odd = sorted(set(options) - session_names - client_names)
    if odd:
        raise TypeError(f"neither boto3.Session nor its client takes {odd[0]!r}")
    for_session = {name: value for name, value in given.items() if name in session_names}
    rest = {name: value for name, value in given.items() if name in client_names - session_names}
    return boto3.Session(**for_session).client("s3", **rest)


def _stored(connection: Connection | None) -> dict[str, object]:
    if connection is None:
        return {}
    if connection.type is not ConnectionType.S3:
        raise InvalidInput(
            f"the connection {connection.name!r} leads to {connection.type.value}, not to S3"
        )
    return {_ALIASES.get(name, name): connection[name] for name in connection}


def _names(call: Callable[..., object]) -> set[str]:
    return set(inspect.signature(call).parameters) - {"self"}


def open_bucket(name: str, beside: Path, find: Callable[[str], Connection | None]) -> Bucket:
    """Return a bucket: s3://name, file:///directory, an S3 connection of this name, a directory.

    *find* returns the connection of a bucket's name, and *beside* is where directories are made.
    """
    if name.startswith("file://"):
        return LocalBucket(Path(name.removeprefix("file://")))
    is_s3 = name.startswith("s3://")
    bare = name.removeprefix("s3://").strip("/")
    if not bare or "/" in bare or "://" in bare or bare in (".", ".."):
        raise InvalidInput(
            f"{name!r:.80} is no bucket: give a name, s3://name or file:///directory"
        )
    connection = find(bare)
    if connection is None and not is_s3:
        return LocalBucket(beside / bare)
    inside = bare if connection is None else str(connection.get("bucket", bare))
    return S3Bucket(s3_client(connection, {}), inside)


def fixture_keys(prefix: str | None, beside: Path) -> list[str]:
    """Return the keys of fixtures, sorted; none when there is no such place.

    They lie in the bucket that the environment names, or below `fixture` in *beside*.
    """
    wanted = FIXTURES + (prefix or "")
    named = os.environ.get(VARIABLE)
    if named is None or not named.startswith("s3://"):
        return LocalBucket(beside if named is None else Path(named)).keys(wanted)
    return open_bucket(named, beside, lambda _: None).keys(wanted)
