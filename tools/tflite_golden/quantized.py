"""Models of quantised operators over their options: int8, uint8, int16, per tensor and channel."""

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from .builder import Model, Quant

ACT = schema.ActivationFunctionType
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID

# A type, and the zero points of an input and of an output in it.
INT8, UINT8 = (np.int8, -9, 5), (np.uint8, 119, 133)


def _weights(m, seed, shape, filters_axis, per_channel, dtype):
    rng = np.random.default_rng(seed)
    count = shape[filters_axis] if per_channel else 1
    scale = rng.uniform(0.008, 0.03, count)
    if dtype == np.uint8:
        return m.constant(rng.integers(0, 256, shape), np.uint8, Quant(scale, 117)), scale
    numbers = rng.integers(-127, 128, shape)
    return m.constant(numbers, np.int8, Quant(scale, 0, filters_axis)), scale


def _bias(m, seed, size, scale):
    numbers = np.random.default_rng(seed).integers(-3000, 3000, size)
    return m.constant(numbers, np.int32, Quant(scale, 0))


def _convolutions(kind):
    dtype, zero_in, zero_out = kind
    m = Model()
    scale = 0.05
    x = m.input((1, 6, 7, 4), dtype, Quant(scale, zero_in))
    for i, (depthwise, padding, stride, dilation, size, per_channel, act, out_scale) in enumerate([
            (False, SAME, 1, 1, (3, 3), True, ACT.NONE, 0.21),
            (False, VALID, 2, 1, (3, 2), True, ACT.RELU, 0.11),
            (False, SAME, 2, 1, (1, 1), False, ACT.RELU6, 0.04),
            (False, SAME, 1, 2, (3, 3), False, ACT.RELU_N1_TO_1, 0.02),
            (True, SAME, 1, 1, (3, 3), True, ACT.NONE, 0.12),
            (True, VALID, 2, 1, (3, 3), False, ACT.RELU6, 0.03),
            (True, SAME, 1, 2, (3, 2), True, ACT.RELU, 0.09)]):
        per_channel = per_channel and dtype == np.int8
        filters = 8 if depthwise else 5
        shape = (1, *size, filters) if depthwise else (filters, *size, 4)
        kernel, scales = _weights(m, i, shape, 3 if depthwise else 0, per_channel, dtype)
        bias = _bias(m, 20 + i, filters, scales * scale)
        y = m.tensor((1,), dtype, Quant(out_scale, zero_out))
        fields = {"depthMultiplier": 2} if depthwise else {}
        m.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [x, kernel, bias], [y],
             "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions", padding=padding,
             strideH=stride, strideW=stride, dilationHFactor=dilation, dilationWFactor=dilation,
             fusedActivationFunction=act, **fields)
        m.output(y)
    return m


def _dense(kind):
    dtype, zero_in, zero_out = kind
    m = Model()
    scale = 0.05
    x = m.input((1, 2, 12), dtype, Quant(scale, zero_in))
    for i, (features, keeps, per_channel, bias, act, out_scale) in enumerate([
            (24, False, False, True, ACT.NONE, 0.3), (12, True, True, True, ACT.RELU, 0.17),
            (12, False, False, False, ACT.RELU6, 0.04)]):
        per_channel = per_channel and dtype == np.int8
        kernel, scales = _weights(m, 60 + i, (7, features), 0, per_channel, dtype)
        inputs = [x, kernel] + ([_bias(m, 70 + i, 7, scales * scale)] if bias else [])
        y = m.tensor((1,), dtype, Quant(out_scale, zero_out))
        m.op("FULLY_CONNECTED", inputs, [y], "FullyConnectedOptions", keepNumDims=keeps,
             fusedActivationFunction=act)
        m.output(y)
    return m


def _transposed(kind):
    dtype, zero_in, zero_out = kind
    m = Model()
    scale = 0.05
    x = m.input((1, 3, 4, 3), dtype, Quant(scale, zero_in))
    for i, (padding, stride, out, bias) in enumerate([(SAME, 2, (6, 8), True),
                                                      (VALID, 2, (7, 9), False)]):
        kernel, scales = _weights(m, 80 + i, (4, 3, 3, 3), 0, dtype == np.int8, dtype)
        inputs = [m.integers(1, *out, 4), kernel, x]
        if bias:
            inputs.append(_bias(m, 90 + i, 4, scales * scale))
        y = m.tensor((1, *out, 4), dtype, Quant(0.15, zero_out))
        m.op("TRANSPOSE_CONV", inputs, [y], "TransposeConvOptions", padding=padding,
             strideH=stride, strideW=stride)
        m.output(y)
    return m


