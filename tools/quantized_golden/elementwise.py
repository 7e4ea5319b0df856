"""Sums, products, comparisons, activations, conversions: element by element."""

import numpy as np

from .oracle import CLIPS, Quantized, fused, option, random_stored, rng_of, run_operator

BINARY = {
    "add": ("ADD", "AddOptions"),
    "subtract": ("SUB", "SubOptions"),
    "multiply": ("MUL", "MulOptions"),
    "maximum": ("MAXIMUM", "MaximumMinimumOptions"),
    "minimum": ("MINIMUM", "MaximumMinimumOptions"),
    "squared_difference": ("SQUARED_DIFFERENCE", "SquaredDifferenceOptions"),
    "equal": ("EQUAL", "EqualOptions"),
    "less": ("LESS", "LessOptions"),
    "less_equal": ("LESS_EQUAL", "LessEqualOptions"),
    "greater": ("GREATER", "GreaterOptions"),
    "greater_equal": ("GREATER_EQUAL", "GreaterEqualOptions"),
}


def binary_case(w, name, kind, a_shape, b_shape, a=(0.031, -5), b=(0.017, 12), y=(0.04, -9),
                dtype="int8", act="NONE"):
    rng = rng_of(name)
    left = Quantized(random_stored(rng, a_shape, dtype), *a)
    right = Quantized(random_stored(rng, b_shape, dtype), *b)
    shape = np.broadcast_shapes(a_shape, b_shape)
    code, options = BINARY[kind]
    compares = code in ("EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
    expected = Quantized(np.zeros(shape, bool)) if compares else Quantized(np.zeros(shape, dtype), *y)
    extra = {"fusedActivationFunction": fused(act)} if code in ("ADD", "SUB", "MUL") else {}
    if code in ("ADD", "SUB"):
        extra["potScaleInt16"] = False
    result = run_operator(code, [left, right], expected, option(options, **extra), version=2)
    w.add(name, "binary", [left, right], result, CLIPS[act], kind=kind)


def activation_case(w, name, code, kind, x=(0.05, -11), y=(0.04, -20), dtype="int8", options=None,
                    reference=True, **numbers):
    # Every stored number once.
    info = np.iinfo(dtype)
    stored = np.arange(info.min, info.max + 1) if dtype != "int16" else np.arange(-32768, 32768, 337)
    value = Quantized(stored.astype(dtype).reshape(1, -1), *x)
    expected = Quantized(np.zeros(value.data.shape, dtype), *y)
    result = run_operator(code, [value], expected, options, reference=reference)
    w.add(name, "activation", [value], result, kind=kind, **numbers)


def prelu_case(w, name, shape, slope_shape, dtype="int8"):
    rng = rng_of(name)
    zero = 0 if dtype == "int8" else 128
    x = Quantized(random_stored(rng, shape, dtype), 0.04, zero - 3)
    slope = Quantized(random_stored(rng, slope_shape, dtype), 0.006, zero + 9)
    expected = Quantized(np.zeros(shape, dtype), 0.031, zero - 14)
    result = run_operator("PRELU", [x, slope], expected, constants=(1,))
    w.add(name, "prelu", [x, slope], result)


def quantize_case(w, name, x, dtype, scale, zero_point):
    expected = Quantized(np.zeros(x.data.shape, dtype), scale, zero_point)
    w.add(name, "quantize", [x], run_operator("QUANTIZE", [x], expected, option("QuantizeOptions")))


def dequantize_case(w, name, x):
    expected = Quantized(np.zeros(x.data.shape, np.float32))
    result = run_operator("DEQUANTIZE", [x], expected, option("DequantizeOptions"))
    w.add(name, "dequantize", [x], result)


def coarse_multiply(w, name, dtype, zero_point):
    """A factor near 1: how often and how a product is rounded shows."""
    rng = rng_of(name)
    left = Quantized((zero_point + rng.integers(-12, 12, (20, 30))).astype(dtype), 0.31, zero_point)
    right = Quantized((zero_point + rng.integers(-12, 12, (20, 30))).astype(dtype), 0.17, zero_point)
    expected = Quantized(np.zeros((20, 30), dtype), 0.12, zero_point)
    y = run_operator("MUL", [left, right], expected, option("MulOptions", fusedActivationFunction=0))
    w.add(name, "binary", [left, right], y, kind="multiply")


def write_binary(w):
    for dtype, zero_point in (("int8", 3), ("uint8", 130), ("int16", 0)):
        coarse_multiply(w, "coarse_multiply_" + dtype, dtype, zero_point)
    binary_case(w, "add", "add", (2, 5, 6, 8), (2, 5, 6, 8))
    binary_case(w, "add_same_scales", "add", (3, 70), (3, 70), b=(0.031, -5))
    binary_case(w, "add_relu", "add", (1, 4, 4, 7), (1, 4, 4, 7), act="RELU")
    binary_case(w, "add_relu6", "add", (6, 9), (6, 9), act="RELU6", y=(0.023, -128))
    binary_case(w, "add_broadcast", "add", (2, 3, 4, 5), (5,))
    binary_case(w, "add_scalar", "add", (1, 40), (1, 1))
    binary_case(w, "add_uint8", "add", (4, 30), (4, 30), (0.02, 100), (0.03, 7), (0.04, 60), "uint8")
    binary_case(w, "add_int16", "add", (4, 20), (4, 20), (3e-4, 0), (2e-4, 0), (4e-4, 0), "int16")
    binary_case(w, "subtract", "subtract", (3, 4, 50), (3, 4, 50))
    binary_case(w, "subtract_broadcast", "subtract", (3, 1, 20), (4, 20), b=(0.055, -40))
    binary_case(w, "subtract_uint8", "subtract", (90,), (90,), (0.02, 9), (0.03, 70), (0.04, 130),
                "uint8")
    binary_case(w, "multiply", "multiply", (2, 5, 33), (2, 5, 33), y=(0.03, 3))
    binary_case(w, "multiply_relu", "multiply", (60,), (60,), act="RELU", y=(0.03, 3))
    binary_case(w, "multiply_broadcast", "multiply", (1, 4, 4, 12), (1, 1, 1, 12), y=(0.03, -128))
    binary_case(w, "multiply_uint8", "multiply", (80,), (80,), (0.02, 90), (0.03, 7), (0.04, 60),
                "uint8")
    binary_case(w, "multiply_int16", "multiply", (60,), (60,), (3e-4, 0), (2e-4, 0), (1e-3, 0),
                "int16")
    same = dict(a=(0.02, 4), b=(0.02, 4), y=(0.02, 4))
    binary_case(w, "maximum", "maximum", (3, 30), (3, 30), **same)
    binary_case(w, "minimum_broadcast", "minimum", (3, 30), (30,), **same)
    binary_case(w, "squared_difference", "squared_difference", (4, 50), (4, 50), y=(0.2, -128))
    binary_case(w, "squared_difference_broadcast", "squared_difference", (4, 50), (50,),
                y=(0.11, -100))
    for kind in ("equal", "less", "less_equal", "greater", "greater_equal"):
        binary_case(w, kind, kind, (4, 60), (4, 60), a=(0.03, -5), b=(0.0297, -2))
    binary_case(w, "equal_same", "equal", (4, 60), (60,), a=(0.001, -5), b=(0.001, -5))
    binary_case(w, "less_uint8", "less", (99,), (99,), (0.03, 120), (0.02, 7), dtype="uint8")


def write_activations(w):
    for dtype, x, y in (("int8", (0.05, -11), (0.04, -20)), ("uint8", (0.05, 117), (0.04, 108))):
        low = np.iinfo(dtype).min
        end = "" if dtype == "int8" else "_uint8"
        inf = {"alpha": 0.0, "beta": None}
        activation_case(w, "relu" + end, "RELU", "clip", x, y, dtype, **inf)
        activation_case(w, "relu_same" + end, "RELU", "clip", x, x, dtype, **inf)
        activation_case(w, "relu6" + end, "RELU6", "clip", x, (0.024, low), dtype, alpha=0.0, beta=6.0)
        activation_case(w, "relu_n1" + end, "RELU_N1_TO_1", "clip", x, (0.01, low + 126), dtype,
                        alpha=-1.0, beta=1.0)
        activation_case(w, "sigmoid" + end, "LOGISTIC", "sigmoid", x, (1 / 256, low), dtype)
        activation_case(w, "tanh" + end, "TANH", "tanh", (0.021, x[1]), (1 / 128, low + 128), dtype)
        activation_case(w, "hard_swish" + end, "HARD_SWISH", "hard_swish", x, y, dtype,
                        options=option("HardSwishOptions"))
        activation_case(w, "hard_swish_fine" + end, "HARD_SWISH", "hard_swish", (0.011, x[1]),
                        (0.006, y[1]), dtype, options=option("HardSwishOptions"))
        activation_case(w, "leaky_relu" + end, "LEAKY_RELU", "threshold_relu", x, y, dtype,
                        options=option("LeakyReluOptions", alpha=0.3), alpha=0.3, beta=None)
        activation_case(w, "gelu_erf" + end, "GELU", "gelu_erf", x, y, dtype,
                        options=option("GeluOptions", approximate=False))
        activation_case(w, "gelu_tanh" + end, "GELU", "gelu_tanh", x, y, dtype,
                        options=option("GeluOptions", approximate=True))
    activation_case(w, "hard_swish_coarse", "HARD_SWISH", "hard_swish", (0.2, 30), (0.14, -9))
    activation_case(w, "elu", "ELU", "elu", reference=False, alpha=1.0)
    activation_case(w, "exp", "EXP", "exp", (0.02, 3), (0.05, -128), options=option("ExpOptions"))
    activation_case(w, "relu_int16", "RELU", "clip", (3e-4, 0), (2e-4, 0), "int16", alpha=0.0,
                    beta=None)
    activation_case(w, "leaky_relu_int16", "LEAKY_RELU", "threshold_relu", (3e-4, 0), (2e-4, 0),
                    "int16", options=option("LeakyReluOptions", alpha=0.1), alpha=0.1, beta=None)
    prelu_case(w, "prelu", (1, 4, 5, 6), (1, 1, 6))
    prelu_case(w, "prelu_full", (2, 3, 4, 5), (3, 4, 5))
    prelu_case(w, "prelu_uint8", (1, 4, 5, 6), (1, 1, 6), "uint8")


def write_conversions(w):
    rng = rng_of("conversions")
    real = Quantized(np.float32(rng.normal(0, 2, (3, 40))))
    real.data[0, :4] = [1e3, -1e3, 0.0125, -0.0125]
    quantize_case(w, "quantize_int8", real, "int8", 0.025, 7)
    quantize_case(w, "quantize_uint8", real, "uint8", 0.03, 130)
    quantize_case(w, "quantize_int16", real, "int16", 2e-4, 0)
    for a, b in (("int8", "int8"), ("int8", "uint8"), ("uint8", "int8"), ("int16", "int8")):
        zero = {"int8": -4, "uint8": 123, "int16": 0}
        x = Quantized(random_stored(rng, (2, 50), a), 0.02 if a != "int16" else 1e-4, zero[a])
        quantize_case(w, f"requantize_{a}_{b}", x, b, 0.031 if b != "int16" else 2e-4, zero[b] + 0)
    x = Quantized(random_stored(rng, (100,), "uint8"), 0.02, 128)
    quantize_case(w, "requantize_sign", x, "int8", 0.02, 0)
    for dtype, zero in (("int8", -9), ("uint8", 200), ("int16", 0)):
        dequantize_case(w, "dequantize_" + dtype,
                        Quantized(random_stored(rng, (4, 30), dtype), 0.0371, zero))
    scales = np.float32([0.1, 0.02, 0.33])
    dequantize_case(w, "dequantize_axis",
                    Quantized(random_stored(rng, (4, 3, 5)), scales, [0, 0, 0], 1))


def write(w):
    write_binary(w)
    write_activations(w)
    write_conversions(w)
