"""Models of single operators over their options, float32. A function makes one file."""

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from .builder import Model, Quant

ACT = schema.ActivationFunctionType
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


def _rng(seed):
    return np.random.default_rng(seed)


def _normal(seed, *shape, scale=1.0):
    return (_rng(seed).normal(0, scale, shape)).astype(np.float32)


def convolutions():
    m = Model()
    x = m.input((1, 7, 8, 4))
    cases = [  # padding, (sh, sw), (dh, dw), (kh, kw), input channels of a filter, activation
        (SAME, (1, 1), (1, 1), (3, 3), 4, ACT.NONE),
        (VALID, (2, 1), (1, 1), (2, 3), 4, ACT.RELU),
        (SAME, (2, 3), (1, 1), (3, 2), 4, ACT.RELU6),
        (SAME, (1, 1), (2, 1), (3, 3), 4, ACT.RELU_N1_TO_1),
        (VALID, (1, 1), (2, 2), (3, 3), 4, ACT.NONE),
        (SAME, (3, 3), (1, 1), (1, 1), 4, ACT.NONE),
        (SAME, (1, 1), (1, 1), (3, 3), 2, ACT.RELU),
    ]
    for i, (padding, stride, dilation, size, channels, act) in enumerate(cases):
        kernel = m.constant(_normal(i, 6, *size, channels, scale=0.3))
        inputs = [x, kernel, m.constant(_normal(50 + i, 6))]
        y = m.tensor((1, 1, 1, 6))
        m.op("CONV_2D", inputs, [y], "Conv2DOptions", padding=padding, strideH=stride[0],
             strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
             fusedActivationFunction=act)
        m.output(y)
    return m


def depthwise_convolutions():
    m = Model()
    x = m.input((1, 7, 6, 3))
    for i, (padding, stride, dilation, multiplier, act) in enumerate([
            (SAME, 1, (1, 1), 1, ACT.NONE), (VALID, 2, (1, 1), 1, ACT.RELU),
            (SAME, 2, (1, 1), 2, ACT.RELU6), (SAME, 1, (2, 2), 3, ACT.RELU_N1_TO_1)]):
        channels = 3 * multiplier
        kernel = m.constant(_normal(i, 1, 3, 2, channels, scale=0.5))
        y = m.tensor((1, 1, 1, channels))
        m.op("DEPTHWISE_CONV_2D", [x, kernel, m.constant(_normal(9 + i, channels))], [y],
             "DepthwiseConv2DOptions", padding=padding, strideH=stride, strideW=stride,
             depthMultiplier=multiplier, dilationHFactor=dilation[0],
             dilationWFactor=dilation[1], fusedActivationFunction=act)
        m.output(y)
    return m


def transposed_convolutions():
    m = Model()
    x = m.input((1, 4, 5, 3))
    for i, (padding, stride, size, out, bias) in enumerate([
            (SAME, (2, 2), (3, 3), (8, 10), True), (VALID, (2, 2), (3, 3), (9, 11), False),
            (SAME, (1, 1), (2, 3), (4, 5), True), (SAME, (2, 2), (3, 3), (7, 9), True),
            (VALID, (3, 2), (2, 2), (11, 10), True), (VALID, (3, 3), (2, 2), (12, 15), False)]):
        kernel = m.constant(_normal(i, 4, *size, 3, scale=0.4))
        inputs = [m.integers(1, *out, 4), kernel, x]
        if bias:
            inputs.append(m.constant(_normal(20 + i, 4)))
        y = m.tensor((1, *out, 4))
        m.op("TRANSPOSE_CONV", inputs, [y], "TransposeConvOptions", padding=padding,
             strideH=stride[0], strideW=stride[1])
        m.output(y)
    return m


