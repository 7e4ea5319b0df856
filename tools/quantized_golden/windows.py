"""Pooling, reductions, softmax, concatenation, resizing, normalisation."""

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from .convolutions import same_padding, valid_padding
from .oracle import CLIPS, Quantized, fused, option, random_stored, rng_of, run_operator


def pool_case(w, name, code, kind, size, channels, window, stride, padding, dtype="int8", act="NONE"):
    rng = rng_of(name)
    zero = 3 if dtype != "uint8" else 120
    scale = 0.04 if dtype != "int16" else 3e-4
    zero = 0 if dtype == "int16" else zero
    x = Quantized(random_stored(rng, (2, *size, channels), dtype), scale, zero)
    pads = [
        (same_padding if padding == "SAME" else valid_padding)(s, k, st, 1)
        for s, k, st in zip(size, window, stride)
    ]
    expected = Quantized(np.zeros((2, pads[0][0], pads[1][0], channels), dtype), scale, zero)
    options = option(
        "Pool2DOptions", padding=getattr(schema.Padding, padding), strideH=stride[0],
        strideW=stride[1], filterHeight=window[0], filterWidth=window[1],
        fusedActivationFunction=fused(act),
    )
    y = run_operator(code, [x], expected, options)
    w.add(name, "pool2d", [x], y, CLIPS[act], kind=kind, window=window, stride=stride,
          dilation=(1, 1), pad_before=[p[1] for p in pads], pad_after=[p[2] for p in pads])


REDUCTIONS = {"mean": "MEAN", "sum": "SUM", "max": "REDUCE_MAX", "min": "REDUCE_MIN"}


def reduce_case(w, name, kind, shape, axes, keep, dtype="int8", y=None):
    rng = rng_of(name)
    zero = {"int8": -17, "uint8": 99, "int16": 0}[dtype]
    scale = 2e-4 if dtype == "int16" else 0.05
    x = Quantized(random_stored(rng, shape, dtype), scale, zero)
    out = [1 if i in axes else s for i, s in enumerate(shape) if keep or i not in axes]
    expected = Quantized(np.zeros(out, dtype), *(y or (scale, zero)))
    axis = Quantized(np.int32(axes))
    result = run_operator(REDUCTIONS[kind], [x, axis], expected,
                          option("ReducerOptions", keepDims=keep), constants=(1,),
                          reference=kind != "sum")  # the reference sum is not rescaled
    w.add(name, "reduce", [x], result, kind=kind, axes=list(axes), keep_dims=keep)


def softmax_case(w, name, shape, scale, dtype="int8", axis=-1, out="int8"):
    rng = rng_of(name)
    x = Quantized(random_stored(rng, shape, dtype), scale, 4 if dtype == "int8" else 99)
    x.data.reshape(-1, shape[-1])[0, :] = x.data.reshape(-1)[0]
    expected = Quantized(np.zeros(shape, out), 1 / 256, -128 if out == "int8" else 0)
    y = run_operator("SOFTMAX", [x], expected, option("SoftmaxOptions", beta=1.0))
    w.add(name, "softmax", [x], y, axis=len(shape) - 1, logarithm=False)


def concat_case(w, name, shapes, axis, quantisations, y, dtype):
    rng = rng_of(name)
    inputs = [Quantized(random_stored(rng, s, dtype), *q) for s, q in zip(shapes, quantisations)]
    shape = np.concatenate([np.zeros(s) for s in shapes], axis).shape
    expected = Quantized(np.zeros(shape, dtype), *y)
    result = run_operator("CONCATENATION", inputs, expected,
                          option("ConcatenationOptions", axis=axis, fusedActivationFunction=0))
    w.add(name, "concat", inputs, result, axis=axis)


def resize_case(w, name, size, to, coordinates, dtype="int8"):
    rng = rng_of(name)
    quantisation = {"int8": (0.02, 3), "uint8": (0.02, 99), "int16": (1e-4, 0)}[dtype]
    x = Quantized(random_stored(rng, (2, *size, 3), dtype), *quantisation)
    expected = Quantized(np.zeros((2, *to, 3), dtype), *quantisation)
    options = option("ResizeBilinearOptions", alignCorners=coordinates == "align_corners",
                     halfPixelCenters=coordinates == "half_pixel")
    y = run_operator("RESIZE_BILINEAR", [x, Quantized(np.int32(to))], expected, options,
                     constants=(1,), version=3)
    w.add(name, "resize", [x], y, coordinates=coordinates, size=to)


