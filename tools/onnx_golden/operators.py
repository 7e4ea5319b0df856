"""Writes the networks of tests/data/onnx that are named op_*: operators and forms of files that the
format's own tests do not have, and what ONNX Runtime computes for them.

    /tmp/venv/bin/python tools/onnx_golden/operators.py
"""

import numpy as np
import onnx
import onnxruntime
from make_golden import FOLDER, Network
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"


def fused(n, kind, *inputs, **options):
    return n.node(kind, *inputs, domain=MICROSOFT, **options)


def indexing():
    n = Network("op_indexing")
    x = n.input("x", [2, 5, 3])
    picked = n.node("GatherElements", x, n.constant(np.array([[[4, 0, -1]], [[1, 2, 3]]])), axis=1)
    rows = n.node("GatherND", x, n.constant(np.array([[0, 1], [1, -1], [1, 0]])))
    updates = n.node("Neg", n.node("Slice", x, n.ints(0), n.ints(2), n.ints(1)))
    there = n.constant(np.array([[[4] * 3, [0] * 3]] * 2))
    scattered = n.node("ScatterElements", x, there, updates, axis=1)
    replaced = n.node("ScatterND", x, n.constant(np.array([[[0, 3]], [[1, 2]]])),
                      n.node("Slice", updates, n.ints(0), n.ints(1), n.ints(1)))
    values, places = n.node("TopK", x, n.ints(3), axis=1, outputs=2)
    least, _ = n.node("TopK", x, n.ints(2), axis=-1, largest=0, outputs=2)
    n.save(picked, rows, scattered, replaced, values, places, least)


def old_scatter():
    n = Network("op_old_scatter", opset=10)
    x = n.input("x", [3, 4])
    n.save(n.node("Scatter", x, n.constant(np.array([[2, 0, 1, 2]])), n.random_weights(1, 4)))


def einsum():
    n = Network("op_einsum")
    a, b = n.input("a", [2, 3, 4]), n.input("b", [2, 4, 5])
    w = n.random_weights(4, 6)
    outputs = [n.node("Einsum", *inputs, equation=equation) for equation, inputs in (
        ("bij,bjk->bik", (a, b)), ("bij, jo -> bio", (a, w)), ("bij->jb", (a,)),
        ("bij,bjk", (a, b)), ("bij,bjk,jo->ko", (a, b, w)), ("bij,bil->b", (a, a)))]
    n.save(*outputs)


def pooling():
    n = Network("op_pooling", opset=18)
    x = n.input("x", [1, 2, 8, 9])
    outputs = []
    for kernel, stride, pads in (((3, 3), (2, 2), [1, 1, 1, 1]), ((2, 3), (3, 2), [0, 1, 1, 0])):
        options = dict(kernel_shape=kernel, strides=stride, pads=pads, ceil_mode=1)
        outputs.append(n.node("AveragePool", x, count_include_pad=1, **options))
        outputs.append(n.node("AveragePool", x, **options))
        outputs.append(n.node("LpPool", x, p=2, **options))
    outputs.append(n.node("LpPool", x, p=1, kernel_shape=[2, 2]))
    n.save(*outputs)


def resizing():
    n = Network("op_resizing", opset=19)
    x = n.input("x", [1, 2, 7, 6])
    none = n.constant(np.zeros(0, np.float32))
    outputs = []
    for sizes, options in (
            ((1, 2, 11, 9), dict(mode="cubic")),
            ((1, 2, 4, 9), dict(mode="cubic", coordinate_transformation_mode="align_corners")),
            ((1, 2, 5, 13), dict(mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1)),
            ((1, 2, 3, 4), dict(mode="linear", antialias=1)),
            ((1, 2, 4, 3), dict(mode="cubic", antialias=1)),
            ((1, 2, 9, 4), dict(mode="linear", coordinate_transformation_mode="half_pixel_symmetric"))):
        outputs.append(n.node("Resize", x, none, none, n.ints(*sizes), **options))
    outputs.append(n.node("Pad", x, n.ints(0, 0, 2, 9, 0, 0, -1, 3), mode="wrap"))
    n.save(*outputs)


