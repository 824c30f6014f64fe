"""Objectives of XGBoost and LightGBM: both train on an imbalanced set."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from conftest import wanted

import flengine
from flengine.boosting import Objective

BOOSTING = "FLENGINE_REQUIRE_BOOSTING"


def imbalanced(n: int, seed: int) -> tuple[Any, Any]:
    """Features and labels, of which about one in thirty is 1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8))
    logit = 1.5 * x[:, 0] * x[:, 1] + x[:, 2] - 0.5 * x[:, 3] ** 2 - 4
    return x, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)


def auc(y: Any, score: Any) -> float:
    """The area under the ROC curve: how often a positive is above a negative."""
    order = np.argsort(score, kind="stable")
    _, ranks, counts = np.unique(np.asarray(score)[order], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2)[ranks]
    hit = np.asarray(y)[order] == 1
    n = hit.sum()
    return float((rank[hit].sum() - n * (n + 1) / 2) / (n * (len(y) - n)))


TRAIN, TEST = imbalanced(4000, 1), imbalanced(4000, 2)
LOSSES = ["ce", "focal(alpha=0.25,gamma=2)", "focal(gamma=1,pos=1,neg=1)"]


def test_objective() -> None:
    y = np.array([0, 1, 1, 0, 1])
    p = np.array([-5.0, 5.0, -5.0, 5.0, 0.0])
    w = np.array([1.0, 2, 3, 4, 0])
    first, second, result = flengine.gradients_and_hessians(p, y.astype(np.float32), weights=w)
    assert second[2] < 0 < second[0] and second[4] == 0
    gradients, hessians = Objective()(y, p, w)
    assert gradients.tobytes() == first.tobytes()
    assert hessians.tolist() == np.maximum(np.maximum(second, np.abs(first) * np.float32(0.2)), np.float32(1e-6)).tolist()
    assert hessians[0] == second[0] and hessians[2] == -first[2] * np.float32(0.2) and hessians[4] == np.float32(1e-6)
    plain = Objective(step=float("inf"), floor=0.5)(y, p, w)[1]
    assert plain.tolist() == np.maximum(second, np.float32(0.5)).tolist()
    assert Objective().result(y, p, w) == flengine.loss(p, y.astype(np.float32), weights=w)
    objective = Objective("focal(gamma=1)", floor=1e-3, workers=1)
    for again in (copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))):
        assert again(y, p)[1].tolist() == objective(y, p)[1].tolist()
    assert repr(objective) == "<flengine.boosting.Objective: focal(gamma=1), step 5, floor 0.001>"
    with pytest.raises(flengine.InputError, match=r"label\[0\] is -1: want 0 or 1"):
        Objective()(np.where(y, 1, -1), p)
    with pytest.raises(flengine.InputError, match=r"label\[1\] is 1.5: want an integer"):
        Objective()(y * 1.5, np.zeros((5, 3)))
    with pytest.raises(flengine.InputError, match=r"targets\[1\] is 2"):
        Objective()(y * 2, p)
    with pytest.raises(flengine.InputError, match="floor is 0"):
        Objective(floor=0)
    for step in (0, float("nan")):
        with pytest.raises(flengine.InputError, match="step is"):
            Objective(step=step)


@pytest.mark.parametrize("loss", LOSSES)
def test_xgboost(loss: str) -> None:
    xgboost = wanted("xgboost", BOOSTING)
    objective = Objective(loss, workers=1)
    train, test = xgboost.DMatrix(*TRAIN), xgboost.DMatrix(*TEST)
    for base_score in (0.0, -3.5):  # at the latter the second derivatives of positives are about 0
        history: dict[str, Any] = {}
        parameters = {"max_depth": 3, "eta": 0.2, "base_score": base_score, "disable_default_eval_metric": 1, "nthread": 1}
        booster = xgboost.train(
            parameters, train, 40, obj=objective, custom_metric=objective.metric, evals=[(test, "test")], evals_result=history, verbose_eval=False
        )
        logits = booster.predict(test, output_margin=True)
        assert auc(TEST[1], logits) > 0.8
        (curve,) = history["test"].values()
        assert curve[-1] < curve[0]
        assert curve[-1] == pytest.approx(objective.result(TEST[1], logits).mean, rel=1e-3)
    weighted = xgboost.DMatrix(*TRAIN, weight=1 + 9 * TRAIN[1])
    assert auc(TEST[1], xgboost.train(parameters, weighted, 40, obj=objective).predict(test, output_margin=True)) > 0.8
    if loss == "ce":  # XGBoost's own
        own = xgboost.train({**parameters, "objective": "binary:logistic", "base_score": 0.5}, train, 40)
        plain = Objective("ce", step=float("inf"), workers=1)
        ours = xgboost.train({**parameters, "base_score": 0.0}, train, 40, obj=plain)
        np.testing.assert_allclose(ours.predict(test, output_margin=True), own.predict(test, output_margin=True), atol=2e-2)