def l2_case(w, name, shape, dtype="int8"):
    rng = rng_of(name)
    x = Quantized(random_stored(rng, shape, dtype), 0.03, -6 if dtype == "int8" else 131)
    x.data.reshape(-1, shape[-1])[0] = x.zero_point
    x.data.reshape(-1, shape[-1])[0, 0] += 1
    x.data.reshape(-1, shape[-1])[1] = np.iinfo(dtype).max
    expected = Quantized(np.zeros(shape, dtype), 1 / 128, 0 if dtype == "int8" else 128)
    y = run_operator("L2_NORMALIZATION", [x], expected,
                     option("L2NormOptions", fusedActivationFunction=0))
    w.add(name, "normalize", [x], y, axes=[len(shape) - 1], epsilon=1e-6)


def write(w):
    for dtype in ("int8", "uint8", "int16"):
        pool_case(w, "average_" + dtype, "AVERAGE_POOL_2D", "average", (7, 6), 5, (3, 2), (2, 2),
                  "SAME", dtype)
        pool_case(w, "max_" + dtype, "MAX_POOL_2D", "max", (7, 6), 5, (3, 2), (2, 1), "SAME", dtype)
        for kind in ("mean", "sum"):
            y = {"int8": (0.033, 5), "uint8": (0.3, 130), "int16": (3e-4, 0)}[dtype]
            reduce_case(w, f"{kind}_image_{dtype}", kind, (2, 5, 7, 9), (1, 2), False, dtype, y)
    pool_case(w, "average_relu6", "AVERAGE_POOL_2D", "average", (5, 5), 17, (5, 5), (1, 1), "VALID",
              act="RELU6")
    pool_case(w, "average_relu", "AVERAGE_POOL_2D", "average", (6, 6), 3, (2, 2), (2, 2), "VALID",
              act="RELU")
    pool_case(w, "max_relu", "MAX_POOL_2D", "max", (6, 6), 3, (2, 2), (2, 2), "VALID", act="RELU")
    reduce_case(w, "mean_image_same", "mean", (1, 6, 6, 33), (1, 2), True)
    reduce_case(w, "mean_image_odd", "mean", (1, 3, 3, 40), (1, 2), False, y=(0.027, -30))
    reduce_case(w, "mean_last", "mean", (3, 4, 21), (2,), True, y=(0.031, 0))
    reduce_case(w, "mean_first", "mean", (6, 4, 5), (0,), False, y=(0.06, 0))
    reduce_case(w, "mean_two", "mean", (3, 4, 5, 6), (0, 3), False, y=(0.02, 9))
    reduce_case(w, "mean_all", "mean", (3, 50), (0, 1), False, y=(0.004, 9))
    reduce_case(w, "sum_last", "sum", (3, 4, 21), (2,), False, y=(0.7, 2))
    reduce_case(w, "max_axis", "max", (3, 4, 5), (1,), False)
    reduce_case(w, "min_axis", "min", (3, 4, 5), (0, 2), True)
    reduce_case(w, "max_axis_uint8", "max", (3, 4, 5), (1,), False, "uint8")
    softmax_case(w, "softmax", (6, 12), 0.07)
    softmax_case(w, "softmax_sharp", (4, 10), 0.6)
    softmax_case(w, "softmax_flat", (3, 2), 0.004)
    softmax_case(w, "softmax_long", (2, 300), 0.02)
    softmax_case(w, "softmax_rank4", (1, 3, 4, 5), 0.1)
    softmax_case(w, "softmax_uint8", (6, 12), 0.07, "uint8", out="uint8")
    concat_case(w, "concat_uint8", [(2, 3, 4), (2, 5, 4), (2, 1, 4)], 1,
                [(0.02, 100), (0.035, 30), (0.03, 128)], (0.03, 128), "uint8")
    same = (0.03, 12)
    concat_case(w, "concat_same", [(2, 3), (2, 5)], 1, [same, same], same, "int8")
    for coordinates in ("half_pixel", "align_corners", "asymmetric"):
        resize_case(w, "resize_up_" + coordinates, (4, 5), (9, 8), coordinates)
        resize_case(w, "resize_down_" + coordinates, (9, 7), (4, 3), coordinates)
    resize_case(w, "resize_uint8", (4, 5), (9, 8), "half_pixel", "uint8")
    resize_case(w, "resize_int16", (4, 5), (7, 8), "half_pixel", "int16")
    l2_case(w, "l2", (5, 14))
    l2_case(w, "l2_long", (2, 2, 300))
    l2_case(w, "l2_uint8", (5, 14), "uint8")
