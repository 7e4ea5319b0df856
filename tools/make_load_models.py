#!/usr/bin/env python3
"""Writes models of about 1 MB and 100 MB in every format, with random weights, for load_bench.

    tools/make_load_models.py FOLDER [--without-tflite]

conv_*: convolutions of one width, as many as the size asks for (the small ones in 8 layers);
resnet50: of keras.applications. Versions: tools/requirements.txt and onnx from PyPI.
"""

import argparse
import os
import pathlib

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import onnx
from onnx import TensorProto, helper

# Name, filters of a layer, number of layers: 9 * filters^2 * layers * 4 bytes.
SIZES = [("conv_1mb", 58, 8), ("conv_100mb", 512, 11)]


def write_onnx(path, filters, layers):
    rng = np.random.default_rng(1)
    nodes, weights, last = [], [], "x"
    for i in range(layers):
        channels = 3 if i == 0 else filters
        kernel = rng.standard_normal((filters, channels, 3, 3), dtype=np.float32) * 0.02
        weights.append(onnx.numpy_helper.from_array(kernel, f"w{i}"))
        weights.append(onnx.numpy_helper.from_array(np.zeros(filters, np.float32), f"b{i}"))
        nodes.append(helper.make_node("Conv", [last, f"w{i}", f"b{i}"], [f"c{i}"],
                                      kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        last = f"r{i}"
    shape = lambda channels: [1, channels, 8, 8]
    graph = helper.make_graph(
        nodes, "conv", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape(3))],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape(filters))], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)


def keras_conv(keras, filters, layers):
    stack = [keras.layers.Input((8, 8, 3))]
    stack += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu")
              for _ in range(layers)]
    return keras.Sequential(stack)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--without-tflite", action="store_true",
                        help="needs no TensorFlow: Keras on numpy")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, filters, layers in SIZES:
        write_onnx(arguments.folder / f"{name}.onnx", filters, layers)
    if arguments.without_tflite:
        os.environ["KERAS_BACKEND"] = "numpy"
    import keras
    models = [(name, keras_conv(keras, filters, layers)) for name, filters, layers in SIZES]
    models.append(("resnet50", keras.applications.ResNet50(weights=None)))
    for name, model in models:
        model.save(arguments.folder / f"{name}.keras")
        model.save(arguments.folder / f"{name}.h5")
        if not arguments.without_tflite:
            import tensorflow as tf
            converter = tf.lite.TFLiteConverter.from_keras_model(model)
            (arguments.folder / f"{name}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
