"""Weights of integers under float32 activations, which the interpreter quantises as it runs.

It takes 127 steps up to the largest number of a tensor, in some operators 255 from the least to the
largest, so whole numbers of such a range lose nothing and its outputs are those of weights that are
made float32 first.
"""

import numpy as np

from .builder import TYPES, Model, Quant


ALL_BYTES = "all_bytes"  # the name of an input that takes 255 steps


def whole_numbers(rng, shape, name):
    x = rng.integers(-127, 128, shape).astype(np.float32)
    x.flat[0] = 127
    if name == ALL_BYTES:
        x.flat[1] = -128
    return x


def _weights(m, rng, shape, dtype, axis=None, zero_point=0):
    """Bytes of int8, whatever the type says."""
    scale = 0.01 if axis is None else np.linspace(0.01, 0.03, shape[axis])
    numbers = rng.integers(-127, 128, shape).astype(np.int8)
    return m.constant(numbers.view(dtype) if np.dtype(dtype).itemsize == 1 else numbers, dtype,
                      Quant(scale, zero_point, axis or 0))


def _convolution(m, rng, x, dtype, axis=None, **more):
    y = m.tensor((1, 4, 5, 3))
    m.op("CONV_2D", [x, _weights(m, rng, (3, 2, 2, 4), dtype, axis, **more),
                     m.constant(rng.normal(0, 1, 3), np.float32)],
         [y], "Conv2DOptions", padding=1, strideH=1, strideW=1)
    m.output(y)


def _depthwise(m, rng, x, dtype, axis=None):
    y = m.tensor((1, 4, 5, 4))
    m.op("DEPTHWISE_CONV_2D", [x, _weights(m, rng, (1, 2, 2, 4), dtype, axis),
                               m.constant(rng.normal(0, 1, 4), np.float32)],
         [y], "DepthwiseConv2DOptions", padding=1, strideH=1, strideW=1, depthMultiplier=1)
    m.output(y)


def _transposed(m, rng, x, dtype, axis=None):
    y = m.tensor((1, 6, 7, 3))
    m.op("TRANSPOSE_CONV", [m.integers(1, 6, 7, 3), _weights(m, rng, (3, 2, 2, 4), dtype, axis), x],
         [y], "TransposeConvOptions", padding=1, strideH=1, strideW=1)
    m.output(y)


def _dense(m, rng, x, dtype, axis=None, bias=np.float32):
    y = m.tensor((1, 5))
    m.op("FULLY_CONNECTED", [x, _weights(m, rng, (5, 6), dtype, axis),
                             m.constant(np.arange(5), bias, Quant(1.0))],
         [y], "FullyConnectedOptions")
    m.output(y)


def _svdf(m, rng, x, dtype, axis=None):
    y = m.tensor((1, 5))
    m.op("SVDF", [x, _weights(m, rng, (5, 6), dtype, axis),
                  _weights(m, rng, (5, 3), dtype, axis), -1, m.variable((1, 15))],
         [y], "SVDFOptions", rank=1)
    m.output(y)


def hybrid_weights():
    m = Model()
    rng = np.random.default_rng(5)
    image, row = m.input((1, 5, 6, 4)), m.input((1, 6))
    shifted = m.input((1, 5, 6, 4), name=ALL_BYTES)
    for dtype in (np.int8, np.uint8):
        _convolution(m, rng, image, dtype)
    _convolution(m, rng, shifted, np.int8, 0)
    _transposed(m, rng, shifted, np.int8)
    _transposed(m, rng, shifted, np.int8, 0)
    _depthwise(m, rng, shifted, np.int8, 3)
    for dtype, axis in ((np.int8, None), (np.int8, 0), (np.uint8, None), (np.uint8, 0)):
        _dense(m, rng, row, dtype, axis)
    for dtype in (np.int8, np.uint8):
        _svdf(m, rng, row, dtype)
    indices = m.tensor((3,), np.int32)
    m.op("ARG_MAX", [m.input((3, 4)), m.scalar(1)], [indices], "ArgMaxOptions",
         outputType=TYPES[np.dtype(np.int32)])
    for dtype in (np.int8, np.uint8):
        y = m.tensor((3, 6))
        m.op("EMBEDDING_LOOKUP", [indices, _weights(m, rng, (5, 6), dtype)], [y])
        m.output(y)
    y = m.tensor((3, 6), np.int8, Quant(0.01))
    m.op("EMBEDDING_LOOKUP", [indices, _weights(m, rng, (5, 6), np.int8)], [y])
    m.output(y)
    return m


def _refused(add, shape, **more):
    m = Model()
    add(m, np.random.default_rng(6), m.input(shape), **more)
    return m


def hybrid_convolution_by_filter():
    return _refused(_convolution, (1, 5, 6, 4), dtype=np.uint8, axis=0)


def hybrid_zero_point():
    return _refused(_convolution, (1, 5, 6, 4), dtype=np.int8, zero_point=5)


def hybrid_wide():
    return _refused(_convolution, (1, 5, 6, 4), dtype=np.int16)


def hybrid_depthwise():
    return _refused(_depthwise, (1, 5, 6, 4), dtype=np.uint8)


def hybrid_transposed():
    return _refused(_transposed, (1, 5, 6, 4), dtype=np.uint8)


def hybrid_svdf():
    return _refused(_svdf, (1, 6), dtype=np.int8, axis=0)


def hybrid_bias():
    return _refused(_dense, (1, 6), dtype=np.int8, bias=np.int8)


CASES = {"hybrid_weights": hybrid_weights}
BAD = (hybrid_convolution_by_filter, hybrid_zero_point, hybrid_wide, hybrid_depthwise,
       hybrid_transposed, hybrid_svdf, hybrid_bias)
