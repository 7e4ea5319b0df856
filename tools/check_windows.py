#!/usr/bin/env python3
"""Operators with windows, exported as TensorFlow Lite, in the newest LiteRT.

    tools/check_windows.py [--binary build/release/tinysplit] [--sizes 1 4 5 8] [--only keras int8 onnx]

Convolutions, depthwise and transposed ones and pools, of one and two dimensions, over kernel ×
stride × padding × dilation × size of the image: as Keras layers (float32), as LiteRT's converter
quantises them (int8), and with the borders that only ONNX can say (each side by itself, counted or
not, cells added behind). One model holds all variants of an operator on one size as its outputs.
Each is read and written by `tinysplit export` and run by ai-edge-litert with its reference kernels
and with those that it chooses itself. Floats may differ from `tinysplit infer` by 1e-5 of the
largest number, integers not at all with the reference kernels and by one step with others; and
`tinysplit infer` from the framework itself by 1e-5. Exits with 1 if anything else comes out.
"""

import argparse
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_ERROR = 1e-5
CHANNELS = 4


class Tinysplit:
    def __init__(self, binary, folder):
        self.binary, self.folder = str(binary), pathlib.Path(folder)

    def run(self, *arguments):
        done = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())

    def infer(self, model, x):
        given, made = self.folder / "x.npy", self.folder / "y.npz"
        np.save(given, x)
        self.run("infer", model, "--input", given, "--output", made)
        with np.load(made) as outputs:
            return {name: outputs[name] for name in outputs.files}

    def export(self, model):
        path = self.folder / "exported.tflite"
        path.unlink(missing_ok=True)
        self.run("export", model, "--target", "tflite", "--output", path)
        return path.read_bytes()


def run_litert(content, x, reference):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    kind = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kind)
    runner = interpreter.get_signature_runner("serving_default")
    (name,) = runner.get_input_details()
    return runner(**{name: x})


def difference(found, expected):
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return np.inf
    if found.dtype == np.float32:
        return np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-6)
    return np.abs(found.astype(int) - expected.astype(int)).max()


class Sweep:
    def __init__(self, tinysplit):
        self.tinysplit = tinysplit
        self.variants, self.failures = 0, []

    def fail(self, what, why):
        self.failures.append(f"{what}: {why}")
        print("FAILED", self.failures[-1], flush=True)

    def check(self, what, model, x, truth=None):
        """All outputs of a model file, or why not; `truth` is what its own framework makes."""
        try:
            ours = self.tinysplit.infer(model, x)
            content = self.tinysplit.export(model)
        except RuntimeError as error:
            self.fail(what, error)
            return
        self.variants += len(ours)
        for name, expected in (truth or {}).items():
            if difference(ours[name], expected) > (MOST_ERROR if expected.dtype == np.float32 else 0):
                self.fail(f"{what}, {name}", "infer differs from the framework")
        for reference in (True, False):
            kernels = "reference kernels" if reference else "default kernels"
            try:
                theirs = run_litert(content, x, reference)
            except (RuntimeError, ValueError) as error:
                self.fail(f"{what}, {kernels}", str(error)[:200])
                continue
            for name, expected in ours.items():
                most = MOST_ERROR if expected.dtype == np.float32 else 0 if reference else 1
                found = difference(theirs[name], expected)
                if not found <= most:
                    self.fail(f"{what}, {name}, {kernels}", f"differs by {found}")


def keras_variants(dims, size):
    """{operator: [(name, layer)]} of everything that Keras has of `dims` dimensions."""
    import keras
    layers = keras.layers
    found = {"convolution": [], "depthwise": [], "transposed": [], "max": [], "average": []}
    for kernel, stride, padding in itertools.product((1, 2, 3, 4, 5), (1, 2, 3), ("same", "valid")):
        if padding == "valid" and kernel > size:
            fits = False
        else:
            fits = True
        name = f"k{kernel}s{stride}{padding}"
        of = {"strides": stride, "padding": padding}
        if fits:
            conv = layers.Conv2D if dims == 2 else layers.Conv1D
            depth = layers.DepthwiseConv2D if dims == 2 else layers.DepthwiseConv1D
            top = layers.MaxPooling2D if dims == 2 else layers.MaxPooling1D
            mean = layers.AveragePooling2D if dims == 2 else layers.AveragePooling1D
            found["convolution"].append((name, conv(3, kernel, **of)))
            found["depthwise"].append((name, depth(kernel, **of)))
            found["max"].append((name, top(kernel, **of)))
            found["average"].append((name, mean(kernel, **of)))
        transposed = layers.Conv2DTranspose if dims == 2 else layers.Conv1DTranspose
        found["transposed"].append((name, transposed(3, kernel, **of)))
        if padding == "valid" and stride > 1 and kernel >= stride:
            added = stride - 1
            found["transposed"].append(
                (f"{name}o{added}", transposed(3, kernel, output_padding=added, **of)))
        for dilation in (2, 3):
            if stride == 1 and (padding == "same" or (kernel - 1) * dilation + 1 <= size):
                more = dict(of, dilation_rate=dilation)
                found["convolution"].append((f"{name}d{dilation}", conv(3, kernel, **more)))
                found["depthwise"].append((f"{name}d{dilation}", depth(kernel, **more)))
    return found


