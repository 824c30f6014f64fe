"""Why Objective bounds the step of a score: AUC of trainings with each rule for Hessians below 0 or near it.

python3 steps.py

XGBoost and LightGBM, two imbalanced sets, positives of weight 1 and 30, beginning at the logits 0 and
-3.5: 16 trainings each of 50 rounds. -3.5 is about the sets' log-odds, where focal loss is concave.
"""

import lightgbm
import numpy as np
import xgboost
from boosting import imbalanced
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score

from flengine.boosting import Objective

RULES = {"max(h, 1e-6)": {"step": float("inf")}, "max(|h|, 1e-6)": {}, "step 20": {"step": 20}, "step 5": {"step": 5}, "step 2": {"step": 2}}


class Magnitude(Objective):
    """max(|h|, floor)."""

    def __call__(self, predictions, data, sample_weight=None):
        gradients, hessians, _ = self.engine.gradients_and_hessians(predictions, data.get_label(), weights=data.get_weight())
        return gradients, np.maximum(np.abs(hessians), np.float32(self.floor))

    def __deepcopy__(self, memo):
        return self


def sets():
    x, y = make_classification(20000, 20, n_informative=8, weights=[0.99], flip_y=0.002, class_sep=0.8, random_state=3)
    yield x[:10000], y[:10000].astype(np.float32), x[10000:], y[10000:]
    yield *imbalanced(8000, 1), *imbalanced(8000, 2)


def trained(objective):
    """The AUC of each training."""
    for x, y, other_x, other_y in sets():
        for weight in (1, 30):
            w = np.where(y == 1, np.float32(weight), np.float32(1))
            for begin in (0.0, -3.5):
                parameters = {"max_depth": 4, "eta": 0.2, "base_score": begin, "nthread": 1, "disable_default_eval_metric": 1}
                booster = xgboost.train(parameters, xgboost.DMatrix(x, y, weight=w), 50, obj=objective)
                yield roc_auc_score(other_y, booster.predict(xgboost.DMatrix(other_x), output_margin=True))
                parameters = {"objective": objective, "num_leaves": 15, "verbose": -1, "num_threads": 1}
                data = lightgbm.Dataset(x, y, weight=w, init_score=np.full(len(y), begin))
                yield roc_auc_score(other_y, lightgbm.train(parameters, data, 50).predict(other_x))


print(f"{'loss':<28}{'Hessian':<16}{'worst AUC':>10}{'mean':>8}")
for loss in ("ce", "focal(alpha=0.25,gamma=2)", "focal(gamma=1,pos=1,neg=1)"):
    for rule, options in RULES.items():
        objective = (Objective if options else Magnitude)(loss, workers=1, **options)
        found = list(trained(objective))
        print(f"{loss:<28}{rule:<16}{min(found):>10.3f}{sum(found) / len(found):>8.3f}", flush=True)
