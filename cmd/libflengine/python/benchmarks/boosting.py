"""Focal loss in XGBoost and LightGBM, beside the same objective in NumPy: AUC, and time in one run.

python3 boosting.py [SAMPLES [ROUNDS [PAIRS]]]

Each pair trains with one objective after the other, on one thread. Times are medians over the pairs:
of a whole training, and of one call of the objective.
"""

import statistics
import sys
import time

import lightgbm
import numpy as np
import xgboost
from sklearn.metrics import average_precision_score, roc_auc_score

from flengine.boosting import Objective

ALPHA, GAMMA, STEP, FLOOR = 0.25, 2.0, 5.0, 1e-6


def in_numpy(predictions, data):
    """The closed forms in float64, with the same floor."""
    y = data.get_label()
    z = np.where(y == 1, predictions, -predictions).astype(np.float64)
    p = 1 / (1 + np.exp(-z))  # of the true class
    q = 1 - p
    weight = np.where(y == 1, ALPHA, 1 - ALPHA)
    log = np.log(np.maximum(p, 1e-300))
    inner = GAMMA * p * log + p - 1
    g = weight * q**GAMMA * inner
    h = weight * p * q * (-GAMMA * q ** (GAMMA - 1) * inner + q**GAMMA * (GAMMA * log + GAMMA + 1))
    return np.where(y == 1, g, -g), np.maximum(np.maximum(h, np.abs(g) / STEP), FLOOR)


class Timed:
    """An objective that notes how long its calls take."""

    def __init__(self, objective):
        self.objective, self.times = objective, []

    def __call__(self, predictions, data):
        start = time.perf_counter()
        result = self.objective(predictions, data)
        self.times.append(time.perf_counter() - start)
        return result

    def __deepcopy__(self, memo):  # LightGBM copies its parameters
        return self


def imbalanced(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 16))
    logit = 1.5 * x[:, 0] * x[:, 1] + x[:, 2] - 0.5 * x[:, 3] ** 2 + np.sin(2 * x[:, 4]) - 5.3
    return x, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float32)


def with_xgboost(train, test, rounds, objective):
    parameters = {"max_depth": 5, "eta": 0.15, "base_score": 0.0, "nthread": 1, "disable_default_eval_metric": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(*train), rounds, obj=objective)
    return lambda: booster.predict(xgboost.DMatrix(test[0]), output_margin=True)


def with_lightgbm(train, test, rounds, objective):
    parameters = {"objective": objective, "num_leaves": 31, "learning_rate": 0.1, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(*train), rounds)
    return lambda: booster.predict(test[0])


def main(samples=200_000, rounds=50, pairs=5):
    train, test = imbalanced(samples, 1), imbalanced(samples // 4, 2)
    print(f"{samples} samples of which {train[1].mean():.2%} are positive, {rounds} rounds, medians of {pairs} pairs")
    print(f"{'package':<10}{'objective':<11}{'AUC':>8}{'AP':>8}{'training':>11}{'a call':>11}{'of the training':>17}")
    ours = Objective(f"focal(alpha={ALPHA},gamma={GAMMA})", step=STEP, floor=FLOOR, workers=1)
    for package, run in (("XGBoost", with_xgboost), ("LightGBM", with_lightgbm)):
        found = {"NumPy": [], "flengine": []}
        for _ in range(pairs):
            for name, objective in (("NumPy", in_numpy), ("flengine", ours)):
                timed = Timed(objective)
                start = time.perf_counter()
                predict = run(train, test, rounds, timed)
                found[name].append((time.perf_counter() - start, statistics.median(timed.times), sum(timed.times), predict))
        for name, runs in found.items():
            whole, call, calls = (statistics.median(r[i] for r in runs) for i in range(3))
            logits = runs[0][3]()
            auc, ap = roc_auc_score(test[1], logits), average_precision_score(test[1], logits)
            print(f"{package:<10}{name:<11}{auc:>8.4f}{ap:>8.4f}{whole:>9.2f} s{1e3 * call:>8.2f} ms{calls / whole:>16.1%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
