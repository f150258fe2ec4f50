"""Support vectors whose counts do not fit are refused before anything reads by them."""

import numpy as np
import pytest
import scipy.sparse as sp
from frames.payloads import CountingPayloads
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import Codecs

pytestmark = pytest.mark.filterwarnings("ignore")

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(80, 4)
Y = (X[:, 0] > 0.5).astype(int) + (X[:, 1] > 0.5)
MACHINES = {
    "classes": (SVC(), X),
    "chances": (SVC(probability=True, kernel="poly"), X),
    "few": (NuSVC(nu=0.1), X),
    "numbers": (SVR(), X),
    "few numbers": (NuSVR(), X),
    "one class": (OneClassSVM(), X),
    "sparse": (SVC(kernel="linear"), sp.csr_matrix(X)),
    "sparse numbers": (SVR(), sp.csr_matrix(X)),
    "products": (SVC(kernel="precomputed"), X @ X.T),
}


@pytest.mark.parametrize(("model", "rows"), MACHINES.values(), ids=MACHINES.keys())
def test_support_vectors_come_back(model, rows) -> None:
    codecs = Codecs(CountingPayloads())
    model.fit(rows, Y)

    back = codecs.decode(codecs.encode(model))

    assert np.array_equal(back.predict(rows), model.predict(rows))


ALTERED = {
    "fewer coefficients": ("_dual_coef_", lambda found: found[:, :1].copy()),
    "more vectors of a class": ("_n_support", lambda found: found + 100),
    "negative counts": ("_n_support", lambda found: found * np.int32(-1)),
    "more classes": ("_n_support", lambda found: np.ones(len(found) + 50, "i4")),
    "no intercepts": ("_intercept_", lambda found: found[:0]),
    "chances of other classes": ("_probA", lambda found: np.ones(1)),
    "narrower vectors": ("support_vectors_", lambda found: found[:, :1].copy()),
    "rows outside": ("support_", lambda found: found + np.int32(10_000)),
    "sparse ones that are none": ("_sparse", lambda found: True),
}


@pytest.mark.parametrize(("name", "change"), ALTERED.values(), ids=ALTERED.keys())
def test_support_vectors_that_do_not_fit_are_refused(name: str, change) -> None:
    codecs = Codecs(CountingPayloads())
    model = SVC().fit(X, Y)
    setattr(model, name, change(getattr(model, name)))
    stored = codecs.encode({"model": model})

    with pytest.raises(CorruptionError, match="do not fit together"):
        codecs.decode(stored)


def test_a_sparse_array_in_a_model_is_looked_at() -> None:
    codecs = Codecs(CountingPayloads())
    model = KNeighborsClassifier(algorithm="brute").fit(sp.csr_matrix(X), Y)
    model._fit_X.indices[0] = 10_000
    stored = codecs.encode(model)

    with pytest.raises(CorruptionError):
        codecs.decode(stored)


def test_models_of_sparse_arrays_come_back() -> None:
    codecs = Codecs(CountingPayloads())
    texts = ["some words", "other words", "words"]
    model = TfidfVectorizer().fit(texts)

    back = codecs.decode(codecs.encode(model))

    assert (back.transform(texts) != model.transform(texts)).nnz == 0
