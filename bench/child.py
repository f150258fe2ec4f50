"""A contestant in a process and, where it needs one, an environment of its own.

Run as a script it serves: one JSON request a line on its input, one JSON answer a line on its
output. It imports nothing but the standard library and the contestant.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from types import TracebackType

CHECKOUT = Path(__file__).resolve().parent.parent


class Child:
    """A process that holds one contestant, and calls its methods on request."""

    def __init__(self, contestant: str, python: str = sys.executable) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "bench.child", contestant],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, method: str, **arguments: object) -> object:
        """Return what the contestant's *method* returns."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([method, arguments]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the contestant died in {method!r}: its error stands above")
        return json.loads(answer)

    def seconds(self, method: str, **arguments: object) -> float:
        """Return what a method that measures itself has measured."""
        taken = self.call(method, **arguments)
        assert isinstance(taken, float)
        return taken

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        if kind is not None:
            self._process.kill()
        self.close()


def serve(contestant: str) -> None:
    # What libraries print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, name = contestant.split(":")
    served = getattr(importlib.import_module(module), name)()
    for line in sys.stdin:
        method, arguments = json.loads(line)
        try:
            answer = getattr(served, method)(**arguments)
        except Exception:  # noqa: BLE001 - shown, and the parent sees that the answer is missing
            traceback.print_exc()
            return
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