def keras_model(dims, size, variants):
    import keras
    x = keras.Input((size,) * (dims - 1) + (size + 1, CHANNELS) if dims == 2
                    else (size, CHANNELS))
    outputs = []
    for name, layer in variants:
        layer.bias_initializer = keras.initializers.RandomNormal(seed=len(outputs))
        layer.name = name
        outputs.append(layer(x))
    return keras.Model(x, outputs)


def sweep_keras(sweep, sizes, int8):
    import keras
    for dims, size in itertools.product((1, 2), sizes):
        for operator, variants in keras_variants(dims, size).items():
            keras.utils.set_random_seed(7)
            model = keras_model(dims, size, variants)
            rng = np.random.default_rng(size)
            x = rng.normal(size=(1, *model.input.shape[1:])).astype(np.float32)
            what = f"{'int8' if int8 else 'keras'} {dims}D {operator} of {size}"
            if int8:
                path = sweep.tinysplit.folder / "model.tflite"
                content = converted(model, rng, x.shape)
                path.write_bytes(content)
                x = rng.integers(-128, 128, x.shape).astype(np.int8)
                truth = dict(run_litert(content, x, reference=True))
            else:
                path = sweep.tinysplit.folder / "model.keras"
                model.save(path)
                made = model(x, training=False)
                made = made if isinstance(made, (list, tuple)) else [made]
                truth = {name: np.asarray(y) for (name, _), y in zip(variants, made)}
            sweep.check(what, path, x, truth)


def converted(model, rng, shape):
    import tensorflow as tf
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: (
        [rng.normal(size=shape).astype(np.float32)] for _ in range(8))
    return converter.convert()


def onnx_nodes(operator, size):
    """[(name, attributes, shape of the weights)] of one ONNX operator, borders side by side."""
    rows, columns = size, size + 1
    for kernel, stride, dilation in itertools.product((1, 2, 3, 4), (1, 2, 3), (1, 2)):
        reach = (kernel - 1) * dilation + 1
        for pads in ((0, 0, 0, 0), (1, 1, 1, 1), (1, 0, 0, 1), (0, 1, 2, 0), (2, 2, 1, 1)):
            fits = (rows + pads[0] + pads[2] >= reach and columns + pads[1] + pads[3] >= reach)
            of = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": list(pads)}
            name = f"k{kernel}s{stride}d{dilation}p" + "".join(map(str, pads))
            if operator in ("MaxPool", "AveragePool"):
                if dilation > 1 or max(pads) >= kernel or not fits:
                    continue
                yield name, of, None
                if operator == "AveragePool":
                    yield name + "c", dict(of, count_include_pad=1), None
            elif operator == "ConvTranspose":
                whole = [(n - 1) * stride + reach for n in (rows, columns)]
                if dilation > 1 or whole[0] <= pads[0] + pads[2] or whole[1] <= pads[1] + pads[3]:
                    continue
                for more in range(min(stride, 3)):
                    yield (f"{name}o{more}", dict(of, output_padding=[more] * 2),
                           (CHANNELS, 3, kernel, kernel))
            elif fits:
                of["dilations"] = [dilation] * 2
                yield name, dict(of, group=1), (3, CHANNELS, kernel, kernel)
                yield name + "g", dict(of, group=CHANNELS), (CHANNELS, 1, kernel, kernel)


def sweep_onnx(sweep, sizes):
    import onnx
    import onnxruntime
    from onnx import helper, numpy_helper
    for operator, size in itertools.product(("Conv", "ConvTranspose", "MaxPool", "AveragePool"),
                                            sizes):
        rng = np.random.default_rng(size)
        nodes, weights, outputs = [], [], []
        for name, attributes, shape in onnx_nodes(operator, size):
            inputs = ["x"]
            if shape is not None:
                kernel = rng.normal(size=shape).astype(np.float32)
                filters = shape[1] if operator == "ConvTranspose" else shape[0]
                weights += [numpy_helper.from_array(kernel, name + "w"), numpy_helper.from_array(
                    rng.normal(size=filters).astype(np.float32), name + "b")]
                inputs += [name + "w", name + "b"]
            nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
            outputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
        x = rng.normal(size=(1, CHANNELS, size, size + 1)).astype(np.float32)
        given = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)
        model = helper.make_model(helper.make_graph(nodes, "windows", [given], outputs, weights),
                                  opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
        path = sweep.tinysplit.folder / "model.onnx"
        onnx.save(model, path)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        truth = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"x": x})))
        sweep.check(f"onnx {operator} of {size}", path, x, truth)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=ROOT / "build/release/tinysplit")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 4, 5, 8])
    parser.add_argument("--only", nargs="+", default=["keras", "int8", "onnx"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sweep = Sweep(Tinysplit(arguments.binary, folder))
        if "keras" in arguments.only:
            sweep_keras(sweep, arguments.sizes, int8=False)
        if "int8" in arguments.only:
            sweep_keras(sweep, arguments.sizes, int8=True)
        if "onnx" in arguments.only:
            sweep_onnx(sweep, arguments.sizes)
    print(f"{sweep.variants} windows, {len(sweep.failures)} failures")
    sys.exit(bool(sweep.failures))


if __name__ == "__main__":
    main()
