"""Models come back with parameters and predictions, and load nothing that is not allowed."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from frames.payloads import CountingPayloads
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import Birch, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import Codecs, Encoded, Limits, NotStorable, NotTrusted

pytestmark = pytest.mark.filterwarnings("ignore")

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(80, 4)
Y = (X[:, 0] > 0.5).astype(int)

MODELS = {
    "forest": lambda: RandomForestClassifier(4, random_state=0),
    "boosting": lambda: GradientBoostingRegressor(n_estimators=3, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=3, random_state=0),
    "isolation forest": lambda: IsolationForest(n_estimators=4, random_state=0),
    "logistic": LogisticRegression,
    "ridge": lambda: Ridge(alpha=0.5),
    "neighbours": KNeighborsClassifier,
    "network": lambda: MLPClassifier((3,), max_iter=5, random_state=0),
    "vectors": lambda: SVC(random_state=0),
    "means": lambda: KMeans(2, n_init=1, random_state=0),
    "process": lambda: GaussianProcessRegressor(RBF() + WhiteKernel(), random_state=0),
    "pipeline": lambda: make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [0, 1])], remainder="passthrough"),
        FunctionTransformer(np.exp),
        LogisticRegression(),
    ),
    "search": lambda: GridSearchCV(
        Ridge(), {"alpha": [0.1, 1]}, cv=StratifiedKFold(2, shuffle=True, random_state=1)
    ),
}
SAME_EVERYWHERE = [name for name in MODELS if name != "search"]  # it holds how long it took


class Doubler(TransformerMixin, BaseEstimator):
    def fit(self, _x, _y=None):
        self.factor_ = 2
        return self

    def transform(self, x):
        return x * self.factor_


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_a_model_predicts_what_it_did(make) -> None:
    codecs = Codecs(CountingPayloads())
    model = make().fit(X, Y)

    back = codecs.decode(Encoded.from_data(codecs.encode(model).to_data()))

    assert type(back) is type(model)
    assert np.array_equal(back.predict(X), model.predict(X))
    assert repr(back.get_params()) == repr(model.get_params())


def test_a_model_that_was_not_fitted_is_a_model() -> None:
    codecs = Codecs(CountingPayloads())

    back = codecs.decode(codecs.encode({"encoder": OneHotEncoder(drop="first")}))

    assert back["encoder"].drop == "first"


def test_the_same_model_has_one_identity_in_all_processes() -> None:
    codecs = Codecs(CountingPayloads())
    here = [codecs.encode(MODELS[name]().fit(X, Y)).identity for name in SAME_EVERYWHERE]

    assert _identities(seed="1").split() == here


def test_what_came_back_is_the_same_model() -> None:
    codecs = Codecs(CountingPayloads())
    first = codecs.encode(LogisticRegression().fit(X, Y))

    assert codecs.encode(codecs.decode(first)).identity == first.identity


def test_models_share_the_arrays_that_they_have_in_common() -> None:
    payloads = CountingPayloads()
    data = RANDOM.rand(5000, 4)
    scaler = KNeighborsClassifier().fit(data, data[:, 0] > 0.5)
    Codecs(payloads).encode(scaler)

    payloads.new_bytes = 0
    Codecs(payloads).encode({"model": scaler, "of": "today"})

    assert payloads.new_bytes < 200_000


def test_a_lambda_in_a_model_is_refused_with_its_path() -> None:
    model = make_pipeline(FunctionTransformer(lambda x: x), Ridge())

    with pytest.raises(NotStorable, match=r"^data\['m'\]: .*trust='pickle'"):
        Codecs(CountingPayloads()).encode({"m": model})


def test_an_estimator_of_your_own_is_named_by_the_reader() -> None:
    payloads = CountingPayloads()
    with pytest.raises(NotStorable, match="Doubler"):
        Codecs(payloads).encode(Doubler().fit(X))
    mine = Codecs(payloads, classes=[Doubler])

    stored = mine.encode(make_pipeline(Doubler(), Ridge()).fit(X, Y))

    assert mine.decode(stored).predict(X).shape == (80,)
    with pytest.raises(NotTrusted, match="Doubler"):
        Codecs(payloads).decode(stored)


def hostile(payloads: CountingPayloads, change) -> Encoded:
    """A stored model whose schema was changed by hand."""
    stored = Codecs(payloads).encode(FunctionTransformer(np.log1p)).to_data()
    schema = json.loads(skops_schema(payloads, stored))
    change(schema)
    data = json.dumps(schema).encode()
    stored["content"] = {"sklearn": [payloads.put_blob(data)]}
    return Encoded.from_data(stored)


def skops_schema(payloads: CountingPayloads, stored) -> bytes:
    content = stored["content"]["sklearn"][0]
    return content if isinstance(content, bytes) else payloads.blobs[content]


def test_a_model_that_names_os_system_is_refused() -> None:
    payloads = CountingPayloads()

    def change(schema):
        function = schema["content"]["content"]["func"]
        function.update({"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"})
        function["content"] = {"module_path": "os", "function": "system"}

    with pytest.raises((NotTrusted, CorruptionError), match="system"):
        Codecs(payloads).decode(hostile(payloads, change))


def test_a_model_that_calls_on_loading_is_refused() -> None:
    payloads = CountingPayloads()

    def change(schema):
        schema.update({"__class__": "Popen", "__module__": "subprocess"})

    with pytest.raises(NotTrusted, match=r"subprocess\.Popen"):
        Codecs(payloads).decode(hostile(payloads, change))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"__class__": 1}', b"\xff", b"[" * 10_000], ids=repr
)
def test_an_odd_schema_is_refused(data: bytes) -> None:
    content = {"sklearn": [data]}
    stored = Encoded(content=content, identity="", size_bytes=0, type="sklearn")

    with pytest.raises((NotTrusted, CorruptionError)):
        Codecs(CountingPayloads()).decode(stored)


def test_an_archive_that_expands_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(50 << 20))
    payloads = CountingPayloads()
    digest = payloads.put_blob(bomb.getvalue())
    stored = Encoded(
        content={"sklearn": [b"{}", [f"{'a' * 32}.npz", digest]]},
        identity="",
        size_bytes=0,
        type="x",
    )

    with pytest.raises(CorruptionError, match="expands to"):
        Codecs(payloads).decode(stored)
    with pytest.raises(CorruptionError, match="more than 1,048,576 bytes"):
        Codecs(payloads, limits=Limits(size_bytes=1 << 20)).decode(stored)


@pytest.mark.parametrize("name", ["schema.json", "../x", "/x", "a\0b.npy", "x" * 70_000])
def test_a_member_has_a_name_of_its_own(name: str) -> None:
    stored = Encoded(content={"sklearn": [b"{}", [name, b""]]}, identity="", size_bytes=0, type="x")

    with pytest.raises(CorruptionError, match="no name of its own"):
        Codecs(CountingPayloads()).decode(stored)


HEADERS = {
    "a pickle": b"{'descr':'|O','fortran_order':False,'shape':(1,)}",
    "eight terabytes": b"{'descr':'<f8','fortran_order':False,'shape':(1099511627776,)}",
    "no end": b"{'descr':'<f8',",
    "a call": b"__import__('os').getcwd()",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_a_hostile_array_in_a_model_is_refused(header: bytes) -> None:
    name = "a" * 32 + ".npy"
    node = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode"}
    node |= {"type": "numpy", "file": name, "__id__": 1, "protocol": 2, "_skops_version": "0.16.0"}
    data = b"\x93NUMPY\1\0" + len(header + b"\n").to_bytes(2, "little") + header + b"\n" + bytes(16)
    content = {"sklearn": [json.dumps(node).encode(), [name, data]]}

    with pytest.raises(CorruptionError, match="does not load"):
        Codecs(CountingPayloads()).decode(
            Encoded(content=content, identity="", size_bytes=0, type="x")
        )


def test_what_skops_cannot_do_is_said() -> None:
    with pytest.raises(NotStorable, match="not supported"):
        Codecs(CountingPayloads()).encode(Birch())


def _identities(seed: str) -> str:
    program = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from flowstore.test_models import MODELS, SAME_EVERYWHERE, X, Y\n"
        "from frames.payloads import CountingPayloads\n"
        "from nacre_adapters.flowstore.codecs import Codecs\n"
        "codecs = Codecs(CountingPayloads())\n"
        "for name in SAME_EVERYWHERE:\n"
        "    print(codecs.encode(MODELS[name]().fit(X, Y)).identity)\n"
    )
    tests = Path(__file__).parent.parent
    # The rest as here: how many threads there are changes the last bits of a fit.
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(tests)}
    run = [sys.executable, "-c", program]
    return subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
