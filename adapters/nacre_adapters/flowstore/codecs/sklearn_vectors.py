"""Support vectors and sparse arrays of scikit-learn, read in C by the counts that they state."""

import numpy as np
import scipy.sparse as sp
from sklearn.svm._base import BaseLibSVM

from nacre_adapters.flowstore.codecs.native_trees import are_within


def is_whole(found: object) -> bool:
    """Tell whether a part of a model holds together; what is none of these does."""
    try:
        if isinstance(found, BaseLibSVM) and hasattr(found, "support_vectors_"):
            return _is_machine(found)
        check = getattr(found, "check_format", None)
        if sp.issparse(found) and check is not None:
            check(full_check=True)
    except (ValueError, TypeError, AttributeError, LookupError):
        return False
    return True


def _is_machine(model: BaseLibSVM) -> bool:
    vectors, counts = model.support_vectors_, np.asarray(model._n_support)
    rows, is_classifier = len(model.support_), hasattr(model, "classes_")
    classes = len(counts) if is_classifier else 2
    pairs = classes * (classes - 1) // 2
    coefficients = model._dual_coef_
    chances = (len(model._probA), len(model._probB))
    is_square = model.kernel == "precomputed"
    return bool(
        classes > 1
        and vectors.ndim == 2
        and (is_square or vectors.shape == (rows, model.n_features_in_))
        and (not is_classifier or (len(model.classes_) == classes and counts.sum() == rows))
        and are_within(counts, rows + 1)
        and coefficients.shape == (classes - 1, rows)
        and (not sp.issparse(coefficients) or coefficients.nnz == (classes - 1) * rows)
        and sp.issparse(coefficients) == sp.issparse(vectors) == bool(model._sparse)
        and len(model._intercept_) == pairs
        and (chances in ((0, 0), (pairs, pairs)) or not is_classifier)
        and are_within(np.asarray(model.support_), model.shape_fit_[0])
    )
