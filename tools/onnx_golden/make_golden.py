"""Writes tests/data/onnx: small networks and what ONNX Runtime computes for them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r tools/onnx_golden/requirements.txt
    /tmp/venv/bin/python tools/onnx_golden/make_golden.py

The networks are built node by node, as exporters write them, with seeded random weights.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "data" / "onnx"


class Network:
    def __init__(self, name, opset=17, ir_version=8):
        self.name, self.opset, self.ir_version = name, opset, ir_version
        self.random = np.random.default_rng(sum(name.encode()))
        self.nodes, self.weights, self.inputs, self.outputs, self.count = [], [], [], [], 0

    def input(self, name, shape, dtype=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def constant(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def random_weights(self, *shape, scale=0.3):
        return self.constant((self.random.standard_normal(shape) * scale).astype(np.float32))

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def node(self, kind, *inputs, outputs=1, **attributes):
        self.count += 1
        names = [f"{kind.lower()}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(
            helper.make_node(kind, inputs, names, name=f"/{kind}_{self.count}", **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, channels, filters, size, groups=1, bias=True, **attributes):
        inputs = [x, self.random_weights(filters, channels // groups, *size)]
        if bias:
            inputs.append(self.random_weights(filters))
        return self.node("Conv", *inputs, group=groups, **attributes)

    def batch_norm(self, x, channels):
        scale = self.constant(self.random.uniform(0.5, 1.5, channels).astype(np.float32))
        variance = self.constant(self.random.uniform(0.5, 1.5, channels).astype(np.float32))
        return self.node("BatchNormalization", x, scale, self.random_weights(channels),
                         self.random_weights(channels), variance)

    def write(self, path, *outputs):
        infos = [helper.make_empty_tensor_value_info(name) for name in outputs]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, infos, self.weights)
        imports = [helper.make_opsetid("", self.opset)]
        if any(node.domain for node in self.nodes):
            imports.append(helper.make_opsetid("com.microsoft", 1))
        model = helper.make_model(graph, opset_imports=imports, producer_name="tinysplit",
                                  ir_version=self.ir_version)
        onnx.save(model, path)
        return model

    def save(self, *outputs):
        model = self.write(FOLDER / f"{self.name}.onnx", *outputs)
        session = onnxruntime.InferenceSession(model.SerializeToString(),
                                               providers=["CPUExecutionProvider"])
        feeds = {}
        for info in session.get_inputs():
            shape = [1 if isinstance(d, str) else d for d in info.shape]
            if info.type == "tensor(int64)":
                feeds[info.name] = self.random.integers(0, 10, shape)
            else:
                feeds[info.name] = self.random.standard_normal(shape).astype(np.float32)
        arrays = {f"x{i}": value for i, value in enumerate(feeds.values())}
        for i, value in enumerate(session.run(None, feeds)):
            arrays[f"y{i}"] = value
        np.savez(FOLDER / f"{self.name}.npz", **arrays)


def residual_cnn():
    n = Network("residual_cnn")
    x = n.input("image", ["batch", 3, 16, 16])
    x = n.node("Relu", n.batch_norm(n.conv(x, 3, 8, (3, 3), pads=[1] * 4, bias=False), 8))
    pooled = n.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    y = n.node("Relu", n.conv(pooled, 8, 8, (3, 3), pads=[1] * 4))
    y = n.batch_norm(n.conv(y, 8, 8, (3, 3), pads=[1] * 4, bias=False), 8)
    x = n.node("Relu", n.node("Add", y, pooled))
    x = n.node("Flatten", n.node("GlobalAveragePool", x))
    x = n.node("Gemm", x, n.random_weights(10, 8), n.random_weights(10), transB=1)
    n.save(n.node("Softmax", x, axis=1))


def mobile_cnn():
    n = Network("mobile_cnn", opset=13)
    x = n.input("image", [1, 3, 16, 16])
    low, high = n.constant(np.float32(0)), n.constant(np.float32(6))
    x = n.node("Clip", n.conv(x, 3, 8, (3, 3), strides=[2, 2], pads=[0, 0, 1, 1]), low, high)
    y = n.node("Clip", n.conv(x, 8, 8, (3, 3), groups=8, pads=[1] * 4), low, high)
    y = n.conv(y, 8, 8, (1, 1))
    x = n.node("Add", x, y)
    squeezed = n.node("ReduceMean", x, axes=[2, 3], keepdims=1)
    gate = n.node("HardSigmoid", n.conv(squeezed, 8, 8, (1, 1)), alpha=1 / 6)
    x = n.node("Mul", x, gate)
    x = n.node("Concat", x, n.node("HardSwish", x) if n.opset > 13 else n.node("Sigmoid", x), axis=1)
    x = n.node("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4,
               count_include_pad=1)
    shape = n.node("Concat", n.node("Slice", n.node("Shape", x), n.ints(0), n.ints(1)),
                   n.ints(-1), axis=0)
    x = n.node("Reshape", x, shape)
    n.save(n.node("MatMul", x, n.random_weights(256, 5)))


def segmentation():
    n = Network("segmentation")
    x = n.input("image", [1, 2, 12, 10])
    skip = n.node("LeakyRelu", n.conv(x, 2, 4, (3, 3), pads=[2] * 4, dilations=[2, 2]), alpha=0.2)
    x = n.node("MaxPool", skip, kernel_shape=[2, 2], strides=[2, 2])
    x = n.node("PRelu", n.conv(x, 4, 6, (3, 3), pads=[1] * 4), n.random_weights(6, 1, 1))
    up = n.node("ConvTranspose", x, n.random_weights(6, 4, 2, 2), n.random_weights(4),
                strides=[2, 2])
    wide = n.node("Resize", n.conv(x, 6, 4, (1, 1)), "", n.constant(
        np.array([1, 1, 2, 2], np.float32)), mode="linear",
        coordinate_transformation_mode="half_pixel")
    x = n.node("Concat", up, skip, wide, axis=1)
    x = n.node("Pad", x, n.ints(0, 0, 1, 0, 0, 0, 0, 1))
    x = n.node("InstanceNormalization", n.conv(x, 12, 3, (1, 1)), n.random_weights(3),
               n.random_weights(3))
    n.save(n.node("Softmax", x, axis=1), n.node("ArgMax", x, axis=1, keepdims=0))


def keyword_rnn():
    n = Network("keyword_rnn")
    x = n.input("frames", [1, 6, 20])
    x = n.node("Relu", n.conv(x, 6, 8, (3,), pads=[1, 1], strides=[2]))
    x = n.node("Transpose", x, perm=[2, 0, 1])
    y, _, _ = n.node("LSTM", x, n.random_weights(2, 20, 8), n.random_weights(2, 20, 5),
                     n.random_weights(2, 40), outputs=3, hidden_size=5, direction="bidirectional")
    y = n.node("Transpose", y, perm=[0, 2, 1, 3])
    y = n.node("Reshape", y, n.ints(0, 0, -1))
    _, state = n.node("GRU", y, n.random_weights(1, 12, 10), n.random_weights(1, 12, 4),
                      n.random_weights(1, 24), outputs=2, hidden_size=4, linear_before_reset=1)
    x = n.node("Squeeze", state, n.ints(0))
    n.save(n.node("Gemm", x, n.random_weights(4, 3), n.random_weights(3)))


def attention():
    n = Network("attention")
    tokens = n.input("tokens", ["batch", 7], TensorProto.INT64)
    x = n.node("Gather", n.random_weights(10, 8), tokens)
    x = n.node("Add", x, n.random_weights(1, 7, 8))
    y = n.node("LayerNormalization", x, n.random_weights(8), n.random_weights(8), axis=-1)

    def heads(kind_perm):
        h = n.node("Add", n.node("MatMul", y, n.random_weights(8, 8)), n.random_weights(8))
        return n.node("Transpose", n.node("Reshape", h, n.ints(0, 0, 2, 4)), perm=kind_perm)

    q, k, v = heads([0, 2, 1, 3]), heads([0, 2, 3, 1]), heads([0, 2, 1, 3])
    scores = n.node("Div", n.node("MatMul", q, k), n.constant(np.float32(2)))
    y = n.node("MatMul", n.node("Softmax", scores, axis=-1), v)
    y = n.node("Reshape", n.node("Transpose", y, perm=[0, 2, 1, 3]), n.ints(0, 0, 8))
    x = n.node("Add", x, n.node("MatMul", y, n.random_weights(8, 8)))
    # Layer normalisation and GELU as exporters of older operator sets spell them out.
    centred = n.node("Sub", x, n.node("ReduceMean", x, axes=[-1]))
    variance = n.node("ReduceMean", n.node("Pow", centred, n.constant(np.float32(2))), axes=[-1])
    deviation = n.node("Sqrt", n.node("Add", variance, n.constant(np.float32(1e-5))))
    y = n.node("Mul", n.node("Div", centred, deviation), n.random_weights(8))
    y = n.node("MatMul", y, n.random_weights(8, 16))
    gate = n.node("Add", n.node("Erf", n.node("Div", y, n.constant(np.float32(2**0.5)))),
                  n.constant(np.float32(1)))
    y = n.node("Mul", n.node("Mul", y, gate), n.constant(np.float32(0.5)))
    x = n.node("Add", x, n.node("MatMul", y, n.random_weights(16, 8)))
    n.save(n.node("ReduceMean", x, axes=[1], keepdims=0))


def split_shuffle():
    n = Network("split_shuffle", opset=11)
    x = n.input("image", [1, 8, 6, 6])
    left, right = n.node("Split", x, axis=1, outputs=2)
    right = n.node("Relu", n.conv(right, 4, 4, (3, 3), groups=2, pads=[1] * 4))
    x = n.node("Concat", left, right, axis=1)
    x = n.node("Reshape", x, n.ints(1, 2, 4, 6, 6))
    x = n.node("Reshape", n.node("Transpose", x, perm=[0, 2, 1, 3, 4]), n.ints(1, 8, 6, 6))
    x = n.node("DepthToSpace", x, blocksize=2, mode="CRD")
    x = n.node("Slice", x, n.ints(0, 11), n.ints(12, 0), n.ints(2, 3), n.ints(2, -1))
    n.save(n.node("Tanh", x))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for build in (residual_cnn, mobile_cnn, segmentation, keyword_rnn, attention, split_shuffle):
        build()
        print(build.__name__)
    (FOLDER / "README.md").write_text(
        "# ONNX models and their outputs\n\n"
        "Written by `tools/onnx_golden/make_golden.py` and, `op_*`, by `operators.py` beside it: small\n"
        "networks with random weights, and in the `.npz` beside each its inputs (`x0`, ...) and what ONNX Runtime computed (`y0`, ...).\n\n"
        f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, "
        f"numpy {np.__version__}.\n")