def normalisation():
    n = Network("op_normalisation", opset=23, ir_version=11)
    x = n.input("x", [2, 3, 8])
    n.save(n.node("RMSNormalization", x, n.random_weights(8), axis=-1, epsilon=1e-4))


def simplified():
    n = Network("op_simplified")
    x = n.input("x", [2, 3, 8])
    y = n.node("SimplifiedLayerNormalization", x, n.random_weights(8), axis=-1)
    w = n.random_weights(8)
    z = fused(n, "SkipSimplifiedLayerNormalization", x, y, w, epsilon=1e-5)
    n.save(y, z)


def fusions():
    n = Network("op_fusions")
    image = n.input("image", [1, 3, 6, 6])
    tokens = n.input("tokens", [2, 4, 8])
    y = fused(n, "FusedConv", image, n.random_weights(3, 3, 3, 3), n.random_weights(3), image,
              pads=[1] * 4, activation="Relu")
    z = fused(n, "FusedConv", image, n.random_weights(4, 3, 1, 1), activation="LeakyRelu",
              activation_params=[0.2])
    flat = n.node("Flatten", z)
    g = fused(n, "FusedGemm", flat, n.random_weights(5, 144), n.random_weights(5), transB=1,
              activation="Tanh")
    m = fused(n, "FusedMatMul", tokens, n.random_weights(6, 8), transB=1, alpha=0.5)
    q = fused(n, "FusedMatMul", tokens, tokens, transB=1, alpha=0.25)
    b = fused(n, "BiasGelu", tokens, n.random_weights(8))
    f = fused(n, "FastGelu", b, n.random_weights(8))
    e = fused(n, "Gelu", f)
    u = fused(n, "QuickGelu", e)
    s, _, _, total = fused(n, "SkipLayerNormalization", u, tokens, n.random_weights(8),
                           n.random_weights(8), n.random_weights(8), outputs=4)
    for node in n.nodes:
        if node.op_type == "SkipLayerNormalization":
            node.output[1] = node.output[2] = ""
    n.save(y, g, m, q, s, total)


def stored(n, low, high, dtype=np.uint8):
    """Scale and zero point for a range."""
    scale = np.float32((high - low) / 255)
    least = np.iinfo(dtype).min
    return n.constant(scale), n.constant(np.asarray(round(least - low / scale), dtype))


def operators_on_integers():
    n = Network("op_integers")
    x = n.input("x", [1, 4, 6, 6])
    a, b, unit = stored(n, -4, 4), stored(n, -6, 5), (n.constant(np.float32(1 / 256)),
                                                     n.constant(np.uint8(0)))
    q = fused(n, "QuantizeLinear", x, *a)
    y = fused(n, "QLinearLeakyRelu", q, *a, *b, alpha=0.2)
    s = fused(n, "QLinearSigmoid", q, *a, *unit)
    p = fused(n, "QLinearMul", y, *b, s, *unit, *a)
    t = fused(n, "QLinearAdd", p, *a, q, *a, *b)
    c = fused(n, "QLinearConcat", *b, t, *b, p, *a, axis=1)
    w = fused(n, "QLinearWhere", n.constant(np.tile([True, False, True], 2)), t, *b, p, *a, *b)
    v = fused(n, "QLinearAveragePool", c, *b, *a, kernel_shape=[3, 3], strides=[2, 2],
              pads=[1] * 4, count_include_pad=1)
    g = fused(n, "QLinearGlobalAveragePool", v, *a, *a)
    f = n.node("Flatten", g)
    weights = n.constant(n.random.integers(-99, 99, (5, 8)).astype(np.int8))
    scales = n.constant(n.random.uniform(0.005, 0.01, 5).astype(np.float32))
    bias = n.constant(n.random.integers(-500, 500, 5).astype(np.int32))
    d = fused(n, "QGemm", f, *a, weights, scales, n.constant(np.zeros(5, np.int8)), bias, *b,
              transB=1)
    o = fused(n, "QLinearSoftmax", d, *b, *unit, axis=1, opset=13)
    real = fused(n, "QGemm", f, *a, weights, scales, n.constant(np.zeros(5, np.int8)), bias,
                 transB=1)
    n.save(fused(n, "DequantizeLinear", o, *unit), real, w)


