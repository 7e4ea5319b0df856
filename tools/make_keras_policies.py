#!/usr/bin/env python3
"""Writes tests/data/keras_policies: one small model under each dtype policy of Keras 3 and 2.

    tools/make_keras_policies.py [tests/data/keras_policies]

`<case>.npz` holds the input x0 and the output y0, which Keras computed in the policy's types.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tf_keras  # noqa: E402

POLICIES = ("mixed_float16", "mixed_bfloat16", "float16", "float64")


def build(k):
    l = k.layers
    return k.Sequential([
        k.Input((8, 8, 3)), l.Conv2D(4, 3, activation="relu"), l.BatchNormalization(),
        l.Flatten(), l.Dense(4, activation="tanh"), l.Dense(3)])


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    out = pathlib.Path(sys.argv[1]) if sys.argv[1:] else root / "tests/data/keras_policies"
    out.mkdir(parents=True, exist_ok=True)
    for k, tag, suffix in ((keras, "k3", ".keras"), (keras, "k3_h5", ".h5"),
                           (tf_keras, "k2", ".keras"), (tf_keras, "k2_h5", ".h5")):
        for policy in POLICIES:
            k.mixed_precision.set_global_policy(policy)
            k.utils.set_random_seed(3)
            model = build(k)
            x = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype(np.float32)
            y = np.asarray(model(x, training=False)).astype(np.float32)
            path = out / f"{tag}_{policy}{suffix}"
            try:
                model.save(path)
            except (TypeError, ValueError) as error:  # of bfloat16, in some versions
                print(f"{path.name}: {error}")
                path.unlink(missing_ok=True)
                continue
            np.savez_compressed(path.with_suffix(".npz"), x0=x, y0=y)


if __name__ == "__main__":
    main()
