#!/usr/bin/env python3
"""Writes models of keras.applications with random weights, and what Keras computes for them.

    tools/keras_golden/applications.py FOLDER [--only NAME...]

For each a `<name>.keras` and a `<name>.npz` as in tests/data/keras; ResNet-50 also as `.h5`. They
are large (ResNet-50 alone has 100 MB), so they are not part of the repository:
TINYSPLIT_KERAS_APPLICATIONS=FOLDER makes the tests read them.
"""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from keras_golden.common import predict, rng_of, save_npz  # noqa: E402

APPLICATIONS = {
    "mobilenet": (keras.applications.MobileNet, 96),
    "mobilenet_v2": (keras.applications.MobileNetV2, 96),
    "mobilenet_v3_small": (keras.applications.MobileNetV3Small, 96),
    "mobilenet_v3_large": (keras.applications.MobileNetV3Large, 96),
    "efficientnet_b0": (keras.applications.EfficientNetB0, 96),
    "resnet50": (keras.applications.ResNet50, 96),
    "densenet121": (keras.applications.DenseNet121, 96),
    "nasnet_mobile": (keras.applications.NASNetMobile, 96),
}


def calibrate(model, x):
    """Gives every batch norm the statistics of its input.

    With random weights a deep network's activations would otherwise vanish or explode, and its
    output would be the same for all inputs.
    """
    norms = [n for n in model.layers if isinstance(n, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    for _ in range(2):
        model(x, training=True)
    for norm in norms:
        norm.momentum = 0.99


def write(name, folder):
    build, side = APPLICATIONS[name]
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    rng = rng_of(name)
    model = build(input_shape=(side, side, 3), weights=None, classes=100)
    blobs = rng.uniform(0, 255, (8, 6, 6, 3)).astype(np.float32)
    x = np.asarray(keras.ops.image.resize(blobs, (side, side), interpolation="bicubic"))
    if not name.startswith(("efficientnet", "mobilenet_v3")):
        x = x / 127.5 - 1.0  # these two scale by themselves
    calibrate(model, x)
    inputs = [x[:2].astype(np.float32)]
    outputs = predict(model, inputs)
    if np.abs(outputs[0][0] - outputs[0][1]).max() < 1e-3:
        raise ValueError(f"{name}: the output says nothing of the input")
    model.save(folder / f"{name}.keras")
    save_npz(folder / f"{name}.npz", inputs, outputs)
    if name == "resnet50":
        model.save(folder / f"{name}_legacy.h5")
        save_npz(folder / f"{name}_legacy.npz", inputs, outputs)
    print(f"{name}: {model.count_params()} parameters, largest output {outputs[0].max():.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", choices=APPLICATIONS, default=list(APPLICATIONS))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        write(name, args.folder)


if __name__ == "__main__":
    main()