def fully_connected():
    m = Model()
    x = m.input((1, 3, 2, 4))
    for i, (features, keeps, act, bias) in enumerate([
            (4, False, ACT.NONE, True), (24, False, ACT.RELU, True), (4, True, ACT.RELU6, True),
            (12, False, ACT.NONE, False), (24, False, ACT.RELU_N1_TO_1, False)]):
        kernel = m.constant(_normal(i, 5, features, scale=0.2))
        y = m.tensor((1, 5))
        m.op("FULLY_CONNECTED", [x, kernel] + ([m.constant(_normal(30 + i, 5))] if bias else []),
             [y], "FullyConnectedOptions", keepNumDims=keeps, fusedActivationFunction=act)
        m.output(y)
    a, b = m.input((2, 3, 4)), m.input((2, 4, 5))
    for adj_x, adj_y in [(False, False), (True, False), (False, True)]:
        left = m.constant(_normal(40, 2, 4, 3)) if adj_x else a
        right = m.constant(_normal(41, 2, 5, 4)) if adj_y else b
        y = m.tensor((2, 3, 5))
        m.op("BATCH_MATMUL", [left, right], [y], "BatchMatMulOptions", adjX=adj_x, adjY=adj_y)
        m.output(y)
    return m


def pooling():
    m = Model()
    x = m.input((1, 7, 6, 3))
    for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        for padding, size, stride, act in [(VALID, (2, 2), (2, 2), ACT.NONE),
                                           (SAME, (3, 2), (2, 1), ACT.RELU),
                                           (SAME, (3, 3), (1, 1), ACT.RELU_N1_TO_1),
                                           (VALID, (7, 6), (1, 1), ACT.NONE)]:
            y = m.tensor((1, 1, 1, 3))
            m.op(name, [x], [y], "Pool2DOptions", padding=padding, filterHeight=size[0],
                 filterWidth=size[1], strideH=stride[0], strideW=stride[1],
                 fusedActivationFunction=act)
            m.output(y)
    return m


def resizing():
    m = Model()
    x = m.input((1, 4, 5, 2))
    for name, options in (("RESIZE_BILINEAR", "ResizeBilinearOptions"),
                          ("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions")):
        for size in ((8, 10), (3, 7), (1, 1)):
            for align, half in ((False, False), (True, False), (False, True)):
                y = m.tensor((1, *size, 2))
                m.op(name, [x, m.integers(*size)], [y], options, alignCorners=align,
                     halfPixelCenters=half)
                m.output(y)
    return m


def arithmetic():
    m = Model()
    a = m.input((1, 3, 4, 2))
    b = m.input((1, 3, 4, 2))
    row = m.constant(_normal(1, 2) + 3)
    column = m.constant(_normal(2, 3, 1, 1) - 3)
    number = m.scalar(0.7, np.float32)
    for name in ("ADD", "SUB", "MUL", "DIV"):
        for other, act in ((b, ACT.NONE), (row, ACT.RELU), (column, ACT.RELU6),
                           (number, ACT.RELU_N1_TO_1)):
            y = m.tensor((1, 3, 4, 2))
            m.op(name, [a, other], [y], name.title() + "Options", fusedActivationFunction=act)
            m.output(y)
    for name, options in (("MAXIMUM", "MaximumMinimumOptions"),
                          ("MINIMUM", "MaximumMinimumOptions"),
                          ("SQUARED_DIFFERENCE", "SquaredDifferenceOptions")):
        for other in (b, row):
            y = m.tensor((1, 3, 4, 2))
            m.op(name, [a, other], [y], options)
            m.output(y)
    return m


def elementwise():
    m = Model()
    x = m.input((1, 4, 5))
    positive = m.tensor((1, 4, 5))
    m.op("ABS", [x], [positive], "AbsOptions")
    m.output(positive)
    raised = m.tensor((1, 4, 5))
    m.op("ADD", [positive, m.scalar(0.1, np.float32)], [raised], "AddOptions")
    for name, options, source in (
            ("NEG", "NegOptions", x), ("SQUARE", "SquareOptions", x), ("EXP", "ExpOptions", x),
            ("SIN", None, x), ("COS", "CosOptions", x), ("FLOOR", None, x),
            ("SQRT", None, raised), ("RSQRT", None, raised),
            ("LOG", None, raised), ("SIGN", "SignOptions", x)):
        y = m.tensor((1, 4, 5))
        m.op(name, [source], [y], options)
        m.output(y)
    y = m.tensor((1, 4, 5))
    m.op("POW", [raised, m.scalar(1.5, np.float32)], [y], "PowOptions")
    m.output(y)
    for name in ("FLOOR_DIV", "FLOOR_MOD"):
        y = m.tensor((1, 4, 5))
        m.op(name, [x, raised], [y], name.title().replace("_", "") + "Options")
        m.output(y)
    return m


