#!/usr/bin/env python3
"""Hundreds of small models as Keras and TensorFlow Lite write them: do they load, are they right,
and at every cut?

    tools/check_model_zoo.py                     all of them
    tools/check_model_zoo.py --only keras --match "networks|conv1d"    those of one writer, by name

Each model of tools/model_zoo/keras_models.py is written as .keras and .h5, and converted to
TensorFlow Lite as it is, with float16 weights, with dynamic ranges, with int8 and with int16
activations. What Keras, or LiteRT, makes of a random input is compared with `tinysplit infer` of
the whole, and then head and tail of every cut with the whole. Floats may differ by 1e-5 of the largest
number (1e-2 under mixed_float16; 2e-2 where LiteRT computes on int8 what the file has in float32),
integers not at all from LiteRT's reference kernels; cuts give the same bits. Prints the table of
docs/model-zoo.md and every model that is refused or wrong; exits with 1 if one is wrong. Needs
tools/requirements.txt.
"""

import argparse
import collections
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.filterwarnings("ignore")
logging.getLogger("absl").setLevel(logging.ERROR)

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Case:
    """A file, what it was given and what its own runtime made of that."""

    def __init__(self, writer, name, path, inputs, outputs, tolerance):
        self.writer, self.name, self.path = writer, name, path
        self.inputs, self.outputs, self.tolerance = inputs, outputs, tolerance


class Tinysplit:
    def __init__(self, binary, folder):
        self.binary, self.folder = str(binary), folder

    def infer(self, model, inputs, *options):
        np.savez(self.folder / "x.npz", **inputs)
        done = subprocess.run(
            [self.binary, "infer", str(model), "--input", str(self.folder / "x.npz"), "--output",
             str(self.folder / "y.npz"), *map(str, options)], capture_output=True, text=True,
            timeout=120)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().split("\n")[-1])
        with np.load(self.folder / "y.npz") as outputs:
            return {name: outputs[name] for name in outputs.files}

    def inputs_of(self, model):
        import json
        done = subprocess.run([self.binary, "inspect", str(model), "--json"], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().split("\n")[-1])
        described = json.loads(done.stdout)
        return [each["name"] for each in described["inputs"]], described["layers"]


def random_inputs(shapes, seed=3):
    random = np.random.default_rng(seed)
    return [random.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]


def keras_cases(models, folder, suffixes, tolerance):
    import keras
    for kind, name, model in models:
        arrays = random_inputs([(1, *each.shape[1:]) for each in model.inputs])
        outputs = model(arrays if len(arrays) > 1 else arrays[0], training=False)
        outputs = [np.asarray(each) for each in (outputs if isinstance(outputs, list) else [outputs])]
        for suffix in suffixes:
            path = folder / f"{name}{suffix}"
            try:
                model.save(path)
                # Of operations the older format keeps too little for Keras to read them again.
                keras.models.load_model(path)
            except Exception:  # no model, then
                continue
            yield Case(suffix[1:], f"{kind}/{name}{suffix}", path, arrays, outputs, tolerance)


def conversions():
    import tensorflow as tf
    lite = tf.lite
    builtins = lite.OpsSet.TFLITE_BUILTINS

    def half(converter, _):
        converter.optimizations = [lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]

    def dynamic(converter, _):
        converter.optimizations = [lite.Optimize.DEFAULT]

    def calibrated(converter, model):
        converter.optimizations = [lite.Optimize.DEFAULT]
        shapes = [(1, *each.shape[1:]) for each in model.inputs]
        converter.representative_dataset = lambda: (random_inputs(shapes, s) for s in range(12))

    def int8(converter, model):
        calibrated(converter, model)
        converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS_INT8, builtins]
        converter.inference_input_type = converter.inference_output_type = tf.int8

    def int16(converter, model):
        calibrated(converter, model)
        converter.target_spec.supported_ops = [
            lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, builtins]

    return {"float32": (lambda *_: None, 1e-5), "float16 weights": (half, 1e-5),
            "dynamic range": (dynamic, 2e-2), "int8": (int8, 0), "int16": (int16, 0)}


