"""Environments for the peers that cannot share nacre's, made on demand under `.peers/`."""

import subprocess
import sys
from collections.abc import Callable, Sequence

from bench.child import CHECKOUT

ARCTICDB = ("arcticdb==6.28.2", "pandas==2.3.3", "numpy==2.4.6", "pyarrow==26.0.1")
PYTAMS = ("pytams==1.0.0", "sqlalchemy==2.1.9", "numpy==2.4.6")
MLFLOW = (
    "mlflow-skinny==3.17.2",
    "joblib==1.6.0",
    "pandas==2.3.3",
    "numpy==2.4.6",
    "pyarrow==26.0.1",
)
MODELVAULT = ("modelvault==0.16.0",)
FH_SAAS = ("fh-saas==0.9.14", "fastsql==2.1.2", "sqlalchemy==2.1.9")
TABLEVAULT = ("tablevault==0.1.1", "pandas==2.2.3")
EVENTSOURCING = ("eventsourcing==9.5.6", "msgpack==1.2.4", "numpy==2.4.6", "pandas==2.3.3")


def peer_python(name: str, requirements: Sequence[str], say: Callable[[str], None]) -> str:
    """Return the interpreter of the environment *name*, which is made when it is missing."""
    folder = CHECKOUT / ".peers" / name
    python = str(folder / "bin" / "python")
    marker = folder / "installed.txt"
    wanted = "\n".join(requirements)
    if marker.exists() and marker.read_text() == wanted:
        return python
    say(f"making an environment with {', '.join(requirements)}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    marker.write_text(wanted)
    return python