def comparisons():
    m = Model()
    a, b = m.input((1, 3, 4)), m.input((1, 3, 4))
    flags = []
    for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
        y = m.tensor((1, 3, 4), np.bool_)
        m.op(name, [a, b], [y], name.title().replace("_", "") + "Options")
        flags.append(y)
    both, either, neither = (m.tensor((1, 3, 4), np.bool_) for _ in range(3))
    m.op("LOGICAL_AND", flags[1:3], [both], "LogicalAndOptions")
    m.op("LOGICAL_OR", [flags[0], flags[4]], [either], "LogicalOrOptions")
    m.op("LOGICAL_NOT", [both], [neither], "LogicalNotOptions")
    chosen, chosen_too = m.tensor((1, 3, 4)), m.tensor((1, 3, 4))
    m.op("SELECT", [neither, a, b], [chosen], "SelectOptions")
    m.op("SELECT_V2", [either, a, m.constant(_normal(3, 4))], [chosen_too], "SelectV2Options")
    whole, real = m.tensor((1, 3, 4), np.int32), m.tensor((1, 3, 4))
    m.op("CAST", [a], [whole], "CastOptions", outDataType=schema.TensorType.INT32)
    m.op("CAST", [whole], [real], "CastOptions", inDataType=schema.TensorType.INT32)
    m.output(*flags, both, either, neither, chosen, chosen_too, whole, real)
    return m


def activations():
    m = Model()
    x = m.input((1, 5, 8))
    for name, options, fields in (
            ("RELU", None, {}), ("RELU6", None, {}), ("RELU_N1_TO_1", None, {}),
            ("LOGISTIC", None, {}), ("TANH", None, {}),
            ("HARD_SWISH", "HardSwishOptions", {}), ("GELU", "GeluOptions", {}),
            ("GELU", "GeluOptions", {"approximate": True}),
            ("LEAKY_RELU", "LeakyReluOptions", {"alpha": 0.2}),
            ("SOFTMAX", "SoftmaxOptions", {"beta": 1.0}),
            ("SOFTMAX", "SoftmaxOptions", {"beta": 0.5}),
            ("LOG_SOFTMAX", "LogSoftmaxOptions", {}),
            ("L2_NORMALIZATION", "L2NormOptions", {})):
        y = m.tensor((1, 5, 8))
        m.op(name, [x], [y], options, **fields)
        m.output(y)
    y = m.tensor((1, 5, 8))
    m.op("PRELU", [x, m.constant(_normal(4, 1, 8))], [y])
    m.output(y)
    return m


def reductions():
    m = Model()
    x = m.input((1, 4, 5, 3))
    for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        for axes, keeps in (((1, 2), False), ((1, 2), True), ((-1,), False), ((0, 3), True)):
            y = m.tensor((1,))
            m.op(name, [x, m.integers(*axes)], [y], "ReducerOptions", keepDims=keeps)
            m.output(y)
    for name, options in (("ARG_MAX", "ArgMaxOptions"), ("ARG_MIN", "ArgMinOptions")):
        for axis, dtype in ((-1, np.int32), (1, np.int64)):
            y = m.tensor((1,), dtype)
            m.op(name, [x, m.scalar(axis)], [y], options,
                 outputType=schema.TensorType.INT32 if dtype == np.int32
                 else schema.TensorType.INT64)
            m.output(y)
    for exclusive, reverse in ((False, False), (True, True)):
        y = m.tensor((1, 4, 5, 3))
        m.op("CUMSUM", [x, m.scalar(2)], [y], "CumsumOptions", exclusive=exclusive,
             reverse=reverse)
        m.output(y)
    return m