def dynamic_integers():
    n = Network("op_dynamic_integers")
    x = n.input("x", [3, 6])
    weights = n.constant(n.random.integers(-99, 99, (6, 4)).astype(np.int8))
    scale = n.constant(np.float32(0.01))
    y = fused(n, "DynamicQuantizeMatMul", x, weights, scale, n.constant(np.int8(3)),
              n.random_weights(4))
    q, of_q, zero = n.node("DynamicQuantizeLinear", x, outputs=3)
    z = fused(n, "MatMulIntegerToFloat", q, weights, of_q, scale, zero, n.constant(np.int8(0)),
              n.random_weights(4))
    nothing = n.node("Mul", x, n.constant(np.float32(0)))
    flat, of_flat, _ = n.node("DynamicQuantizeLinear", nothing, outputs=3)
    n.save(y, z, flat, of_flat)


def half(name, casts):
    """float16 in and out, or float32 around it; the casts at the end of the file, as converters put
    them."""
    n = Network(name)
    real, half_type = TensorProto.FLOAT, TensorProto.FLOAT16
    x = n.input("x", [1, 3, 8, 8], real if casts else half_type)

    def weights(*shape):
        return n.constant((n.random.standard_normal(shape) * 0.3).astype(np.float16))

    inside = "x_half" if casts else x
    y = n.node("Relu", n.node("Conv", inside, weights(4, 3, 3, 3), weights(4), pads=[1] * 4))
    wide = n.node("Cast", y, to=real)
    y = n.node("Cast", n.node("Softplus", wide), to=half_type)
    y = n.node("Clip", y, n.constant(np.float16(0.1)), n.constant(np.float16(3)))
    y = n.node("GlobalAveragePool", y)
    y = n.node("Gemm", n.node("Flatten", y), weights(4, 5), weights(5))
    # Beyond the range of float16, where the file says so.
    far = n.node("Cast", n.constant(np.array([[1e5, -1e6, 1, 2049, 1e-9]], np.float32)),
                 to=half_type)
    far = n.node("CastLike", n.node("Cast", far, to=real), y)
    if casts:
        n.nodes.append(helper.make_node("Cast", [x], ["x_half"], name="late", to=half_type))
        y, far = n.node("Cast", y, to=real), n.node("Cast", far, to=real)
    infos = [helper.make_tensor_value_info(o, real if casts else half_type, [1, 5])
             for o in (y, far)]
    graph = helper.make_graph(n.nodes, name, n.inputs, infos, n.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name="tinysplit")
    onnx.save(model, FOLDER / f"{name}.onnx")
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    value = n.random.standard_normal((1, 3, 8, 8)).astype(np.float32 if casts else np.float16)
    found = session.run(None, {"x": value})
    np.savez(FOLDER / f"{name}.npz", x0=value, y0=found[0], y1=found[1])


def branches():
    """An If over a shape, and a function of the model's own."""
    n = Network("op_branches", opset=18)
    x = n.input("x", [1, 3, 1, 4])
    size = n.node("Gather", n.node("Shape", x), n.ints(2))
    is_one = n.node("Equal", size, n.ints(1))

    def branch(kind):
        node = helper.make_node(kind, [x] + (["axis"] if kind == "Squeeze" else []), ["chosen"])
        axis = [numpy_helper.from_array(np.array([2]), "axis")] if kind == "Squeeze" else []
        return helper.make_graph([node], kind, [], [helper.make_empty_tensor_value_info("chosen")],
                                 axis)

    y = n.node("If", is_one, then_branch=branch("Squeeze"), else_branch=branch("Neg"))
    n.save(n.node("Exp", y))


if __name__ == "__main__":
    for build in (indexing, old_scatter, einsum, pooling, resizing, normalisation, simplified,
                  fusions, operators_on_integers, dynamic_integers, branches):
        build()
        print(build.__name__)
    half("op_half", False)
    half("op_half_inside", True)
