"""Objectives for XGBoost and LightGBM: gradient and Hessian of a loss, for imbalanced data.

Neither package is imported here: an :class:`Objective` is called with what they call objectives with.

>>> objective = flengine.boosting.Objective("focal(alpha=0.25,gamma=2)")
>>> xgboost.train({"max_depth": 4}, dtrain, obj=objective, custom_metric=objective.metric, ...)
>>> lightgbm.train({"objective": objective, "num_leaves": 15}, train, feval=objective.metric, ...)
>>> xgboost.XGBClassifier(objective=objective), lightgbm.LGBMClassifier(objective=objective)

Models predict logits then, not probabilities: ``1 / (1 + np.exp(-booster.predict(...)))``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Tuple

import numpy as np

from . import _arrays
from ._engine import DEFAULT_LOSS, Engine, Options, integer_like
from ._lib import InputError
from ._losses import LossLike
from ._result import Result

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Objective"]


class Objective:
    """A loss as an objective of XGBoost and LightGBM, and as an evaluation metric.

    It is called as ``objective(predictions, data)``, where data is XGBoost's DMatrix or LightGBM's
    Dataset, whose labels and weights are taken, or as ``objective(y_true, y_pred, sample_weight=None)``
    by their classes for scikit-learn, and returns gradient and Hessian, float32 of the predictions' shape.

    Predictions are logits of shape (n,), float32 or float64, rounded to float32; labels are 0 and 1, or
    soft targets between, for losses whose second derivative takes them. Of several classes predictions
    are (n, C) and labels classes from 0 to C - 1: each class against the rest, by its own sigmoid.

    Boosting divides gradients by Hessians, and wants these positive. Losses of this family but
    cross-entropy are concave where a score is very wrong (focal loss with gamma = 2 where p_t is below
    0.06), and where they turn, the Hessian is next to 0. So what is given is max(h, abs(g) / step, floor):
    no score alone asks for a step of more than ``step``, in logits, before the learning rate. A floor
    alone (``step=inf``) lets such scores ask for any: of 16 trainings with focal loss on imbalanced
    sets the worst AUC was 0.48 with it, 0.84 with a step of 5. Gradients are never changed.

    Args:
        loss: a Loss or its text; not one of rows, which have no Hessian.
        step: the longest step of a score, in logits, > 0; inf: any.
        floor: the least Hessian, > 0, which is also what masked scores have.
        options: those of :class:`flengine.Engine`, such as ``workers``.

    Raises:
        InputError, TypeError: see :class:`flengine.Engine`; a label below 0 has the field ``"label"``.
    """

    def __init__(
        self,
        loss: LossLike = DEFAULT_LOSS,
        *,
        step: float = 5.0,
        floor: float = 1e-6,
        **options: Unpack[Options],
    ) -> None:
        if not step > 0:
            raise InputError("step", None, float(step), f"is {step}: want the longest step, above 0, or inf")
        if not 0 < floor < float("inf"):
            raise InputError("floor", None, float(floor), f"is {floor}: want the least Hessian, above 0")
        self.step, self.floor = float(step), float(floor)
        self.engine = Engine(loss, **options)
        if self.engine._rows:
            raise InputError("loss", None, 0, f"is {self.engine.loss_text}, a loss of rows, which has no Hessian per score: want one of scores")

    def __repr__(self) -> str:
        return f"<flengine.boosting.Objective: {self.engine.loss_text}, step {self.step:g}, floor {self.floor:g}>"

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> Tuple[_arrays.Array, _arrays.Array]:
        predictions, labels, weights = _taken(first, second, sample_weight)
        gradients, hessians, _ = self.engine.gradients_and_hessians(predictions, labels, weights=weights)
        if self.step < float("inf"):
            least = np.abs(gradients)
            least *= np.float32(1 / self.step)
            np.maximum(hessians, least, out=hessians)
        np.maximum(hessians, np.float32(self.floor), out=hessians)
        return gradients, hessians

    def result(self, first: Any, second: Any, sample_weight: Any = None) -> Result:
        """The loss of predictions, called as the objective is."""
        predictions, labels, weights = _taken(first, second, sample_weight)
        return self.engine.loss(predictions, labels, weights=weights)

    def metric(self, predictions: Any, data: Any) -> Any:
        """The weighted mean of the loss, for ``custom_metric`` of xgboost.train and ``feval`` of lightgbm.train."""
        mean = self.result(predictions, data).weighted_mean
        name = self.engine.loss_text.partition("(")[0]
        return (name, mean) if hasattr(data, "num_row") else (name, mean, False)


def _taken(first: Any, second: Any, sample_weight: Any) -> Tuple[Any, Any, Any]:
    """Predictions, labels and weights of either way of calling an objective."""
    if hasattr(second, "get_label"):
        predictions, labels = first, second.get_label()
        sample_weight = second.get_weight()
        if sample_weight is not None and len(sample_weight) == 0:  # XGBoost's word for none
            sample_weight = None
    else:
        labels, predictions = first, second
    predictions, labels = np.asarray(predictions), np.asarray(labels)
    if predictions.ndim == 2 and predictions.shape[1] == 1:
        predictions = predictions.reshape(-1)
    labels = labels.reshape(-1)
    wrong = labels < 0
    if wrong.any():
        index = int(np.argmax(wrong))
        raise InputError("label", index, float(labels[index]), "want 0 or 1, or a class from 0 on", labels.shape)
    if predictions.ndim == 2:
        return predictions, integer_like(labels, "label"), sample_weight
    return predictions, labels.astype(np.float32, copy=False), sample_weight