def shapes():
    m = Model()
    x = m.input((1, 4, 1, 6))

    def out(name, inputs, options=None, **fields):
        y = m.tensor((1,))
        m.op(name, inputs, [y], options, **fields)
        m.output(y)
        return y

    out("RESHAPE", [x, m.integers(2, -1, 3)], "ReshapeOptions", newShape=[2, 4, 3])
    out("SQUEEZE", [x], "SqueezeOptions", squeezeDims=[-2])
    out("SQUEEZE", [x], "SqueezeOptions", squeezeDims=[])
    out("EXPAND_DIMS", [x, m.scalar(-1)], "ExpandDimsOptions")
    out("EXPAND_DIMS", [x, m.scalar(1)], "ExpandDimsOptions")
    out("TRANSPOSE", [x, m.integers(3, 0, 1, 2)], "TransposeOptions")
    out("TILE", [x, m.integers(2, 1, 3, 1)], "TileOptions")
    out("BROADCAST_TO", [x, m.integers(2, 4, 3, 6)], "BroadcastToOptions")
    out("REVERSE_V2", [x, m.integers(1)], "ReverseV2Options")
    out("CONCATENATION", [x, x, m.constant(_normal(5, 1, 4, 1, 2))], "ConcatenationOptions",
        axis=-1)
    out("CONCATENATION", [x, x], "ConcatenationOptions", axis=1)
    out("PACK", [x, x], "PackOptions", valuesCount=2, axis=-1)
    out("GATHER", [x, m.integers(3, 0, 3)], "GatherOptions", axis=1)
    out("GATHER", [x, m.constant(np.array([[5, 1]], np.int64))], "GatherOptions", axis=-1)
    out("GATHER", [x, m.integers_of([[3, 0]])], "GatherOptions", axis=1, batchDims=1)
    flat = out("RESHAPE", [x, m.integers(-1)], "ReshapeOptions", newShape=[24])
    # The shape goes through the model as numbers: SHAPE, STRIDED_SLICE, PACK, RESHAPE, FILL.
    shape = m.tensor((4,), np.int32)
    m.op("SHAPE", [x], [shape], "ShapeOptions", outType=schema.TensorType.INT32)
    channels = m.tensor((), np.int32)
    m.op("STRIDED_SLICE", [shape, m.integers(3), m.integers(4), m.integers(1)], [channels],
         "StridedSliceOptions", shrinkAxisMask=1)
    wanted = m.tensor((2,), np.int32)
    m.op("PACK", [m.scalar(4), channels], [wanted], "PackOptions", valuesCount=2, axis=0)
    back = out("RESHAPE", [flat, wanted], "ReshapeOptions")
    filled = m.tensor((4, 6))
    m.op("FILL", [wanted, m.scalar(0.25, np.float32)], [filled], "FillOptions")
    out("ADD", [back, filled], "AddOptions")
    return m


def slicing():
    m = Model()
    x = m.input((1, 6, 5, 4))

    def out(name, inputs, options=None, count=1, shape=(1,), **fields):
        ys = [m.tensor(shape) for _ in range(count)]
        m.op(name, inputs, ys, options, **fields)
        m.output(*ys)

    def strided(begin, end, strides, **masks):
        out("STRIDED_SLICE", [x, m.integers(*begin), m.integers(*end), m.integers(*strides)],
            "StridedSliceOptions", **masks)

    strided((0, 1, 0, 1), (1, 5, 5, 3), (1, 2, 1, 1))
    strided((0, -1, 0, 3), (1, -7, 5, 0), (1, -2, 1, -1))
    strided((0, 9, 1, 0), (0, 0, -1, 0), (1, -1, 1, 1), beginMask=11, endMask=11)
    strided((0, 2, 0, -1), (1, 3, 5, 4), (1, 1, 1, 1), beginMask=4, endMask=4, shrinkAxisMask=10)
    strided((0, 1), (1, 3), (1, 1), ellipsisMask=1)
    strided((0, 0, 2), (1, 0, 4), (1, 1, 1), newAxisMask=2)
    strided((0, 2), (1, 5), (1, 1))
    strided((0, 2, 1, 0), (1, 3, 4, 2), (1, 2, 1, 1), offset=True)
    out("SLICE", [x, m.integers(0, 1, 2, 0), m.integers(1, 3, -1, 2)], "SliceOptions",
        shape=(1, 3, 3, 2))  # The interpreter takes the shape from here.
    out("SPLIT", [m.scalar(-1), x], "SplitOptions", count=2, numSplits=2)
    out("SPLIT_V", [x, m.integers(1, -1, 2), m.scalar(1)], "SplitVOptions", count=3, numSplits=3)
    out("UNPACK", [x], "UnpackOptions", count=4, num=4, axis=3)
    return m


