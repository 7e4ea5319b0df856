"""Every operator of every element type that LiteRT takes it of, in one file for each type.

Which those are LiteRT itself says: each operator is tried alone first, in a process of its own, as
some end the process where a type does not suit them.
"""

import os

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from .builder import TYPES, Model, Quant

SAME = schema.Padding.SAME
SHAPE = (1, 4, 6, 4)

# Quantisation of inputs, and of outputs that are rescaled.
QUANTS = {
    np.int8: (Quant(0.05, -9), Quant(0.09, 5)),
    np.uint8: (Quant(0.05, 119), Quant(0.09, 133)),
    np.int16: (Quant(0.002, 0), Quant(0.005, 0)),
}


class Of:
    """Adds single operators of one type to a model."""

    def __init__(self, dtype):
        self.m, self.dtype = Model(), dtype
        self.here, self.there = QUANTS.get(dtype, (None, None))
        self.x, self.other = (self.m.input(SHAPE, dtype, self.here) for _ in range(2))
        self.plain = self.m.input(SHAPE, dtype)  # without a scale

    def out(self, name, inputs, options=None, quant="here", dtype=None, count=1, shape=(1,),
            **fields):
        quant = getattr(self, quant) if quant in ("here", "there") else quant
        dtype = dtype or self.dtype
        ys = [self.m.tensor(shape, dtype, quant if dtype in QUANTS else None)
              for _ in range(count)]
        self.m.op(name, inputs, ys, options, **fields)
        self.m.output(*ys)

    def constant(self, shape, seed=0):
        rng = np.random.default_rng(seed)
        if self.dtype == np.bool_:
            return self.m.constant(rng.integers(0, 2, shape), np.bool_)
        if self.dtype == np.float32:
            return self.m.constant(rng.normal(0, 1, shape), np.float32)
        info = np.iinfo(self.dtype)
        numbers = rng.integers(max(info.min, -90), min(info.max, 90) + 1, shape)
        return self.m.constant(numbers, self.dtype, self.here)


    def positive(self, most):
        """Divisors and exponents."""
        numbers = np.random.default_rng(8).integers(1, most + 1, SHAPE)
        return self.m.constant(numbers, self.dtype, self.here)


def _kernel(of, shape, axis, seed):
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.008, 0.03, shape[axis])
    if of.dtype == np.uint8:
        return of.m.constant(rng.integers(0, 256, shape), np.uint8, Quant(0.01, 117)), [0.01]
    return of.m.constant(rng.integers(-127, 128, shape), np.int8, Quant(scale, 0, axis)), scale


def _bias(of, size, scale):
    numbers = np.random.default_rng(size).integers(-3000, 3000, size)
    dtype = np.int64 if of.dtype == np.int16 else np.int32
    return of.m.constant(numbers, dtype, Quant(np.asarray(scale) * of.here.scale[0], 0))


def _products():
    def convolution(of):
        kernel, scale = _kernel(of, (5, 3, 3, 4), 0, 1)
        of.out("CONV_2D", [of.x, kernel, _bias(of, 5, scale)], "Conv2DOptions", "there",
               padding=SAME, strideH=1, strideW=2)

    def depthwise(of):
        kernel, scale = _kernel(of, (1, 3, 3, 8), 3, 2)
        of.out("DEPTHWISE_CONV_2D", [of.x, kernel, _bias(of, 8, scale)], "DepthwiseConv2DOptions",
               "there", padding=SAME, strideH=1, strideW=1, depthMultiplier=2)

    def transposed(of):
        kernel, scale = _kernel(of, (3, 3, 3, 4), 0, 3)
        of.out("TRANSPOSE_CONV", [of.m.integers(1, 8, 12, 3), kernel, of.x], "TransposeConvOptions",
               "there", shape=(1, 8, 12, 3), padding=SAME, strideH=2, strideW=2)

    def dense(of):
        kernel, scale = _kernel(of, (7, 4), 0, 4)
        of.out("FULLY_CONNECTED", [of.x, kernel, _bias(of, 7, scale)], "FullyConnectedOptions",
               "there", keepNumDims=True)

    def matmul(of):
        of.out("BATCH_MATMUL", [of.x, of.other], "BatchMatMulOptions", "there", adjY=True)

    return [convolution, depthwise, transposed, dense, matmul]


