"""Models that the reader must refuse, and one (good_names) that it must read."""

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from . import hybrid
from .builder import Model, Quant

ACT = schema.ActivationFunctionType


def _add(m=None, act=ACT.NONE):
    """x + constant."""
    m = m or Model()
    x = m.input((1, 4))
    other = m.constant(np.ones(4, np.float32))
    y = m.tensor((1, 4))
    m.op("ADD", [x, other], [y], "AddOptions", fusedActivationFunction=act)
    m.output(y)
    return m


def _conv(kernel_shape=(2, 1, 1, 3), quant=None, dtype=np.float32):
    m = Model()
    x = m.input((1, 2, 2, 3))
    kernel = m.constant(np.ones(kernel_shape), dtype, quant)
    y = m.tensor((1, 2, 2, 2))
    m.op("CONV_2D", [x, kernel], [y], "Conv2DOptions", strideH=1, strideW=1)
    m.output(y)
    return m


def good_names():
    m = Model()
    last = m.input((1, 4), name="serving_default:0")
    for name in ("model/conv/Relu;model/conv/Conv", "model/conv/Relu;model/conv/Conv", "inner/0",
                 "a\tb;c", "StatefulPartitionedCall:0"):
        y = m.tensor((1, 4), name=name)
        m.op("RELU", [last], [y])
        last = y
    m.output(last)
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serving_default", 0

    def mapped(name, index):
        made = schema.TensorMapT()
        made.name, made.tensorIndex = name, index
        return [made]

    signature.inputs, signature.outputs = mapped("image", 0), mapped("scores", last)
    m.model.signatureDefs = [signature]
    return m


def good_signatures():
    """Two signatures, of a subgraph each; the second is of the first subgraph."""
    m = Model()
    x = m.input((1, 4))
    y = m.tensor((1, 4))
    m.op("TANH", [x], [y])
    m.output(y)
    second = m.begin_subgraph()
    z = m.input((1, 3))
    w = m.tensor((1, 3))
    m.op("RELU", [z], [w])
    m.output(w)
    m.end_subgraph()
    m.model.signatureDefs = []
    for key, index, (given, made), names in (("encode", second, (z, w), ("code_in", "code")),
                                             ("decode", 0, (x, y), ("text_in", "text"))):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = key, index
        for field, name, tensor in (("inputs", names[0], given), ("outputs", names[1], made)):
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name, tensor
            setattr(signature, field, [entry])
        m.model.signatureDefs.append(signature)
    return m


def loop_open():
    """A loop whose end hangs on the input."""
    m = Model()
    condition = m.begin_subgraph()
    x, y = m.input((1,)), m.tensor((1,), np.bool_)
    m.op("LESS", [x, m.scalar(1, np.float32)], [y], "LessOptions")
    m.output(y)
    m.end_subgraph()
    body = m.begin_subgraph()
    x, y = m.input((1,)), m.tensor((1,))
    m.op("ADD", [x, m.scalar(1, np.float32)], [y], "AddOptions")
    m.output(y)
    m.end_subgraph()
    x, y = m.input((1,)), m.tensor((1,))
    m.op("WHILE", [x], [y], "WhileOptions", condSubgraphIndex=condition, bodySubgraphIndex=body)
    m.output(y)
    return m


def _loop_from(start, body_of):
    m = Model()
    condition = m.begin_subgraph()
    m.input((1,), np.int32)
    y = m.constant([True], np.bool_)
    m.output(y)
    m.end_subgraph()
    body = m.begin_subgraph()
    x, y = m.input((1,), np.int32), m.tensor((1,), np.int32)
    body_of(m, x, y, body)
    m.output(y)
    m.end_subgraph()
    z, w = m.input((1,)), m.tensor((1,))
    y = m.tensor((1,), np.int32)
    m.op("WHILE", [m.constant([start], np.int32)], [y], "WhileOptions",
         condSubgraphIndex=condition, bodySubgraphIndex=body)
    m.op("RELU", [z], [w])
    m.output(w)
    return m


def loop_endless():
    return _loop_from(0, lambda m, x, y, body: m.op("ADD", [x, m.scalar(1)], [y], "AddOptions"))


