"""TensorFlow Lite files in LiteRT's reference kernels and in TensorFlow Lite Micro."""

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

ALIGNMENT = 16
MICRO_ARENA_BYTES = 8 << 20
# The resolver of the reference kernels has none for these.
WITHOUT_REFERENCE = (schema.BuiltinOperator.ELU,)


def operators_of(content):
    model = schema.Model.GetRootAs(content)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    return {max(c.BuiltinCode(), c.DeprecatedBuiltinCode()) for c in codes}


def check_layout(content):
    """Every constant begins at a multiple of 16 bytes."""
    model = schema.Model.GetRootAs(content)
    for i in range(model.BuffersLength()):
        buffer = model.Buffers(i)
        if buffer.DataLength() == 0:
            continue
        data_field = 4
        begin = buffer._tab.Vector(buffer._tab.Offset(data_field))
        if begin % ALIGNMENT != 0:
            raise ValueError(f"buffer {i} begins at {begin}, no multiple of {ALIGNMENT}")


def signature_names(content):
    """Names of the inputs and of the outputs by the signature, in the file's own order."""
    model = schema.Model.GetRootAs(content)
    signature, graph = model.SignatureDefs(0), model.Subgraphs(0)
    inputs = {signature.Inputs(i).TensorIndex(): signature.Inputs(i).Name().decode()
              for i in range(signature.InputsLength())}
    outputs = {signature.Outputs(i).TensorIndex(): signature.Outputs(i).Name().decode()
               for i in range(signature.OutputsLength())}
    return ([inputs[index] for index in graph.InputsAsNumpy()],
            [outputs[index] for index in graph.OutputsAsNumpy()])


def run_litert(content, inputs):
    """{name: array} of the outputs for {name: array}, by the names of the signature."""
    check_layout(content)
    types = tf.lite.experimental.OpResolverType
    optimised = not operators_of(content).isdisjoint(WITHOUT_REFERENCE)
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=types.BUILTIN_WITHOUT_DEFAULT_DELEGATES if optimised
        else types.BUILTIN_REF)
    return interpreter.get_signature_runner("serving_default")(**inputs)


def run_micro(content, inputs):
    """The same in TensorFlow Lite Micro (package tflite-micro), which knows no names. Raises
    RuntimeError for an operator or a type that it does not have."""
    from tflite_micro.python.tflite_micro import runtime
    names, made = signature_names(content)
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=MICRO_ARENA_BYTES)
    for i, name in enumerate(names):
        interpreter.set_input(inputs[name], i)
    interpreter.invoke()
    return {name: np.array(interpreter.get_output(i)) for i, name in enumerate(made)}