def _arithmetic(kind):
    dtype, zero_in, zero_out = kind
    m = Model()
    a = m.input((1, 3, 4, 4), dtype, Quant(0.05, zero_in))
    b = m.input((1, 3, 4, 4), dtype, Quant(0.08, zero_out))
    row = m.constant(np.random.default_rng(5).integers(0, 127, 4), dtype, Quant(0.03, zero_in))
    for name in ("ADD", "SUB", "MUL"):
        for other, act in ((b, ACT.NONE), (row, ACT.RELU), (b, ACT.RELU6)):
            y = m.tensor((1,), dtype, Quant(0.09, zero_out))
            m.op(name, [a, other], [y], name.title() + "Options", fusedActivationFunction=act)
            m.output(y)
    same = m.tensor((1,), dtype, Quant(0.05, zero_in))
    m.op("MAXIMUM", [a, a], [same], "MaximumMinimumOptions")
    m.output(same)
    return m


def _image(kind):
    dtype, zero_in, zero_out = kind
    m = Model()
    here = Quant(0.05, zero_in)
    x = m.input((1, 6, 7, 4), dtype, here)

    def out(name, inputs, options=None, quant=here, **fields):
        y = m.tensor((1,), dtype, quant)
        m.op(name, inputs, [y], options, **fields)
        m.output(y)
        return y

    for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        for padding, size, stride, act in ((VALID, 2, 2, ACT.NONE), (SAME, 3, 2, ACT.RELU)):
            out(name, [x], "Pool2DOptions", padding=padding, filterHeight=size, filterWidth=size,
                strideH=stride, strideW=stride, fusedActivationFunction=act)
    out("MEAN", [x, m.integers(1, 2)], "ReducerOptions", Quant(0.02, zero_out))
    out("MEAN", [x, m.integers(1, 2)], "ReducerOptions", here, keepDims=True)
    out("RESIZE_NEAREST_NEIGHBOR", [x, m.integers(9, 5)], "ResizeNearestNeighborOptions",
        halfPixelCenters=True)
    out("RESIZE_BILINEAR", [x, m.integers(11, 10)], "ResizeBilinearOptions",
        halfPixelCenters=True)
    out("PAD", [x, m.constant(np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32))],
        "PadOptions")
    out("CONCATENATION", [x, x], "ConcatenationOptions", axis=3)
    out("TRANSPOSE", [x, m.integers(0, 3, 1, 2)], "TransposeOptions")
    flat = out("RESHAPE", [x, m.integers(1, -1)], "ReshapeOptions", newShape=[1, -1])
    out("STRIDED_SLICE", [flat, m.integers(0, 3), m.integers(1, 99), m.integers(1, 4)],
        "StridedSliceOptions")
    return m


def _activations(kind):
    dtype, zero_in, zero_out = kind
    m = Model()
    x = m.input((1, 6, 9), dtype, Quant(0.05, zero_in))
    low = np.iinfo(dtype).min
    middle = low + 128
    for name, options, quant, fields in (
            ("LOGISTIC", None, Quant(1 / 256, low), {}),
            ("TANH", None, Quant(1 / 128, middle), {}),
            ("SOFTMAX", "SoftmaxOptions", Quant(1 / 256, low), {"beta": 1.0}),
            ("RELU", None, Quant(0.03, zero_out), {}), ("RELU6", None, Quant(0.03, zero_in), {}),
            ("LEAKY_RELU", "LeakyReluOptions", Quant(0.06, zero_out), {"alpha": 0.3}),
            ("HARD_SWISH", "HardSwishOptions", Quant(0.04, zero_out), {})):
        y = m.tensor((1,), dtype, quant)
        m.op(name, [x], [y], options, **fields)
        m.output(y)
    return m


def quantize_ends():
    """float32 in and out, int8 between; uint8 in and out around int8."""
    m = Model()
    x = m.input((1, 4, 4, 3))
    pixels = m.input((1, 4, 4, 3), np.uint8, Quant(0.02, 128))
    for source in (x, pixels):
        inside = m.tensor((1, 4, 4, 3), np.int8, Quant(0.02, 0))
        m.op("QUANTIZE", [source], [inside], "QuantizeOptions")
        kernel, scales = _weights(m, 1, (2, 3, 3, 3), 0, True, np.int8)
        y = m.tensor((1,), np.int8, Quant(0.05, 3))
        m.op("CONV_2D", [inside, kernel, _bias(m, 2, 2, scales * 0.02)], [y], "Conv2DOptions",
             padding=SAME, strideH=1, strideW=1)
        real, other = m.tensor((1,)), m.tensor((1,), np.uint8, Quant(0.05, 131))
        m.op("DEQUANTIZE", [y], [real], "DequantizeOptions")
        m.op("QUANTIZE", [y], [other], "QuantizeOptions")
        m.output(real, other)
    return m