def _windows():
    for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        yield lambda of, name=name: of.out(
            name, [of.x], "Pool2DOptions", padding=SAME, filterHeight=3, filterWidth=2, strideH=2,
            strideW=1)
    for name, options in (("RESIZE_BILINEAR", "ResizeBilinearOptions"),
                          ("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions")):
        yield lambda of, name=name, options=options: of.out(
            name, [of.x, of.m.integers(7, 9)], options, halfPixelCenters=True)


def _functions():
    for name in ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "ELU", "HARD_SWISH"):
        options = "HardSwishOptions" if name == "HARD_SWISH" else None
        yield lambda of, name=name, options=options: of.out(name, [of.x], options, "there")
    for name in ("GELU", "EXP", "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "LOG", "SIN", "COS",
                 "FLOOR", "CEIL", "ROUND", "SIGN"):
        options = {"GELU": "GeluOptions", "EXP": "ExpOptions", "ABS": "AbsOptions",
                   "NEG": "NegOptions", "SQUARE": "SquareOptions", "COS": "CosOptions",
                   "SIGN": "SignOptions"}.get(name)
        yield lambda of, name=name, options=options: of.out(name, [of.x], options, "there")
    yield lambda of: of.out("LEAKY_RELU", [of.x], "LeakyReluOptions", "there", alpha=0.3)
    yield lambda of: of.out("PRELU", [of.x, of.constant((1, 1, 4))], None, "there")
    low = {np.int8: -128, np.uint8: 0}

    def ends(of, low_scale, middle):
        start = low.get(of.dtype)
        if start is None:
            return Quant(1 / 32768, 0)
        return Quant(low_scale, start + (128 if middle else 0))

    yield lambda of: of.out("LOGISTIC", [of.x], None, ends(of, 1 / 256, False))
    yield lambda of: of.out("TANH", [of.x], None, ends(of, 1 / 128, True))
    yield lambda of: of.out("SOFTMAX", [of.x], "SoftmaxOptions", ends(of, 1 / 256, False), beta=1.0)
    yield lambda of: of.out("LOG_SOFTMAX", [of.x], "LogSoftmaxOptions",
                            Quant(16 / 256, {np.int8: 127, np.uint8: 255}.get(of.dtype, 0)))
    yield lambda of: of.out("L2_NORMALIZATION", [of.x], "L2NormOptions", ends(of, 1 / 128, True))


def _pairs():
    for name in ("ADD", "SUB", "MUL"):
        yield lambda of, name=name: of.out(name, [of.x, of.other], name.title() + "Options",
                                           "there")
    # What C++ says of a power beyond the type is nothing: squares stay inside.
    for name, most in (("DIV", 4), ("POW", 2), ("FLOOR_DIV", 4), ("FLOOR_MOD", 4)):
        options = name.title().replace("_", "") + "Options"
        yield lambda of, name=name, options=options, most=most: of.out(
            name, [of.x, of.positive(most)], options, "there")
    for name in ("MAXIMUM", "MINIMUM"):
        yield lambda of, name=name: of.out(name, [of.x, of.other], "MaximumMinimumOptions")
    yield lambda of: of.out("SQUARED_DIFFERENCE", [of.x, of.other], "SquaredDifferenceOptions",
                            "there")
    for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL",
                 "LOGICAL_AND", "LOGICAL_OR"):
        options = name.title().replace("_", "") + "Options"
        yield lambda of, name=name, options=options: of.out(name, [of.x, of.other], options,
                                                            dtype=np.bool_)
    yield lambda of: of.out("LOGICAL_NOT", [of.x], "LogicalNotOptions", dtype=np.bool_)

    def condition(of):
        return of.m.constant(np.random.default_rng(9).integers(0, 2, SHAPE), np.bool_)

    yield lambda of: of.out("SELECT", [condition(of), of.x, of.other], "SelectOptions")
    yield lambda of: of.out("SELECT_V2", [condition(of), of.x, of.constant((4,))],
                            "SelectV2Options")