@pytest.mark.parametrize("loss", LOSSES)
def test_lightgbm(loss: str) -> None:
    lightgbm = wanted("lightgbm", BOOSTING)
    objective = Objective(loss, workers=1)
    parameters = {"objective": objective, "num_leaves": 8, "learning_rate": 0.1, "verbose": -1, "num_threads": 1}
    history: dict[str, Any] = {}
    train = lightgbm.Dataset(*TRAIN)
    booster = lightgbm.train(
        parameters, train, 40, valid_sets=[lightgbm.Dataset(*TEST, reference=train)], feval=objective.metric, callbacks=[lightgbm.record_evaluation(history)]
    )
    logits = booster.predict(TEST[0])
    assert auc(TEST[1], logits) > 0.8
    (curve,) = history["valid_0"].values()
    assert curve[-1] < curve[0]
    assert curve[-1] == pytest.approx(objective.result(TEST[1], logits).mean, rel=1e-6)
    weighted = lightgbm.Dataset(*TRAIN, weight=1 + 9 * TRAIN[1])
    assert auc(TEST[1], lightgbm.train(parameters, weighted, 40).predict(TEST[0])) > 0.8


def test_classes_for_scikit_learn() -> None:
    wanted("sklearn", BOOSTING)
    xgboost, lightgbm = wanted("xgboost", BOOSTING), wanted("lightgbm", BOOSTING)
    weight = 1 + 9 * TRAIN[1]
    model = xgboost.XGBClassifier(objective=Objective(workers=1), n_estimators=40, max_depth=3, base_score=0.5, n_jobs=1)
    assert auc(TEST[1], model.fit(*TRAIN).predict(TEST[0], output_margin=True)) > 0.8
    assert auc(TEST[1], model.fit(*TRAIN, sample_weight=weight).predict(TEST[0], output_margin=True)) > 0.8
    light = lightgbm.LGBMClassifier(objective=Objective(workers=1), n_estimators=40, num_leaves=8, verbose=-1, n_jobs=1)
    assert auc(TEST[1], light.fit(*TRAIN).predict(TEST[0], raw_score=True)) > 0.8
    assert auc(TEST[1], light.fit(*TRAIN, sample_weight=weight).predict(TEST[0], raw_score=True)) > 0.8


def test_several_classes() -> None:
    """One against the rest, each class by its own sigmoid."""
    xgboost, lightgbm = wanted("xgboost", BOOSTING), wanted("lightgbm", BOOSTING)
    x, _ = TRAIN
    y = np.argmax(x[:, :3] + 0.3 * np.random.default_rng(3).normal(size=(len(x), 3)), 1)
    objective = Objective("focal(gamma=1,pos=1,neg=1)", workers=1)
    logits = np.random.default_rng(4).normal(size=(len(x), 3))
    assert objective(y.astype(np.float32), logits)[0].tobytes() == flengine.gradients_and_hessians(logits, y, "focal(gamma=1,pos=1,neg=1)")[0].tobytes()
    booster = xgboost.train(
        {"num_class": 3, "max_depth": 3, "nthread": 1, "disable_default_eval_metric": 1}, xgboost.DMatrix(x, y), 20, obj=objective
    )
    assert np.mean(booster.predict(xgboost.DMatrix(x), output_margin=True).argmax(1) == y) > 0.8
    light = lightgbm.train(
        {"objective": objective, "num_class": 3, "num_leaves": 8, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, y), 20, feval=objective.metric
    )
    assert np.mean(light.predict(x).argmax(1) == y) > 0.8


def test_losses_of_rows_are_refused_at_once() -> None:
    with pytest.raises(flengine.InputError, match="loss is softmaxfocal, a loss of rows"):
        Objective("softmaxfocal")
