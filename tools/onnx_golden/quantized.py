"""Writes the quantised networks of tests/data/onnx, in QDQ form, what ONNX Runtime computes for
them, and a seed for the fuzzer.

    /tmp/venv/bin/python tools/onnx_golden/quantized.py

Each network is made in float32, then quantised by ONNX Runtime's quantize_static, calibrated on
random inputs. Every integer tensor is an output of the recorded run ("q:<name>" in the .npz), so
that a test can compare each of them and not just the last.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from make_golden import FOLDER, Network
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_static)


class RandomInputs(CalibrationDataReader):
    def __init__(self, session, random, count=8):
        infos = session.get_inputs()
        self.feeds = iter([{i.name: inputs_of(i, random) for i in infos} for _ in range(count)])

    def get_next(self):
        return next(self.feeds, None)


def inputs_of(info, random):
    shape = [1 if isinstance(d, str) else d for d in info.shape]
    return random.standard_normal(shape).astype(np.float32)


def run_all(model, feeds, optimised):
    """Outputs of the model, and all of its integer tensors."""
    shown = onnx.shape_inference.infer_shapes(model)
    outputs = {o.name for o in shown.graph.output}
    integers = [n.output[0] for n in shown.graph.node
                if n.op_type == "QuantizeLinear" and n.output[0] not in outputs]
    zero_points = {t.name: t.data_type for t in shown.graph.initializer}
    for node in shown.graph.node:
        if node.op_type == "QuantizeLinear" and node.output[0] in integers:
            shown.graph.output.append(
                onnx.helper.make_tensor_value_info(node.output[0], zero_points[node.input[2]], None))
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(shown.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds)))


FUZZ_FOLDER = FOLDER.parents[2] / "fuzz" / "corpus" / "onnx"


def quantise(network, outputs, activations, per_channel, symmetric=False, to=FOLDER):
    name = network.name
    with tempfile.TemporaryDirectory() as folder:
        real, path = Path(folder) / "real.onnx", to / f"{name}.onnx"
        network.write(real, *outputs)
        session = onnxruntime.InferenceSession(str(real), providers=["CPUExecutionProvider"])
        quantize_static(str(real), str(path), RandomInputs(session, network.random),
                        quant_format=QuantFormat.QDQ, activation_type=activations,
                        weight_type=QuantType.QInt8, per_channel=per_channel,
                        extra_options={"ActivationSymmetric": symmetric})
    if to != FOLDER:
        return
    model = onnx.load(path)
    feeds = {i.name: inputs_of(i, network.random) for i in session.get_inputs()}
    arrays = {f"x{i}": value for i, value in enumerate(feeds.values())}
    plain, optimised = run_all(model, feeds, False), run_all(model, feeds, True)
    for i, output in enumerate(model.graph.output):
        arrays[f"y{i}"] = plain[output.name]
    differ = total = 0
    for key, value in plain.items():
        if value.dtype == np.float32:
            continue
        arrays[f"q:{key}"] = value
        total += value.size
        differ += int(np.count_nonzero(value != optimised[key]))
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)
    print(f"{name}: {differ} of {total} integers differ between ONNX Runtime with and without its "
          "optimisations")


def qdq_residual():
    n = Network("qdq_residual", opset=13)
    x = n.input("image", [1, 3, 16, 16])
    x = n.node("Relu", n.conv(x, 3, 16, (3, 3), pads=[1] * 4))
    skip = n.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    y = n.node("Relu", n.conv(skip, 16, 16, (3, 3), pads=[1] * 4))
    y = n.conv(y, 16, 16, (3, 3), pads=[1] * 4)
    x = n.node("Relu", n.node("Add", y, skip))
    x = n.node("Flatten", n.node("GlobalAveragePool", x))
    x = n.node("Gemm", x, n.random_weights(10, 16), n.random_weights(10), transB=1)
    quantise(n, [n.node("Softmax", x, axis=1)], QuantType.QInt8, per_channel=True)


def qdq_mobile():
    n = Network("qdq_mobile", opset=13)
    x = n.input("image", [1, 3, 20, 20])
    low, high = n.constant(np.float32(0)), n.constant(np.float32(6))
    x = n.node("Clip", n.conv(x, 3, 8, (3, 3), strides=[2, 2], pads=[0, 0, 1, 1]), low, high)
    for stride in (1, 2):
        y = n.node("Clip", n.conv(x, 8, 24, (1, 1)), low, high)
        y = n.conv(y, 24, 24, (3, 3), groups=24, pads=[1] * 4, strides=[stride] * 2)
        y = n.conv(n.node("Clip", y, low, high), 24, 8, (1, 1))
        x = n.node("Add", x, y) if stride == 1 else y
    gate = n.conv(n.node("GlobalAveragePool", x), 8, 8, (1, 1))
    x = n.node("Mul", x, n.node("Sigmoid", gate))
    x = n.node("Concat", x, n.node("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4), axis=1)
    x = n.node("Reshape", x, n.ints(1, -1))
    x = n.node("MatMul", x, n.random_weights(400, 6))
    quantise(n, [n.node("Add", x, n.random_weights(6))], QuantType.QUInt8, per_channel=False)


def qdq_activations():
    n = Network("qdq_activations", opset=13)
    x = n.input("signal", [1, 4, 32])
    x = n.node("LeakyRelu", n.conv(x, 4, 8, (5,), pads=[2, 2]), alpha=0.1)
    x = n.node("Tanh", n.conv(x, 8, 8, (3,), pads=[1, 1], dilations=[1]))
    left, right = n.node("Split", x, n.ints(4, 4), outputs=2, axis=1)
    x = n.node("Concat", n.node("Sigmoid", left), n.node("HardSigmoid", right), axis=1)
    x = n.node("Transpose", x, perm=[0, 2, 1])
    x = n.node("MatMul", x, n.random_weights(8, 8))
    x = n.node("Sub", x, n.node("Slice", x, n.ints(0), n.ints(1), n.ints(1)))
    x = n.node("Pad", x, n.ints(0, 1, 0, 0, 0, 0))
    quantise(n, [n.node("ReduceMean", x, axes=[1], keepdims=0)], QuantType.QInt8,
             per_channel=False, symmetric=True)


def fuzzer_seed():
    """A few QDQ nodes, small enough for a fuzzer to see through."""
    n = Network("qdq_seed", opset=13)
    x = n.input("x", [1, 2, 4, 4])
    x = n.node("Relu", n.conv(x, 2, 2, (3, 3), pads=[1] * 4))
    x = n.node("Add", n.node("MaxPool", x, kernel_shape=[1, 1]), x)
    x = n.node("Flatten", n.node("GlobalAveragePool", x))
    x = n.node("Gemm", x, n.random_weights(2, 2), n.random_weights(2))
    quantise(n, [x], QuantType.QInt8, per_channel=True, to=FUZZ_FOLDER)


if __name__ == "__main__":
    fuzzer_seed()
    for build in (qdq_residual, qdq_mobile, qdq_activations):
        build()