def loop_in_itself():
    return _loop_from(0, lambda m, x, y, body: m.op(
        "WHILE", [x], [y], "WhileOptions", condSubgraphIndex=body - 1, bodySubgraphIndex=body))


def variable_unset():
    m = Model()
    handle, kept, y, x = m.resource(), m.tensor((1, 4)), m.tensor((1, 4)), m.input((1, 4))
    m.op("VAR_HANDLE", [], [handle], "VarHandleOptions", container="", sharedName="kernel")
    m.op("READ_VARIABLE", [handle], [kept], "ReadVariableOptions")
    m.op("ADD", [x, kept], [y], "AddOptions")
    m.output(y)
    return m


def custom():
    m = _add()
    made = m.op("CUSTOM", [m.graph.outputs[0]], [m.tensor((1, 4))])
    m.model.operatorCodes[made.opcodeIndex].customCode = "My_Operator"
    # t2 is taken by the output of ADD; the message names this operator's own.
    m.graph.tensors[made.outputs[0]].name = "t2"
    return m


def unsupported():
    m = Model()
    x = m.input((4,))
    m.op("UNIQUE", [x], [m.tensor((4,)), m.tensor((4,), np.int32)], "UniqueOptions")
    m.output(1)
    return m


def unknown_code():
    m = _add()
    m.model.operatorCodes[0].builtinCode = 999
    return m


def call():
    m = Model()
    x = m.input((1,))
    y = m.tensor((1,))
    m.op("WHILE", [x], [y], "WhileOptions", condSubgraphIndex=0, bodySubgraphIndex=0)
    m.output(y)
    return m


def sparse():
    m = _conv()
    sparsity = schema.SparsityParametersT()
    sparsity.traversalOrder, sparsity.dimMetadata = [0, 1, 2, 3], []
    m.graph.tensors[1].sparsity = sparsity
    return m


def string():
    m = _add()
    m.graph.tensors[0].type = schema.TensorType.STRING
    return m


def sign_bit():
    return _add(act=ACT.SIGN_BIT)


def shuffled():
    m = Model()
    x = m.input((1, 4))
    y = m.tensor((1, 2))
    m.op("FULLY_CONNECTED", [x, m.constant(np.ones((2, 4), np.float32))], [y],
         "FullyConnectedOptions", weightsFormat=1)
    m.output(y)
    return m


def variable():
    m = Model()
    x = m.input((1, 4))
    y = m.variable((1, 4))
    z = m.tensor((1, 4))
    m.op("ADD", [x, y], [z], "AddOptions")
    m.output(z)
    return m


def computed_shape():
    m = Model()
    x = m.input((1, 4))
    shape = m.input((2,), np.int32)
    y = m.tensor((2, 2))
    m.op("RESHAPE", [x, shape], [y], "ReshapeOptions")
    m.output(y)
    return m


def open_size():
    m = _add()
    m.graph.tensors[0].shapeSignature = [1, -1]
    return m


def batch_dims():
    m = Model()
    x = m.input((2, 4, 3))
    y = m.tensor((2, 2, 3))
    m.op("GATHER", [x, m.constant(np.zeros((2, 2), np.int32))], [y], "GatherOptions", axis=1,
         batchDims=1)
    m.output(y)
    return m


def version():
    m = _add()
    m.model.version = 2
    return m


def channel_activation():
    m = Model()
    x = m.input((1, 2), np.int8, Quant([0.1, 0.2], 0, 1))
    y = m.tensor((1, 2), np.int8, Quant(0.1))
    m.op("RELU", [x], [y])
    m.output(y)
    return m


def tensor_index():
    m = _add()
    m.graph.operators[0].inputs = [0, 99]
    return m


def opcode_index():
    m = _add()
    m.graph.operators[0].opcodeIndex = 7
    return m


def buffer_index():
    m = _add()
    m.graph.tensors[1].buffer = 50
    # Without data it is taken for a tensor that is computed; without elements it is a constant.
    m.graph.tensors[1].shape = [0]
    return m


def buffer_size():
    m = _add()
    m.model.buffers[1].data = m.model.buffers[1].data[:12]
    return m


def read_before_made():
    m = _add()
    m.graph.operators[0].inputs = [0, 2]
    return m