def run_litert(path, arrays):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    for resolver in (OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        try:
            interpreter = Interpreter(str(path), experimental_op_resolver_type=resolver)
            interpreter.allocate_tensors()
            break
        except RuntimeError:  # the reference kernels lack some operators
            continue
    else:
        return None
    details = sorted(interpreter.get_input_details(), key=lambda each: each["name"])
    given = []
    for detail, array in zip(details, arrays):
        if detail["dtype"] != np.float32:
            scale, zero = detail["quantization"]
            limits = np.iinfo(detail["dtype"])
            array = np.clip(np.round(array / scale + zero), limits.min,
                            limits.max).astype(detail["dtype"])
        interpreter.set_tensor(detail["index"], array)
        given.append((detail["name"], array))
    interpreter.invoke()
    outputs = [interpreter.get_tensor(each["index"]) for each in interpreter.get_output_details()]
    return dict(given), outputs


def tflite_cases(models, folder):
    import tensorflow as tf
    kinds = conversions()
    for kind, name, model in models:
        arrays = random_inputs([(1, *each.shape[1:]) for each in model.inputs])
        for writer, (prepare, tolerance) in kinds.items():
            converter = tf.lite.TFLiteConverter.from_keras_model(model)
            prepare(converter, model)
            path = folder / f"{name}_{writer.replace(' ', '_')}.tflite"
            try:
                path.write_bytes(converter.convert())
                ran = run_litert(path, arrays)
            except Exception:  # the converter has no such network
                continue
            if ran is not None:
                yield Case(f"tflite {writer}", f"{kind}/{path.name}", path, ran[0], ran[1],
                           tolerance)


def difference(found, expected, tolerance):
    """Empty where they agree."""
    if found.shape != expected.shape:
        return f"shape {found.shape}, not {expected.shape}"
    if not np.issubdtype(expected.dtype, np.floating):
        unequal = int(np.count_nonzero(found != expected))
        return f"{unequal} of {expected.size} integers differ" if unequal else ""
    largest = max(float(np.max(np.abs(expected), initial=0)), 1e-6)
    worst = float(np.max(np.abs(found.astype(np.float64) - expected), initial=0)) / largest
    return "" if worst <= max(tolerance, 1e-5) else f"{worst:.2g} of the largest number"


def check_cuts(tinysplit, case, inputs, whole, layers):
    for cut in range(1, layers):
        live = tinysplit.infer(case.path, inputs, "--end", cut)
        tail = tinysplit.infer(case.path, live, "--begin", cut)
        for name, array in whole.items():
            same = np.array_equal(tail[name], array, equal_nan=array.dtype.kind == "f")
            # A cut within a folded batch normalisation may differ by 1e-5, as documented.
            if not same and difference(tail[name], array, 1e-5):
                return f"cut {cut}: {name} differs"
    return ""


def check(tinysplit, case):
    """(verdict, detail); the verdict is one of right, refused, wrong, wrong cut."""
    try:
        names, layers = tinysplit.inputs_of(case.path)
    except RuntimeError as error:
        return "refused", str(error)
    if isinstance(case.inputs, dict):
        inputs = case.inputs if set(case.inputs) == set(names) else dict(
            zip(sorted(names), [case.inputs[key] for key in sorted(case.inputs)]))
    else:
        inputs = dict(zip(names, case.inputs))
    try:
        whole = tinysplit.infer(case.path, inputs)
        for found, expected in zip(whole.values(), case.outputs):
            wrong = difference(found, expected, case.tolerance)
            if wrong:
                return "wrong", wrong
        wrong = check_cuts(tinysplit, case, inputs, whole, len(layers))
    except RuntimeError as error:
        return "refused", str(error)
    return ("wrong cut", wrong) if wrong else ("right", "")


def all_cases(folder, only, match):
    from model_zoo import keras_models

    def chosen(models):
        return (each for each in models if re.search(match, f"{each[0]}/{each[1]}"))

    if "keras" in only:
        yield from keras_cases(chosen(keras_models.models()), folder, (".keras", ".h5"), 1e-5)
        yield from keras_cases(chosen(keras_models.mixed_precision_models()), folder, (".keras",),
                               1e-2)
    if "tflite" in only:
        yield from tflite_cases(chosen(keras_models.models()), folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tinysplit", type=pathlib.Path, default=ROOT / "build/release/tinysplit")
    parser.add_argument("--only", choices=("keras", "tflite"), nargs="+",
                        default=("keras", "tflite"))
    parser.add_argument("--match", default="", help="a regular expression for kind/name")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the models")
    options = parser.parse_args()
    counts = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        tinysplit = Tinysplit(options.tinysplit, pathlib.Path(temporary))
        for case in all_cases(folder, options.only, options.match):
            verdict, detail = check(tinysplit, case)
            counts[case.writer][verdict] += 1
            if verdict != "right":
                print(f"{verdict}: {case.name}: {detail}", flush=True)
    print("\n| written as | models | right | refused | wrong | wrong at a cut |\n|---|---|---|---|---|---|")
    for writer, verdicts in counts.items():
        print(f"| {writer} | {sum(verdicts.values())} | {verdicts['right']} | "
              f"{verdicts['refused']} | {verdicts['wrong']} | {verdicts['wrong cut']} |")
    return any(each["wrong"] + each["wrong cut"] for each in counts.values())


if __name__ == "__main__":
    sys.exit(main())