def _conversions():
    def cast(of, dtype):
        # Of a negative float32 to uint8 C++ says nothing.
        if (of.dtype, dtype.type) != (np.float32, np.uint8) and dtype != np.float16:
            of.out("CAST", [of.plain], "CastOptions", None, dtype=dtype.type,
                   inDataType=TYPES[np.dtype(of.dtype)], outDataType=TYPES[dtype])

    yield lambda of: [cast(of, dtype) for dtype in TYPES]
    for dtype, (_, quant) in QUANTS.items():
        yield lambda of, dtype=dtype, quant=quant: of.out("QUANTIZE", [of.x], "QuantizeOptions",
                                                          quant, dtype=dtype)
    yield lambda of: of.out("DEQUANTIZE", [of.x], "DequantizeOptions", None, dtype=np.float32)


def _reductions():
    for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        quant = "there" if name in ("MEAN", "SUM") else "here"
        yield lambda of, name=name, quant=quant: of.out(
            name, [of.x, of.m.integers(1, 2)], "ReducerOptions", quant, keepDims=True)
    for name, options in (("ARG_MAX", "ArgMaxOptions"), ("ARG_MIN", "ArgMinOptions")):
        yield lambda of, name=name, options=options: of.out(
            name, [of.x, of.m.scalar(2)], options, dtype=np.int32,
            outputType=schema.TensorType.INT32)
    yield lambda of: of.out("CUMSUM", [of.x, of.m.scalar(2)], "CumsumOptions")


def _movements():
    paddings = np.array([[0, 0], [1, 2], [0, 1], [2, 0]], np.int32)
    yield lambda of: of.out("RESHAPE", [of.x, of.m.integers(2, -1, 3)], "ReshapeOptions",
                            newShape=[2, 16, 3])
    yield lambda of: of.out("SQUEEZE", [of.x], "SqueezeOptions", squeezeDims=[0])
    yield lambda of: of.out("EXPAND_DIMS", [of.x, of.m.scalar(1)], "ExpandDimsOptions")
    yield lambda of: of.out("TRANSPOSE", [of.x, of.m.integers(0, 3, 1, 2)], "TransposeOptions")
    yield lambda of: of.out("TILE", [of.x, of.m.integers(1, 2, 1, 3)], "TileOptions")
    yield lambda of: of.out("BROADCAST_TO", [of.x, of.m.integers(2, 4, 6, 4)],
                            "BroadcastToOptions")
    yield lambda of: of.out("REVERSE_V2", [of.x, of.m.integers(2)], "ReverseV2Options")
    yield lambda of: of.out("CONCATENATION", [of.x, of.other, of.constant((1, 4, 6, 2))],
                            "ConcatenationOptions", axis=3)
    yield lambda of: of.out("PACK", [of.x, of.other], "PackOptions", valuesCount=2, axis=1)
    yield lambda of: of.out("GATHER", [of.x, of.m.integers(3, 0, 3)], "GatherOptions", axis=2)

    def fill(of):
        filled = of.m.tensor(SHAPE, of.dtype, of.here)
        of.m.op("FILL", [of.m.integers(*SHAPE), of.constant(())], [filled], "FillOptions")
        of.out("CONCATENATION", [of.x, filled], "ConcatenationOptions", axis=1)

    yield fill
    yield lambda of: of.out("PAD", [of.x, of.m.constant(paddings)], "PadOptions")
    yield lambda of: of.out("PADV2", [of.x, of.m.constant(paddings), of.constant((1,), 3)],
                            "PadV2Options")
    for mode in (schema.MirrorPadMode.REFLECT, schema.MirrorPadMode.SYMMETRIC):
        yield lambda of, mode=mode: of.out("MIRROR_PAD", [of.x, of.m.constant(paddings)],
                                           "MirrorPadOptions", mode=mode)
    yield lambda of: of.out("SPACE_TO_DEPTH", [of.x], "SpaceToDepthOptions", blockSize=2)
    yield lambda of: of.out("DEPTH_TO_SPACE", [of.x], "DepthToSpaceOptions", blockSize=2)
    yield lambda of: of.out(
        "STRIDED_SLICE",
        [of.x, of.m.integers(0, 3, 0, 1), of.m.integers(1, 0, 6, 3), of.m.integers(1, -1, 2, 1)],
        "StridedSliceOptions")
    yield lambda of: of.out("SLICE", [of.x, of.m.integers(0, 1, 2, 0), of.m.integers(1, 3, -1, 2)],
                            "SliceOptions", shape=(1, 3, 4, 2))
    yield lambda of: of.out("SPLIT", [of.m.scalar(3), of.x], "SplitOptions", count=2, numSplits=2)
    yield lambda of: of.out("SPLIT_V", [of.x, of.m.integers(1, -1, 2), of.m.scalar(2)],
                            "SplitVOptions", count=3, numSplits=3)
    yield lambda of: of.out("UNPACK", [of.x], "UnpackOptions", count=4, num=4, axis=3)