def made_twice():
    m = _add()
    m.op("RELU", [0], [2])
    return m


def scale_zero():
    return _conv(quant=Quant(0.0), dtype=np.int8)


def scale_count():
    return _conv(quant=Quant([0.1, 0.2, 0.3]), dtype=np.int8)


def no_options():
    m = _conv()
    m.graph.operators[0].builtinOptions = None
    m.graph.operators[0].builtinOptionsType = 0
    return m


def no_outputs():
    m = _add()
    m.graph.operators[0].outputs = []
    return m


def kernel_shape():
    return _conv(kernel_shape=(2, 1, 1, 2))


def no_operators():
    m = _add()
    m.graph.operators = []
    return m


def fill_bomb():
    m = Model()
    x = m.input((1, 4))
    big = m.tensor((1,))
    m.op("FILL", [m.integers(10000, 20000), m.scalar(1, np.float32)], [big], "FillOptions")
    y = m.tensor((1,))
    m.op("ADD", [x, big], [y], "AddOptions")
    m.output(y)
    return m


def shared_buffer_bomb():
    """Many tensors of one buffer, each of which would be a copy."""
    m = Model()
    last = m.input((1, 4))
    first = m.constant(np.ones(20_000, np.float16), np.float16)
    for _ in range(400):
        made = m.tensor((20_000,), np.float16)
        m.graph.tensors[made].buffer = m.graph.tensors[first].buffer
        y = m.tensor((20_000,))
        m.op("DEQUANTIZE", [made], [y], "DequantizeOptions")
    out = m.tensor((1, 4))
    m.op("RELU", [last], [out])
    m.output(out)
    return m


def _integer_lstm(hidden_scale=0.01, cell_scale=2.0 ** -12, peepholes=False, gates=4):
    m = Model()
    state = Quant(0.01, 3)
    x = m.input((1, 3, 2), np.int8, Quant(0.02))
    inputs = [x] + [m.constant(np.ones((4, columns)), np.int8, Quant(0.01))
                    for columns in (2, 4) for _ in range(4)]
    inputs += [m.constant(np.ones(4), np.int16, Quant(0.01)) if peepholes else -1
               for _ in range(3)]
    inputs += [m.constant(np.ones(4), np.int32, Quant(0.0002)) for _ in range(4)]
    inputs += [-1, -1, m.variable((1, 4), np.int8, state),
               m.variable((1, 4), np.int16, Quant(cell_scale)), -1, -1, -1, -1]
    y = m.tensor((1, 3, 4), np.int8, state)
    made = m.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], "UnidirectionalSequenceLSTMOptions",
                fusedActivationFunction=ACT.TANH)
    made.intermediates = [m.tensor((0,)) for _ in range(gates)]
    made.intermediates.append(m.tensor((0,), np.int8, Quant(hidden_scale, 3)))
    m.output(y)
    return m


def lstm_no_intermediates():
    return _integer_lstm(gates=0)


def lstm_hidden_scale():
    return _integer_lstm(hidden_scale=0.02)


def lstm_cell_scale():
    return _integer_lstm(cell_scale=0.001)


def lstm_integer_peepholes():
    return _integer_lstm(peepholes=True)


def write_all(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for make in (good_names, good_signatures, loop_open, loop_endless, loop_in_itself,
                 variable_unset, custom, unsupported, unknown_code, call, sparse, string, sign_bit,
                 shuffled, variable, computed_shape, open_size, batch_dims, version,
                 channel_activation, tensor_index, opcode_index, buffer_index, buffer_size,
                 read_before_made, made_twice, scale_zero, scale_count, no_options, no_outputs,
                 kernel_shape, no_operators, fill_bomb, shared_buffer_bomb, lstm_no_intermediates,
                 lstm_hidden_scale, lstm_cell_scale, lstm_integer_peepholes, *hybrid.BAD):
        (folder / f"{make.__name__}.tflite").write_bytes(make().bytes())
    (folder / "README.md").write_text(
        "# TensorFlow Lite models to refuse\n\nOne fault each, as the name says; `good_names` and "
        "`good_signatures` must load. Made by `tools/make_tflite_golden.py`.\n")
