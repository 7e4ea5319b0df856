"""Models of one operator, made field by field and run by TensorFlow Lite's reference kernels."""

import dataclasses
import zlib

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

DTYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
}

CLIPS = {
    "NONE": None,
    "RELU": (0.0, np.inf),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


@dataclasses.dataclass
class Quantized:
    """An array with its quantisation; scale None where it has none."""

    data: np.ndarray
    scale: object = None
    zero_point: object = 0
    axis: int = -1

    def scales(self):
        return [] if self.scale is None else [float(s) for s in np.atleast_1d(np.float32(self.scale))]

    def zero_points(self):
        if self.scale is None:
            return []
        points = np.atleast_1d(np.int64(self.zero_point))
        return [int(p) for p in np.broadcast_to(points, (len(self.scales()),))]

    def real(self):
        shape = [1] * self.data.ndim
        if self.axis >= 0:
            shape[self.axis] = -1
        scale = np.reshape(np.float64(self.scales()), shape if self.axis >= 0 else ())
        points = np.reshape(np.float64(self.zero_points()), shape if self.axis >= 0 else ())
        return scale * (np.float64(self.data) - points)


def rng_of(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def random_stored(rng, shape, dtype="int8", low=None, high=None):
    info = np.iinfo(dtype)
    low = info.min if low is None else low
    high = info.max if high is None else high
    return rng.integers(low, high, shape, dtype=dtype, endpoint=True)


def _quantization(value):
    if value.scale is None:
        return None
    parameters = schema.QuantizationParametersT()
    parameters.scale = value.scales()
    parameters.zeroPoint = value.zero_points()
    parameters.quantizedDimension = max(value.axis, 0)
    return parameters


def run_operator(code, inputs, output, options=None, constants=(), version=1,
                 reference=True):
    """Runs one built-in operator; `output` gives dtype, shape and quantisation of its result.

    `inputs` may hold None for an operand that is left out. Those whose index is in `constants` are
    stored in the model, the others are fed. Not `reference`: by the optimised kernels, for operators
    that have no others.
    """
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    operator_code = schema.OperatorCodeT()
    number = getattr(schema.BuiltinOperator, code)
    operator_code.builtinCode = number
    operator_code.deprecatedBuiltinCode = min(number, 127)
    operator_code.version = version
    model.operatorCodes = [operator_code]
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs = [], []
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    operator.inputs = []
    for i, value in enumerate([*inputs, output]):
        if value is None:
            operator.inputs.append(-1)
            continue
        tensor = schema.TensorT()
        tensor.name = f"t{i}"
        tensor.shape = list(value.data.shape)
        tensor.type = DTYPES[value.data.dtype.name]
        tensor.quantization = _quantization(value)
        if i in constants:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(value.data.tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
        graph.tensors.append(tensor)
        at = len(graph.tensors) - 1
        if i == len(inputs):
            operator.outputs = [at]
            graph.outputs = [at]
        else:
            operator.inputs.append(at)
            if i not in constants:
                graph.inputs.append(at)
    if options is not None:
        operator.builtinOptions = options
        kind = type(options).__name__.removesuffix("T")
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
    graph.operators = [operator]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    resolvers = tf.lite.experimental.OpResolverType
    resolver = (
        resolvers.BUILTIN_REF if reference else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter = tf.lite.Interpreter(
        model_content=bytes(builder.Output()), experimental_op_resolver_type=resolver, num_threads=1
    )
    interpreter.allocate_tensors()
    fed = [v for i, v in enumerate(inputs) if v is not None and i not in constants]
    for value, detail in zip(fed, interpreter.get_input_details()):
        interpreter.set_tensor(detail["index"], value.data)
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert result.shape == output.data.shape, (code, result.shape, output.data.shape)
    return Quantized(result, output.scale, output.zero_point, output.axis)


def option(kind, **fields):
    value = getattr(schema, kind + "T")()
    for name, content in fields.items():
        assert hasattr(value, name), (kind, name)
        setattr(value, name, content)
    return value


def fused(activation):
    return getattr(schema.ActivationFunctionType, activation)
