"""Functions of one integer, and cells dealt out to batches and back."""

import numpy as np

from .builder import Model, Quant

# Scales of inputs and outputs, the same and others, coarse and fine.
SCALES = ((0.02, 0.02), (0.02, 0.05), (0.5, 0.031), (0.0009, 0.2), (3.0, 0.007))


def int8_functions():
    m = Model()
    for scale, made_scale in SCALES:
        for zero_point, made_zero in ((-128, -128), (-128, 17)):
            x = m.input((1, 300), np.int8, Quant(scale, zero_point))
            for name in ("ABS", "SQRT", "RSQRT", "LOG"):
                y = m.tensor((1, 300), np.int8, Quant(made_scale, made_zero))
                m.op(name, [x], [y])
                m.output(y)
        x = m.input((1, 300), np.int8, Quant(scale, 5))
        for name in ("ABS", "LOG"):
            y = m.tensor((1, 300), np.int8, Quant(made_scale, -30))
            m.op(name, [x], [y])
            m.output(y)
    return m


def int16_sizes():
    m = Model()
    for scale, made_scale in SCALES:
        x = m.input((1, 40), np.int16, Quant(scale))
        size = m.tensor((1, 40), np.int16, Quant(scale))
        m.op("ABS", [x], [size])
        m.output(size)
        for name, given in (("ABS", x), ("SQRT", size)):
            y = m.tensor((1, 40), np.int16, Quant(made_scale))
            m.op(name, [given], [y])
            m.output(y)
    return m


def batches():
    m = Model()
    for dtype in (np.float32, np.int8, np.uint8, np.int32, np.int64):
        quant = Quant(0.1, 7) if np.dtype(dtype).itemsize == 1 else None
        for shape, block, pads, crops in (
                ((1, 5, 3), (2,), ((1, 2),), ((1, 1),)),
                ((1, 5, 4, 3), (3, 2), ((0, 1), (2, 0)), ((1, 1), (0, 2))),
                ((2, 4, 3, 2), (2, 3), ((0, 0), (0, 0)), ((0, 0), (0, 0)))):
            x = m.input(shape, dtype, quant)
            y, z = m.tensor((1,) * len(shape), dtype, quant), m.tensor(
                (1,) * len(shape), dtype, quant)
            m.op("SPACE_TO_BATCH_ND", [x, m.integers(*block), m.integers_of(pads)], [y])
            m.op("BATCH_TO_SPACE_ND", [y, m.integers(*block), m.integers_of(crops)], [z])
            m.output(y, z)
    return m


def dilated():
    """How TensorFlow writes convolutions with dilation: between the two, over several images."""
    m = Model()
    for dtype in (np.float32, np.int8):
        rng = np.random.default_rng(3)
        quantised = dtype != np.float32

        def numbers(*shape):
            if quantised:
                return m.constant(rng.integers(-127, 128, shape), np.int8, Quant(0.01))
            return m.constant(rng.normal(0, 1, shape), np.float32)

        def tensor(scale=0.1):
            return m.tensor((1, 1, 1, 1), dtype, Quant(scale, 3) if quantised else None)

        bias = m.constant(rng.integers(-9, 9, 4), np.int32 if quantised else np.float32,
                          Quant(0.001) if quantised else None)
        x = m.input((1, 6, 8, 4), dtype, Quant(0.1, 3) if quantised else None)
        for code, kernel in (("CONV_2D", numbers(4, 3, 3, 4)),
                             ("DEPTHWISE_CONV_2D", numbers(1, 3, 3, 4))):
            dealt, made, y = tensor(), tensor(0.2), tensor(0.2)
            block, edges = m.integers(2, 2), m.integers_of(((2, 2), (2, 2)))
            m.op("SPACE_TO_BATCH_ND", [x, block, edges], [dealt])
            more = {"depthMultiplier": 1} if code.startswith("DEPTH") else {}
            m.op(code, [dealt, kernel, bias], [made],
                 "DepthwiseConv2DOptions" if more else "Conv2DOptions", padding=1, strideH=1,
                 strideW=1, **more)
            m.op("BATCH_TO_SPACE_ND", [made, block, m.integers_of(((0, 0), (0, 0)))], [y])
            m.output(y)
    return m


CASES = {f.__name__: f for f in (int8_functions, int16_sizes, batches, dilated)}
