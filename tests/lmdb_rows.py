"""Rows, reads and limits, for the tests of what lies under a vault."""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nacre.environment import Environment
from nacre.files import OsFiles


def put(environment: Environment, key: bytes, value: bytes = b"value") -> None:
    environment.run(OsFiles(), lambda transaction: transaction.put(key, value))


def get(environment: Environment, key: bytes) -> bytes | None:
    with environment.read() as transaction:
        return transaction.get(key)


def map_size(environment: Environment) -> int:
    return environment.handle.current().info()["map_size"]


@contextmanager
def read_open_elsewhere(environment: Environment) -> Iterator[None]:
    """Let another thread be inside a read."""
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with environment.read():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    try:
        yield
    finally:
        leave.set()
        thread.join()


def limit_address_space(more_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def limit_file_size(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
