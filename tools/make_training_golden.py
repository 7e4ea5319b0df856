#!/usr/bin/env python3
"""Writes tests/data/training: small networks before and after one and three steps of real Keras.

    tools/make_training_golden.py [--out tests/data/training]

Each case is <name>.json, the model's configuration as Keras writes it, and <name>.npz:
  w<i>         the weights before, in the order of model.weights
  x<s>, t<s>   input and targets of step s = 0, 1, 2
  loss<s>      what train_on_batch() of step s gives
  a<i>, c<i>   the weights after one step and after three
  y            the predictions for x0 after three steps
and options.json lists loss, optimizer and their options of every case. Versions:
tools/requirements.txt.
"""

import argparse
import json
import os
import pathlib
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras  # noqa: E402
import numpy as np  # noqa: E402

l = keras.layers


def conv_norm(x, filters, size, stride=1, relu=True):
    x = l.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
    x = l.BatchNormalization(momentum=0.9)(x)
    return l.ReLU()(x) if relu else x


def plain():
    inputs = keras.Input((8, 8, 3))
    x = l.Rescaling(1 / 255, offset=-0.5)(inputs)
    x = l.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = l.MaxPooling2D()(x)
    x = l.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = l.BatchNormalization(momentum=0.8, epsilon=1e-2)(x)
    x = l.ReLU(max_value=6)(x)
    x = l.Flatten()(x)
    return keras.Model(inputs, l.Dense(5, activation="softmax")(x))


def residual():
    inputs = keras.Input((8, 8, 2))
    x = conv_norm(inputs, 4, 3)
    y = conv_norm(x, 4, 3)
    y = conv_norm(y, 4, 3, relu=False)
    x = l.Activation("relu")(l.Add()([y, x]))
    y = conv_norm(x, 6, 3, 2)
    y = conv_norm(y, 6, 3, relu=False)
    x = l.Activation("relu")(l.Add()([conv_norm(x, 6, 1, 2, relu=False), y]))
    x = l.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, l.Dense(4, activation="softmax")(x))


def autoencoder():
    inputs = keras.Input((12,))
    x = inputs
    for units in (8, 3, 8):
        x = l.ReLU()(l.BatchNormalization()(l.Dense(units)(x)))
    return keras.Model(inputs, l.Dense(12)(x))


def binary():
    return keras.Sequential([
        keras.Input((10, 10, 3)), l.Conv2D(5, 3, activation="relu"), l.MaxPooling2D(2),
        l.Flatten(), l.Dense(6, activation="tanh"), l.Dense(2, activation="sigmoid")])


def branches():
    decay = keras.regularizers.L2(1e-2)
    inputs = keras.Input((9, 9, 2))
    x = l.ZeroPadding2D(((1, 0), (0, 2)))(inputs)
    a = l.SeparableConv2D(4, 3, strides=2, activation="swish", depth_multiplier=2)(x)
    b = l.AveragePooling2D(3, strides=2, padding="valid")(x)
    b = l.Conv2D(3, 1, kernel_regularizer=decay, activation="leaky_relu")(b)
    x = l.Concatenate()([a, b])
    x = l.Conv2D(6, 3, padding="same", dilation_rate=2, groups=1, activation="elu")(x)
    return keras.Model(inputs, l.Dense(3, activation="softmax")(l.GlobalMaxPooling2D()(x)))


# Keras' name of a loss, ours, and what makes targets of random numbers [N,K].
LOSSES = {
    "cross_entropy": (keras.losses.CategoricalCrossentropy,
                      lambda r: np.eye(r.shape[1], dtype=np.float32)[r.argmax(1)]),
    "binary_cross_entropy": (keras.losses.BinaryCrossentropy,
                             lambda r: (r > 0).astype(np.float32)),
    "mean_squared_error": (keras.losses.MeanSquaredError, lambda r: r),
}
OPTIMIZERS = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam,
              "adamw": keras.optimizers.AdamW}

# name: model, loss, label smoothing, optimizer, its options
CASES = {
    "plain_sgd": (plain, "cross_entropy", 0.0, "sgd", dict(learning_rate=0.05)),
    "plain_nesterov": (plain, "cross_entropy", 0.1, "sgd",
                       dict(learning_rate=0.05, momentum=0.9, nesterov=True)),
    "residual_momentum": (residual, "cross_entropy", 0.0, "sgd",
                          dict(learning_rate=0.02, momentum=0.9, weight_decay=0.1,
                               global_clipnorm=1.0)),
    "residual_adamw": (residual, "cross_entropy", 0.05, "adamw",
                       dict(learning_rate=1e-3, weight_decay=0.05)),
    "autoencoder_adam": (autoencoder, "mean_squared_error", 0.0, "adam",
                         dict(learning_rate=1e-3)),
    "binary_adam": (binary, "binary_cross_entropy", 0.0, "adam",
                    dict(learning_rate=2e-3, beta_1=0.8, beta_2=0.99)),
    "binary_smoothed": (binary, "binary_cross_entropy", 0.2, "sgd", dict(learning_rate=0.1)),
    "branches_sgd": (branches, "cross_entropy", 0.0, "sgd", dict(learning_rate=0.05)),
}
BATCH, STEPS = 7, 3


def random_weights(model, rng):
    for weight in model.weights:
        values = rng.normal(0, 0.5, weight.shape)
        if weight.name in ("gamma", "moving_variance"):
            values = rng.uniform(0.5, 1.5, weight.shape)
        elif weight.name == "beta":
            values = rng.normal(0, 0.1, weight.shape)
        weight.assign(values.astype(np.float32))


def write(name, out):
    build, loss, smoothing, optimizer, options = CASES[name]
    keras.backend.clear_session()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    model = build()
    random_weights(model, rng)
    make_loss, make_targets = LOSSES[loss]
    smoothed = {"label_smoothing": smoothing} if smoothing else {}
    model.compile(OPTIMIZERS[optimizer](**options), make_loss(**smoothed))
    arrays = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    for step in range(STEPS):
        x = rng.normal(0, 1, (BATCH, *model.input_shape[1:])).astype(np.float32)
        if name.startswith("plain"):
            x = rng.uniform(0, 255, x.shape).astype(np.float32)
        targets = make_targets(rng.normal(0, 1, (BATCH, model.output_shape[-1])).astype(np.float32))
        result = model.train_on_batch(x, targets)
        arrays |= {f"x{step}": x, f"t{step}": targets, f"loss{step}": np.float32(result)}
        if step in (0, STEPS - 1):
            letter = "a" if step == 0 else "c"
            arrays |= {f"{letter}{i}": w for i, w in enumerate(model.get_weights())}
        model.reset_metrics()
    arrays["y"] = model.predict_on_batch(arrays["x0"])
    arrays = {key: np.asarray(value, np.float32) for key, value in arrays.items()}
    np.savez_compressed(out / f"{name}.npz", **arrays)
    (out / f"{name}.json").write_text(model.to_json() + "\n")
    return dict(loss=loss, label_smoothing=smoothing, optimizer=optimizer, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("tests/data/training"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    cases = {name: write(name, out) for name in CASES}
    (out / "options.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
