"""Convolutions, dense layers, transposed convolutions and batched matrix products."""

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from .oracle import CLIPS, Quantized, fused, option, random_stored, rng_of, run_operator


def same_padding(size, kernel, stride, dilation):
    out = -(-size // stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return out, total // 2, total - total // 2


def valid_padding(size, kernel, stride, dilation):
    return (size - (kernel - 1) * dilation - 1) // stride + 1, 0, 0


def weights_of(rng, shape, axis, dtype, per_channel):
    """Random weights; per tensor or a scale for each index along `axis`."""
    if dtype == "uint8":
        return Quantized(random_stored(rng, shape, "uint8"), 0.013, int(rng.integers(100, 150)))
    data = random_stored(rng, shape, "int8", -127)
    if not per_channel:
        return Quantized(data, 0.011)
    return Quantized(data, rng.uniform(0.002, 0.02, shape[axis]).astype(np.float32), 0, axis)


def bias_of(rng, x, weights, filters):
    scale = np.float32(x.scale) * np.float32(weights.scale)
    real = rng.normal(0, 1.5, filters)
    return Quantized(np.int32(np.round(real / scale)), scale, 0, 0 if weights.axis >= 0 else -1)


def activations_of(rng, shape, dtype):
    zero = {"int8": -7, "uint8": 121, "int16": 0}[dtype]
    if dtype == "int8":
        zero = int(rng.choice([-128, -7, 31]))
    scale = 0.0004 if dtype == "int16" else float(rng.uniform(0.01, 0.06))
    return Quantized(random_stored(rng, shape, dtype), scale, zero)


def output_like(rng, dtype, shape, spread):
    zero = {"int8": int(rng.choice([-128, 5, -20])), "uint8": int(rng.choice([0, 130])), "int16": 0}
    bits = 32000 if dtype == "int16" else 110
    return Quantized(np.zeros(shape, dtype), float(spread / bits), zero[dtype])


def conv_case(
    writer, name, size, channels, filters, kernel=(3, 3), stride=(1, 1), dilation=(1, 1),
    padding="SAME", act="NONE", groups=1, depthwise=False, dtype="int8", per_channel=True,
    bias=True, batch=1,
):
    rng = rng_of(name)
    x = activations_of(rng, (batch, *size, channels), dtype)
    if depthwise:
        groups = channels
        shape, axis = (1, *kernel, filters), 3
    else:
        shape, axis = (filters, *kernel, channels // groups), 0
    weights = weights_of(rng, shape, axis, "uint8" if dtype == "uint8" else "int8", per_channel)
    biases = bias_of(rng, x, weights, filters)
    if dtype == "int16":
        biases.data = biases.data.astype(np.int64)
    pads = [
        (same_padding if padding == "SAME" else valid_padding)(s, k, st, d)
        for s, k, st, d in zip(size, kernel, stride, dilation)
    ]
    fan_in = np.prod(kernel) * channels / groups
    spread = 2.0 * np.sqrt(fan_in) * np.std(x.real()) * np.std(weights.real())
    expected = output_like(rng, dtype, (batch, pads[0][0], pads[1][0], filters), spread)
    fields = dict(
        padding=getattr(schema.Padding, padding), strideH=stride[0], strideW=stride[1],
        dilationHFactor=dilation[0], dilationWFactor=dilation[1],
        fusedActivationFunction=fused(act),
    )
    if depthwise:
        options = option("DepthwiseConv2DOptions", depthMultiplier=filters // channels, **fields)
    else:
        options = option("Conv2DOptions", **fields)
    code = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    if not bias:
        biases.data[:] = 0  # a convolution of TensorFlow Lite always has one
    inputs = [x, weights, biases]
    y = run_operator(code, inputs, expected, options, constants=(1, 2))
    if depthwise:
        own = weights.data.reshape(*kernel, 1, filters)
    else:
        own = weights.data.transpose(1, 2, 3, 0)
    own = Quantized(own, weights.scale, weights.zero_point, 3 if weights.axis >= 0 else -1)
    writer.add(
        name, "conv2d", [x, own] + ([biases] if bias else []), y, CLIPS[act], groups=groups,
        stride=stride, dilation=dilation, pad_before=[p[1] for p in pads],
        pad_after=[p[2] for p in pads],
    )


def dense_case(writer, name, shape, filters, act="NONE", dtype="int8", per_channel=False, bias=True):
    rng = rng_of(name)
    x = activations_of(rng, shape, dtype)
    weights = weights_of(rng, (filters, shape[-1]), 0, "uint8" if dtype == "uint8" else "int8",
                         per_channel)
    biases = bias_of(rng, x, weights, filters)
    if dtype == "int16":
        biases.data = biases.data.astype(np.int64)
    spread = 2.0 * np.sqrt(shape[-1]) * np.std(x.real()) * np.std(weights.real())
    expected = output_like(rng, dtype, (*shape[:-1], filters), spread)
    options = option("FullyConnectedOptions", fusedActivationFunction=fused(act),
                     keepNumDims=len(shape) > 2)
    inputs = [x, weights, biases if bias else None]
    y = run_operator("FULLY_CONNECTED", inputs, expected, options, constants=(1, 2))
    own = Quantized(weights.data.T, weights.scale, weights.zero_point, 1 if per_channel else -1)
    writer.add(name, "dense", [x, own] + ([biases] if bias else []), y, CLIPS[act])


def transposed_case(writer, name, size, channels, filters, kernel, stride, padding, dtype="int8",
                    per_channel=True, bias=True, act="NONE"):
    rng = rng_of(name)
    x = activations_of(rng, (1, *size, channels), dtype)
    weights = weights_of(rng, (filters, *kernel, channels), 0,
                         "uint8" if dtype == "uint8" else "int8", per_channel)
    biases = bias_of(rng, x, weights, filters)
    out, before, after = [], [], []
    for s, k, st in zip(size, kernel, stride):
        o = s * st if padding == "SAME" else (s - 1) * st + k
        total = max((s - 1) * st + k - o, 0)
        out.append(o)
        before.append(total // 2)
        after.append((s - 1) * st + k - total // 2 - o)
    spread = 2.0 * np.sqrt(channels * np.prod(kernel) / np.prod(stride))
    spread *= np.std(x.real()) * np.std(weights.real())
    expected = output_like(rng, dtype, (1, *out, filters), spread)
    shape = Quantized(np.int32([1, *out, filters]))
    options = option("TransposeConvOptions", padding=getattr(schema.Padding, padding),
                     strideH=stride[0], strideW=stride[1], fusedActivationFunction=fused(act))
    inputs = [shape, weights, x] + ([biases] if bias else [])
    y = run_operator("TRANSPOSE_CONV", inputs, expected, options, constants=(0, 1, 3))
    own = Quantized(weights.data.transpose(1, 2, 0, 3), weights.scale, weights.zero_point,
                    2 if per_channel and dtype != "uint8" else -1)
    writer.add(name, "conv_transpose2d", [x, own] + ([biases] if bias else []), y, CLIPS[act],
               stride=stride, dilation=(1, 1), pad_before=before,
               pad_after=[max(a, 0) for a in after], output_padding=[max(-a, 0) for a in after],
               groups=1)


def matmul_case(writer, name, a_shape, b_shape, transpose_a=False, transpose_b=False):
    rng = rng_of(name)
    a = activations_of(rng, a_shape, "int8")
    b = activations_of(rng, b_shape, "int8")
    depth = a_shape[-2] if transpose_a else a_shape[-1]
    rows = a_shape[-1] if transpose_a else a_shape[-2]
    columns = b_shape[-2] if transpose_b else b_shape[-1]
    batch = np.broadcast_shapes(a_shape[:-2], b_shape[:-2])
    spread = 2.0 * np.sqrt(depth) * np.std(a.real()) * np.std(b.real())
    expected = output_like(rng, "int8", (*batch, rows, columns), spread)
    options = option("BatchMatMulOptions", adjX=transpose_a, adjY=transpose_b)
    y = run_operator("BATCH_MATMUL", [a, b], expected, options)
    writer.add(name, "matmul", [a, b], y, transpose_a=transpose_a, transpose_b=transpose_b)


def small(rng, value):
    """The same near its zero point, so that sums are small and a step of the output is few of them."""
    spread = 6 if value.axis >= 0 or value.data.ndim > 1 else 40
    near = rng.integers(-spread, spread, value.data.shape, endpoint=True)
    point = value.zero_points()[0]
    info = np.iinfo(value.data.dtype)
    value.data = np.clip(near + point, info.min, info.max).astype(value.data.dtype)


def write_coarse(w):
    """Factors between 1/32 and 1: how often and how a result is rounded shows."""
    for dtype in ("int8", "uint8", "int16"):
        for kind in ("conv", "depthwise", "dense", "transposed", "matmul"):
            if (kind, dtype) in (("matmul", "uint8"), ("matmul", "int16"), ("transposed", "int16")):
                continue
            coarse_case(w, f"coarse_{kind}_{dtype}", kind, dtype)


def coarse_case(w, name, kind, dtype):
    rng = rng_of(name)
    weight_type = "uint8" if dtype == "uint8" else "int8"
    per_channel = dtype != "uint8" and kind not in ("dense", "matmul")
    x = Quantized(np.zeros((1, 6, 6, 12), dtype), 0.05, 0 if dtype == "int16" else 99 - 100 * (dtype == "int8"))
    filters, none = 12, None
    shapes = {"conv": (filters, 1, 1, 12), "depthwise": (1, 2, 2, 12), "dense": (filters, 12),
              "transposed": (filters, 2, 2, 12), "matmul": (1, 6, 12, filters)}
    axis = {"depthwise": 3}.get(kind, 0)
    scale = rng.uniform(0.1, 0.9, 12).astype(np.float32) if per_channel else np.float32(0.37)
    weights = Quantized(np.zeros(shapes[kind], weight_type), scale,
                        131 if dtype == "uint8" else 0, axis if per_channel else -1)
    small(rng, x)
    small(rng, weights)
    bias = Quantized(rng.integers(-50, 50, filters).astype(np.int64 if dtype == "int16" else np.int32),
                     np.float32(0.05) * scale, 0, 0 if per_channel else -1)
    out = Quantized(np.zeros((1, 6, 6, filters), dtype), 0.051, x.zero_point)
    plain = dict(stride=(1, 1), dilation=(1, 1), pad_before=(0, 0), pad_after=(0, 0))
    padding = schema.Padding.SAME if kind == "depthwise" else schema.Padding.VALID
    fields = dict(padding=padding, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1,
                  fusedActivationFunction=0)
    if kind == "conv":
        y = run_operator("CONV_2D", [x, weights, bias], out, option("Conv2DOptions", **fields),
                         constants=(1, 2))
        own = weights.data.transpose(1, 2, 3, 0)
        own = Quantized(own, weights.scale, weights.zero_point, 3 if per_channel else -1)
        w.add(name, "conv2d", [x, own, bias], y, none, groups=1, **plain)
    elif kind == "depthwise":
        plain["pad_after"] = (1, 1)
        y = run_operator("DEPTHWISE_CONV_2D", [x, weights, bias], out,
                         option("DepthwiseConv2DOptions", depthMultiplier=1, **fields),
                         constants=(1, 2))
        own = Quantized(weights.data.reshape(2, 2, 1, filters), weights.scale, weights.zero_point,
                        3 if per_channel else -1)
        w.add(name, "conv2d", [x, own, bias], y, none, groups=12, **plain)
    elif kind == "dense":
        x.data, out.data = x.data.reshape(36, 12), out.data.reshape(36, filters)
        y = run_operator("FULLY_CONNECTED", [x, weights, bias], out,
                         option("FullyConnectedOptions", fusedActivationFunction=0),
                         constants=(1, 2))
        own = Quantized(weights.data.T, weights.scale, weights.zero_point)
        w.add(name, "dense", [x, own, bias], y)
    elif kind == "transposed":
        shape = Quantized(np.int32([1, 7, 7, filters]))
        out.data = np.zeros((1, 7, 7, filters), dtype)
        y = run_operator("TRANSPOSE_CONV", [shape, weights, x, bias], out,
                         option("TransposeConvOptions", padding=1, strideH=1, strideW=1,
                                fusedActivationFunction=0), constants=(0, 1, 3))
        own = Quantized(weights.data.transpose(1, 2, 0, 3), weights.scale, weights.zero_point,
                        2 if per_channel else -1)
        w.add(name, "conv_transpose2d", [x, own, bias], y, none, output_padding=(0, 0), groups=1,
              **plain)
    else:
        y = run_operator("BATCH_MATMUL", [x, weights], out,
                         option("BatchMatMulOptions", adjX=False, adjY=False))
        w.add(name, "matmul", [x, weights], y, transpose_a=False, transpose_b=False)


def write(w):
    write_coarse(w)
    conv_case(w, "conv_3x3", (6, 7), 8, 16)
    conv_case(w, "conv_3x3_relu", (5, 5), 4, 9, act="RELU")
    conv_case(w, "conv_3x3_relu6_stride", (9, 8), 3, 8, stride=(2, 2), act="RELU6")
    conv_case(w, "conv_valid_n1", (6, 6), 5, 7, padding="VALID", act="RELU_N1_TO_1")
    conv_case(w, "conv_1x1", (5, 7), 24, 20, kernel=(1, 1), batch=2)
    conv_case(w, "conv_1x1_odd", (3, 3), 7, 33, kernel=(1, 1), act="RELU")
    conv_case(w, "conv_1x1_stride", (6, 5), 6, 16, kernel=(1, 1), stride=(2, 2))
    conv_case(w, "conv_dilated", (9, 10), 4, 8, dilation=(2, 3))
    conv_case(w, "conv_grouped", (5, 6), 12, 24, groups=3)
    conv_case(w, "conv_grouped_dilated", (7, 7), 6, 4, groups=2, dilation=(2, 2))
    conv_case(w, "conv_wide_kernel", (10, 4), 1, 8, kernel=(10, 4), stride=(2, 2), act="RELU")
    conv_case(w, "conv_per_tensor", (5, 5), 6, 10, per_channel=False)
    conv_case(w, "conv_no_bias", (4, 4), 6, 10, bias=False)
    conv_case(w, "conv_batch", (4, 5), 3, 17, batch=3)
    conv_case(w, "conv_uint8", (5, 6), 7, 18, dtype="uint8", act="RELU6")
    conv_case(w, "conv_uint8_1x1", (4, 5), 16, 16, kernel=(1, 1), dtype="uint8")
    conv_case(w, "conv_int16", (4, 5), 6, 9, dtype="int16")
    conv_case(w, "depthwise_3x3", (7, 6), 16, 16, depthwise=True)
    conv_case(w, "depthwise_relu6", (6, 9), 24, 24, depthwise=True, act="RELU6")
    conv_case(w, "depthwise_stride", (8, 8), 8, 8, depthwise=True, stride=(2, 2), act="RELU")
    conv_case(w, "depthwise_odd", (5, 5), 5, 5, depthwise=True, padding="VALID")
    conv_case(w, "depthwise_multiplier", (5, 4), 6, 12, depthwise=True)
    conv_case(w, "depthwise_one_to_many", (12, 5), 1, 8, (10, 4), (2, 2), depthwise=True)
    conv_case(w, "depthwise_dilated", (9, 9), 8, 8, depthwise=True, dilation=(2, 2))
    conv_case(w, "depthwise_5x5", (7, 7), 19, 19, kernel=(5, 5), depthwise=True)
    conv_case(w, "depthwise_2x4", (7, 7), 9, 9, kernel=(2, 4), depthwise=True, per_channel=False)
    conv_case(w, "depthwise_uint8", (6, 6), 10, 10, depthwise=True, dtype="uint8", act="RELU")
    conv_case(w, "depthwise_int16", (5, 5), 6, 6, depthwise=True, dtype="int16")
    dense_case(w, "dense", (1, 40), 12)
    dense_case(w, "dense_relu", (1, 33), 17, act="RELU")
    dense_case(w, "dense_batch", (5, 12), 10)
    dense_case(w, "dense_rank3", (2, 3, 16), 32, act="RELU6")
    dense_case(w, "dense_per_channel", (3, 21), 19, per_channel=True)
    dense_case(w, "dense_no_bias", (2, 8), 5, bias=False)
    dense_case(w, "dense_uint8", (2, 30), 18, dtype="uint8")
    dense_case(w, "dense_int16", (2, 20), 7, dtype="int16")
    transposed_case(w, "transposed_same", (4, 5), 6, 5, (3, 3), (2, 2), "SAME")
    transposed_case(w, "transposed_valid", (3, 4), 5, 9, (3, 2), (1, 2), "VALID")
    transposed_case(w, "transposed_gap", (3, 3), 4, 3, (2, 2), (3, 3), "SAME", act="RELU")
    transposed_case(w, "transposed_no_bias", (3, 3), 8, 4, (4, 4), (2, 2), "SAME", bias=False)
    transposed_case(w, "transposed_uint8", (3, 4), 5, 6, (3, 3), (2, 2), "SAME", dtype="uint8")
    matmul_case(w, "matmul", (4, 9), (9, 5))
    matmul_case(w, "matmul_transposed", (2, 3, 8), (2, 6, 8), transpose_b=True)
    matmul_case(w, "matmul_transposed_a", (2, 8, 3), (2, 8, 5), transpose_a=True)
    matmul_case(w, "matmul_broadcast", (2, 1, 4, 7), (3, 7, 6))
