#!/usr/bin/env python3
"""Writes tests/data/tflite: TensorFlow Lite models, with inputs and what LiteRT's reference kernels
make of them.

    tools/make_tflite_golden.py [--out tests/data/tflite] [--mlperf DIR] [--only NAME...]

--mlperf adds one input and output of each MLPerf Tiny model in that folder.
"""

import argparse
import os
import pathlib
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import flatbuffers  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.lite.python import schema_py_generated as schema  # noqa: E402

from tflite_golden import bad, control, element_types, functions, hybrid, operators, quantized  # noqa: E402

# Integer weights under float32 activations.
DYNAMIC_RANGE = ("dynamic_range", "kws_fp32")

README = """# Golden TensorFlow Lite models

`<case>.tflite` is a model with random weights, `<case>.npz` its inputs `x0`, `x1`, ... in the
order of the model, and its outputs `y0`, `y1`, ...: what the reference kernels of LiteRT
(`OpResolverType.BUILTIN_REF`) in tensorflow {tensorflow} computed, numpy {numpy}. A case holds one
operator in all its options. Made by `tools/make_tflite_golden.py` with `tools/requirements.txt`;
weights and inputs are seeded, so that the files come out the same again.

Without this: `dynamic_range` and `mlperf_kws_fp32`, whose integer weights were made float32 first, as
the interpreter otherwise quantises the activations at run time too (what loses nothing in
`hybrid_weights`, of whole numbers); `without_reference`, operators
that only the default resolver has.

`mlperf_*.npz`: one seeded input and output of each MLPerf Tiny reference model, which is not in
this project.
"""


def interpreter_of(content, name):
    types = tf.lite.experimental.OpResolverType
    plain = types.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=plain if name == "without_reference" else types.BUILTIN_REF)
    interpreter.allocate_tensors()
    return interpreter


def with_float_weights(content):
    """The model with the integer weights of its float32 operators made float32: else the
    interpreter quantises the activations there as well, differently from run to run."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if graph.tensors[operator.outputs[0]].type != schema.TensorType.FLOAT32:
            continue
        for index in operator.inputs:
            tensor = graph.tensors[index] if index >= 0 else None
            if tensor is None or tensor.type != schema.TensorType.INT8 or tensor.buffer == 0:
                continue
            numbers = np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(np.int8)
            numbers = numbers.reshape(tensor.shape).astype(np.float32)
            if len(tensor.quantization.scale) > 0:
                sizes = np.ones(len(tensor.shape), int)
                sizes[tensor.quantization.quantizedDimension] = -1
                scale = np.asarray(tensor.quantization.scale, np.float32)
                numbers *= scale.reshape(sizes if len(scale) > 1 else -1)
            if len(model.buffers[tensor.buffer].data) == 0:
                continue
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(numbers.tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
            tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def random_input(rng, detail, name):
    if name in hybrid.CASES:
        return hybrid.whole_numbers(rng, detail["shape"], detail["name"])
    shape, dtype = detail["shape"], np.dtype(detail["dtype"])
    if dtype == np.float32:
        return rng.normal(0, 1.5, shape).astype(np.float32)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(np.bool_)
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -3000), min(info.max, 3000) + 1, shape).astype(dtype)


def run(content, name):
    if name in DYNAMIC_RANGE:
        content = with_float_weights(content)
    interpreter = interpreter_of(content, name)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    arrays = {}
    for i, detail in enumerate(interpreter.get_input_details()):
        arrays[f"x{i}"] = random_input(rng, detail, name)
        interpreter.set_tensor(detail["index"], arrays[f"x{i}"])
    interpreter.invoke()
    for i, detail in enumerate(interpreter.get_output_details()):
        y = np.array(interpreter.get_tensor(detail["index"]))
        arrays[f"y{i}"] = y
        if y.dtype == np.float32 and not np.isfinite(y).all():
            raise ValueError(f"{name}: y{i} is not finite")
        if y.size > 3 and np.all(y == y.flat[0]):
            print(f"{name}: y{i} is constant")
    return arrays


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=root / "tests" / "data" / "tflite")
    parser.add_argument("--mlperf", type=pathlib.Path, help="folder of the MLPerf Tiny models")
    parser.add_argument("--only", nargs="*", help="these cases")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, make in {**operators.CASES, **quantized.CASES, **element_types.CASES,
                       **hybrid.CASES, **functions.CASES, **control.CASES}.items():
        if args.only and name not in args.only:
            continue
        model = make()
        content = model.bytes()
        arrays = run((model.twin or model).bytes(), name)
        (args.out / f"{name}.tflite").write_bytes(content)
        np.savez_compressed(args.out / f"{name}.npz", **arrays)
    bad.write_all(args.out.parent / "tflite_bad")
    for path in sorted(args.mlperf.glob("*.tflite")) if args.mlperf else []:
        np.savez_compressed(args.out / f"mlperf_{path.stem}.npz",
                            **run(path.read_bytes(), path.stem))
    (args.out / "README.md").write_text(README.format(
        tensorflow=tf.__version__, numpy=np.__version__))
    size = sum(f.stat().st_size for f in args.out.iterdir())
    print(f"{args.out}: {len(list(args.out.glob('*.npz')))} cases, {size} bytes")


if __name__ == "__main__":
    main()