def _candidates(dtype):
    made = [*_windows(), *_functions(), *_pairs(), *_conversions(), *_reductions(), *_movements()]
    return (_products() if dtype in QUANTS else []) + made


def _works(content):
    """Whether LiteRT runs the model; asked in a process of its own."""
    child = os.fork()
    if child == 0:
        from tensorflow import lite
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            interpreter = lite.Interpreter(
                model_content=content,
                experimental_op_resolver_type=lite.experimental.OpResolverType.BUILTIN_REF)
            interpreter.allocate_tensors()
            interpreter.invoke()
        except (RuntimeError, ValueError):
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


# What LiteRT takes and the reader here does not; and SUM of int8, which its reference kernel gets
# wrong (another case has it by its other kernel).
REFUSED = {
    np.int8: ("ABS", "DIV", "FLOOR_DIV", "FLOOR_MOD", "LOG", "LOG_SOFTMAX", "NEG", "REDUCE_PROD",
              "SUM"),
    np.uint8: ("DIV", "LOG_SOFTMAX"),
    np.int16: ("ABS", "BATCH_MATMUL", "DIV", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER",
               "GREATER_EQUAL", "EXP", "FLOOR_DIV", "FLOOR_MOD", "GELU", "LOG", "NEG", "PRELU",
               "REDUCE_PROD", "SUM"),
    np.int32: ("MEAN", "QUANTIZE"),
    np.int64: ("MEAN", "PADV2"),
    np.bool_: ("PADV2", "REDUCE_PROD", "SUM"),
    # Of negative numbers; another case has them of others.
    np.float32: ("LOG", "SQRT", "RSQRT"),
}

NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items()}


def of_type(dtype):
    whole = Of(dtype)
    for add in _candidates(dtype):
        alone = Of(dtype)
        add(alone)
        name = NAMES[alone.m.model.operatorCodes[0].builtinCode]
        if name in REFUSED.get(dtype, ()):
            continue
        if _works(alone.m.bytes()):
            add(whole)
        else:
            print(f"LiteRT takes no {name} of {np.dtype(dtype).name}")
    return whole.m


CASES = {f"types_{np.dtype(dtype).name}": lambda dtype=dtype: of_type(dtype)
         for dtype in (np.float32, np.int8, np.uint8, np.int16, np.int32, np.int64, np.bool_)}
