"""Exported TensorFlow Lite files in LiteRT's reference kernels, and in TensorFlow Lite Micro where
the package tflite-micro is installed."""

import subprocess

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

try:
    from tflite_micro.python.tflite_micro import runtime as micro
except ImportError:
    micro = None

ALIGNMENT = 16
MICRO_ARENA_BYTES = 8 << 20


def run_litert(content, inputs):
    """{name: array} of the outputs, by the names of the file's signature."""
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    return interpreter.get_signature_runner("serving_default")(**inputs)


def run_micro(content, inputs):
    """The same in TensorFlow Lite Micro, which knows no names: they are in the file's order."""
    model = schema.Model.GetRootAs(content)
    signature = model.SignatureDefs(0)
    interpreter = micro.Interpreter.from_bytes(content, arena_size=MICRO_ARENA_BYTES)
    for i in range(signature.InputsLength()):
        interpreter.set_input(inputs[signature.Inputs(i).Name().decode()], i)
    interpreter.invoke()
    return {signature.Outputs(i).Name().decode(): np.array(interpreter.get_output(i))
            for i in range(signature.OutputsLength())}


def operator_versions(content):
    model = schema.Model.GetRootAs(content)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    return {max(c.BuiltinCode(), c.DeprecatedBuiltinCode()): c.Version() for c in codes}


def check_layout(content):
    """Every constant begins at a multiple of 16 bytes."""
    model = schema.Model.GetRootAs(content)
    for i in range(model.BuffersLength()):
        buffer = model.Buffers(i)
        if buffer.DataLength() == 0:
            continue
        field = buffer._tab.Offset(4)
        at = buffer._tab.Vector(field)
        if at % ALIGNMENT != 0:
            raise ValueError(f"buffer {i} begins at {at}, not at a multiple of {ALIGNMENT}")


class Difference:
    """Largest difference of floats, relative to the largest value; elements of integers that
    differ."""

    def __init__(self):
        self.floats = 0.0
        self.integers = 0
        self.elements = 0

    def add(self, found, expected):
        if found.dtype != expected.dtype or found.shape != expected.shape:
            raise ValueError(f"{found.dtype}{found.shape}, not {expected.dtype}{expected.shape}")
        self.elements += expected.size
        if expected.dtype == np.float32:
            scale = max(float(np.abs(expected).max()), 1e-30)
            worst = float(np.abs(found.astype(np.float64) - expected).max()) / scale
            self.floats = max(self.floats, worst)
        else:
            self.integers += int(np.sum(found != expected))

    def __str__(self):
        return f"{self.floats:.1e} relative, {self.integers} of {self.elements} integers"


class Ours:
    """This project's outputs of a model, by its command line."""

    def __init__(self, binary, model, folder):
        self.binary, self.model, self.folder = str(binary), str(model), folder

    def run(self, inputs, begin, end):
        fed, made = self.folder / "inputs.npz", self.folder / "outputs.npz"
        np.savez(fed, **inputs)
        subprocess.run([self.binary, "infer", self.model, "--input", str(fed), "--begin",
                        str(begin), "--end", str(end), "--output", str(made)],
                       check=True, capture_output=True)
        with np.load(made) as arrays:
            return {name: arrays[name] for name in arrays.files}


def random_inputs(content, rng):
    """{name: array} for the inputs of a file's signature."""
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    details = interpreter.get_signature_runner("serving_default").get_input_details()
    return {name: random_array(rng, detail["shape"], np.dtype(detail["dtype"]))
            for name, detail in details.items()}


def random_array(rng, shape, dtype):
    if dtype == np.float32:
        return rng.normal(0, 1, shape).astype(np.float32)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(np.bool_)
    if dtype.itemsize > 2:
        return rng.integers(0, 5, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max + 1, shape).astype(dtype)


class Checked:
    """What the files of one model came to."""

    def __init__(self):
        self.files = 0
        self.litert, self.micro = Difference(), Difference()
        self.refused_by_micro = set()

    def compare(self, content, inputs, expected):
        check_layout(content)
        self.files += 1
        self._add(self.litert, run_litert(content, inputs), expected)
        if micro is None:
            return
        try:
            found = run_micro(content, inputs)
        except RuntimeError as error:
            self.refused_by_micro.add(str(error))
            return
        self._add(self.micro, found, expected)

    @staticmethod
    def _add(difference, found, expected):
        for name in found:
            difference.add(found[name], expected[name])


def check_model(ours, layers, read_export, splits_fusion=()):
    """Compares the whole model, and the head and the tail of every cut, with our own outputs.
    `read_export(part, cut)` gives the bytes of a file; those of a cut inside of a folded batch
    normalisation are left out."""
    checked = Checked()
    whole = read_export("whole", 0)
    inputs = random_inputs(whole, np.random.default_rng(1))
    expected = ours.run(inputs, 0, layers)
    checked.compare(whole, inputs, expected)
    for cut in range(1, layers):
        if cut in splits_fusion:
            continue
        live = ours.run(inputs, 0, cut)
        for part, fed, wanted in (("head", inputs, live), ("tail", live, expected)):
            content = read_export(part, cut)
            if content is not None:
                checked.compare(content, fed, {**live, **wanted})
    return checked