def padding():
    m = Model()
    x = m.input((1, 4, 5, 4))
    paddings = m.constant(np.array([[0, 0], [1, 2], [0, 3], [1, 0]], np.int32))

    def out(name, inputs, options, **fields):
        y = m.tensor((1,))
        m.op(name, inputs, [y], options, **fields)
        m.output(y)

    out("PAD", [x, paddings], "PadOptions")
    out("PADV2", [x, paddings, m.scalar(-1.5, np.float32)], "PadV2Options")
    for mode in (schema.MirrorPadMode.REFLECT, schema.MirrorPadMode.SYMMETRIC):
        out("MIRROR_PAD", [x, paddings], "MirrorPadOptions", mode=mode)
    out("DEPTH_TO_SPACE", [x], "DepthToSpaceOptions", blockSize=2)
    even = m.tensor((1, 4, 4, 4))
    m.op("SLICE", [x, m.integers(0, 0, 1, 0), m.integers(1, 4, 4, 4)], [even], "SliceOptions")
    out("SPACE_TO_DEPTH", [even], "SpaceToDepthOptions", blockSize=2)
    return m


def recurrent():
    m = Model()
    steps, features, units = 6, 3, 4
    for time_major, peepholes in ((False, False), (True, True)):
        shape = (steps, 1, features) if time_major else (1, steps, features)
        x = m.input(shape)
        seeds = iter(range(100, 200))
        inputs = [x]
        inputs += [m.constant(_normal(next(seeds), units, features, scale=0.6)) for _ in range(4)]
        inputs += [m.constant(_normal(next(seeds), units, units, scale=0.6)) for _ in range(4)]
        inputs += [m.constant(_normal(next(seeds), units, scale=0.5)) if peepholes else -1
                   for _ in range(3)]
        inputs += [m.constant(_normal(next(seeds), units, scale=0.3)) for _ in range(4)]
        inputs += [-1, -1, m.variable((1, units)), m.variable((1, units)), -1, -1, -1, -1]
        y = m.tensor((*shape[:2], units))
        m.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], "UnidirectionalSequenceLSTMOptions",
             fusedActivationFunction=ACT.TANH, cellClip=0.3 if peepholes else 10.0,
             timeMajor=time_major)
        m.output(y)
    v = m.input((1, 5))
    for rank in (1, 2):
        filters, memory = 3 * rank, 4
        y = m.tensor((1, 3))
        m.op("SVDF", [v, m.constant(_normal(7 + rank, filters, 5)),
                      m.constant(_normal(17 + rank, filters, memory)),
                      m.constant(_normal(27 + rank, 3)), m.variable((1, filters * memory))],
             [y], "SVDFOptions", rank=rank, fusedActivationFunction=ACT.RELU)
        m.output(y)
    return m


def half_weights():
    """float16 weights behind DEQUANTIZE, as the converter writes them."""
    m = Model()
    x = m.input((1, 5, 5, 3))
    kernel = m.tensor((4, 3, 3, 3))
    bias = m.tensor((4,))
    m.op("DEQUANTIZE", [m.constant(_normal(1, 4, 3, 3, 3).astype(np.float16))], [kernel],
         "DequantizeOptions")
    m.op("DEQUANTIZE", [m.constant(_normal(2, 4).astype(np.float16))], [bias],
         "DequantizeOptions")
    y = m.tensor((1, 5, 5, 4))
    m.op("CONV_2D", [x, kernel, bias], [y], "Conv2DOptions", padding=SAME, strideH=1, strideW=1)
    m.output(y)
    return m


def without_reference():
    """Operators that the reference resolver lacks, or gets wrong; run with the default one."""
    m = Model()
    x = m.input((1, 4, 5))
    for name in ("CEIL", "ELU", "ROUND"):
        y = m.tensor((1, 4, 5))
        m.op(name, [x], [y])
        m.output(y)
    z = m.input((1, 4, 5), np.int8, Quant(0.05, -9))
    for name, inputs, options, quant in (
            ("ELU", [z], None, Quant(0.03, -90)),
            ("SUM", [z, m.integers(1)], "ReducerOptions", Quant(0.15, 5))):
        y = m.tensor((1,), np.int8, quant)
        m.op(name, inputs, [y], options)
        m.output(y)
    return m


CASES = {f.__name__: f for f in (
    convolutions, depthwise_convolutions, transposed_convolutions, fully_connected, pooling,
    resizing, arithmetic, elementwise, comparisons, activations, reductions, shapes, slicing,
    padding, recurrent, half_weights, without_reference)}