def dynamic_range():
    """int8 weights under float32 activations."""
    m = Model()
    x = m.input((1, 5, 5, 3))
    kernel, _ = _weights(m, 1, (4, 3, 3, 3), 0, True, np.int8)
    y = m.tensor((1,))
    m.op("CONV_2D", [x, kernel, m.constant(np.array([1, -2, 0.5, 0], np.float32))], [y],
         "Conv2DOptions", padding=SAME, strideH=1, strideW=1, fusedActivationFunction=ACT.RELU)
    dense, _ = _weights(m, 2, (6, 100), 0, False, np.int8)
    z = m.tensor((1, 6))
    m.op("FULLY_CONNECTED", [y, dense], [z], "FullyConnectedOptions")
    m.output(y, z)
    return m


def int8_recurrent():
    """LSTMs of 16-bit cells: small and large gates, every scale of the cell state, both orders of the
    axes, a bound on the cells."""
    m = Model()
    features, units, steps = 5, 6, 9
    for i, (cell_bits, time_major, clip, weight_scale, zero_out) in enumerate([
            (15, False, 0.0, 0.004, -21), (14, False, 0.0, 0.02, 3), (13, True, 1.5, 0.03, 0),
            (12, False, 0.0, 0.05, 40), (11, True, 0.0, 0.08, -128), (10, False, 9.0, 0.1, 127),
            (9, False, 0.0, 0.2, -1)]):
        rng = np.random.default_rng(300 + i)
        batch = 1 + i % 2
        shape = (steps, batch, features) if time_major else (batch, steps, features)
        in_scale, out_scale = 0.03, 0.0079 if i % 2 else 0.004
        x = m.input(shape, np.int8, Quant(in_scale, -4 + 9 * i))
        scales = weight_scale * rng.uniform(0.7, 1.3, 8)
        inputs = [x]
        inputs += [m.constant(rng.integers(-127, 128, (units, columns)), np.int8,
                              Quant(scales[g + 4 * (columns == units)]))
                   for columns in (features, units) for g in range(4)]
        inputs += [-1, -1, -1]
        inputs += [m.constant(rng.integers(-900, 900, units), np.int32,
                              Quant(scales[g] * in_scale)) for g in range(4)]
        state = Quant(out_scale, zero_out)
        inputs += [-1, -1, m.variable((batch, units), np.int8, state),
                   m.variable((batch, units), np.int16, Quant(2.0 ** -cell_bits))]
        inputs += [-1, -1, -1, -1]
        y = m.tensor((*shape[:2], units), np.int8, state)
        made = m.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y],
                    "UnidirectionalSequenceLSTMOptions", fusedActivationFunction=ACT.TANH,
                    cellClip=clip, timeMajor=time_major)
        made.intermediates = [m.tensor((0,)) for _ in range(4)]
        made.intermediates.append(m.tensor((0,), np.int8, state))
        m.output(y)
    return m


def int16_functions():
    """Functions of int16 activations: scales that are powers of two and others, far into both ends."""
    m = Model()
    unit = Quant(2.0 ** -15)
    for scale in (2.0 ** -12, 2.0 ** -11, 2.0 ** -13, 0.0005, 0.0031, 0.03, 1.7):
        x = m.input((40, 25), np.int16, Quant(scale))
        for name in ("LOGISTIC", "TANH"):
            y = m.tensor((40, 25), np.int16, unit)
            m.op(name, [x], [y])
            m.output(y)
    for scale, shape in ((0.0002, (20, 3)), (2.0 ** -12, (7, 10)), (0.0021, (3, 2, 33)),
                         (0.05, (4, 100)), (0.003, (5, 1)), (0.001, (1, 1000))):
        x = m.input(shape, np.int16, Quant(scale))
        y = m.tensor(shape, np.int16, unit)
        m.op("SOFTMAX", [x], [y], "SoftmaxOptions", beta=1.0)
        m.output(y)
    return m


CASES = {"quantize_ends": quantize_ends, "dynamic_range": dynamic_range,
         "int8_recurrent": int8_recurrent, "int16_functions": int16_functions}
for _name, _kind in (("int8", INT8), ("uint8", UINT8)):
    for _make in (_convolutions, _dense, _transposed, _arithmetic, _image, _activations):
        CASES[f"{_name}{_make.__name__}"] = lambda make=_make, kind=_kind: make(kind)
