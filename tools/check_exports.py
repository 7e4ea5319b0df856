#!/usr/bin/env python3
"""Exported models in the runtimes that they are for: Keras, LiteRT and ONNX Runtime.

    tools/check_exports.py                                   the bundled and the MLPerf Tiny models
    tools/check_exports.py --every 5 --targets keras,tflite MODEL...

For every model and target, the whole model and head and tail at every cut are written by
`tinysplit export` and run in the target's runtime: the whole on a random input, the head on the
same, the tail on what that head gave. Outputs are compared with those of `tinysplit infer` of the
uncut model: floats relative to the largest number, at most 1e-5, integers exactly. Prints the
table of docs/exporting.md; exits with 1 if a difference is larger. What a target cannot express is
counted and named. The target tflite-micro runs the same files in TensorFlow Lite Micro.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np

warnings.filterwarnings("ignore", category=UserWarning)  # of the interpreter's new place

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_ERROR = 1e-5
EXTENSIONS = {"keras": ".keras", "h5": ".h5", "tflite": ".tflite",
              "tflite-micro": ".tflite", "onnx": ".onnx"}


def default_models():
    mlperf = ROOT.parent / "shared" / "models" / "mlperf_tiny"
    bundled = sorted(ROOT.glob("models/*/*.keras"))
    return bundled + sorted(mlperf.glob("*.h5")) + sorted(mlperf.glob("*.tflite"))


class Tinysplit:
    def __init__(self, binary, folder):
        self.binary = str(binary)
        self.folder = pathlib.Path(folder)

    def run(self, *arguments):
        return subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True)

    def inspect(self, model):
        done = self.run("inspect", model, "--json")
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)

    def infer(self, model, arrays, end=-1):
        """Outputs of the layers before `end`, of all by default."""
        given, made = self.folder / "x.npz", self.folder / "y.npz"
        np.savez(given, **arrays)
        done = self.run("infer", model, "--input", given, "--output", made,
                        *(["--end", end] if end >= 0 else []))
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        with np.load(made) as outputs:
            return {name: outputs[name] for name in outputs.files}

    def export(self, model, target, *more):
        """What the command says of the file, and the file; or why there is none."""
        path = self.folder / ("part" + EXTENSIONS[target])
        kind = target.removesuffix("-micro")
        done = self.run("export", model, "--target", kind, "--output", path, "--json", *more)
        if done.returncode != 0:
            return None, done.stderr.strip()
        return json.loads(done.stdout), path


class Refused(Exception):
    """A runtime does not take the file, and why."""


def run_keras(path, inputs):
    import keras
    model = keras.models.load_model(path, compile=False)
    given = [np.asarray(x) for x in inputs]
    outputs = model(given if len(given) > 1 else given[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(y) for y in outputs]


def run_tflite(path, inputs, run=None):
    import tflite_runtimes
    content = path.read_bytes()
    names, made = tflite_runtimes.signature_names(content)
    run = run or tflite_runtimes.run_litert
    outputs = run(content, dict(zip(names, inputs, strict=True)))
    return [outputs[name] for name in made]


def run_micro(path, inputs):
    import tflite_runtimes
    try:
        return run_tflite(path, inputs, tflite_runtimes.run_micro)
    except RuntimeError as error:
        raise Refused(f"TensorFlow Lite Micro: {error}") from error


def run_onnx(path, inputs):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


RUNTIMES = {"keras": run_keras, "h5": run_keras, "tflite": run_tflite, "tflite-micro": run_micro,
            "onnx": run_onnx}


def random_inputs(described, seed):
    random = np.random.default_rng(seed)
    arrays = {}
    for tensor in described:
        dtype = np.dtype(tensor["dtype"])
        if dtype.kind == "f":
            arrays[tensor["name"]] = random.uniform(-1, 1, tensor["shape"]).astype(dtype)
        else:
            limits = np.iinfo(dtype)
            arrays[tensor["name"]] = random.integers(limits.min, limits.max, tensor["shape"],
                                                     dtype=dtype, endpoint=True)
    return arrays


def difference(found, expected):
    found = np.asarray(found).reshape(expected.shape)
    if expected.dtype.kind != "f":
        return 0.0 if np.array_equal(found, expected) else float("inf")
    largest = max(float(np.max(np.abs(expected))), 1e-30)
    return float(np.max(np.abs(found.astype(np.float64) - expected))) / largest


def run_part(target, described, path, tensors):
    """Runs an exported file on tensors by name; its outputs by name."""
    inputs = [tensors[tensor["name"]] for tensor in described["inputs"]]
    outputs = RUNTIMES[target](path, inputs)
    names = [tensor["name"] for tensor in described["outputs"]]
    return dict(zip(names, outputs, strict=True))


class Row:
    """What came of one model in one target."""

    def __init__(self, model, target):
        self.model, self.target = model, target
        self.cuts = self.refused = 0
        self.whole = None
        self.worst = 0.0
        self.reasons = set()

    def failed(self):
        return max(self.worst, self.whole or 0.0) > MOST_ERROR


def chain(tinysplit, model, target, cut, layers, inputs):
    """The uncut model's outputs by way of head and tail; or the reason why not."""
    tensors = dict(inputs)
    for part, exists in (("head", cut > 0), ("tail", cut < layers)):
        if not exists:
            continue
        described, path = tinysplit.export(model, target, "--part", part, "--cut", cut)
        if described is None:
            # A tail of nothing but dropout: the head has made every output.
            if "nothing that is used" in path:
                continue
            return None, path
        try:
            tensors.update(run_part(target, described, path, tensors))
        except Refused as refusal:
            return None, str(refusal)
    return tensors, None


def check(tinysplit, model, target, every):
    facts = tinysplit.inspect(model)
    inputs = random_inputs(facts["inputs"], seed=7)
    expected = tinysplit.infer(model, inputs)
    row = Row(pathlib.Path(model).stem, target)
    described, path = tinysplit.export(model, target)
    if described is None:
        row.reasons.add(path)
        return row
    try:
        found = run_part(target, described, path, dict(inputs))
        row.whole = max(difference(found[name], expected[name]) for name in expected)
    except Refused as refusal:
        row.reasons.add(str(refusal))
    layers = len(facts["layers"])
    for cut in range(0, layers + 1, every):
        tensors, reason = chain(tinysplit, model, target, cut, layers, inputs)
        if tensors is None:
            row.refused += 1
            row.reasons.add(reason)
            continue
        row.cuts += 1
        row.worst = max([row.worst] + [difference(tensors[n], expected[n]) for n in expected])
        # What the head hands on, where there is one, is what ours does.
        live = tinysplit.infer(model, inputs, end=cut) if 0 < cut < layers else {}
        row.worst = max([row.worst] + [difference(tensors[n], live[n]) for n in live])
    return row


def show(error):
    return "—" if error is None else "exact" if error == 0 else f"{error:.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--binary", default=ROOT / "build/release/tinysplit")
    parser.add_argument("--targets", default="keras,h5,tflite,onnx")
    parser.add_argument("--every", type=int, default=1, help="only each of so many cuts")
    arguments = parser.parse_args()
    rows = []
    print("| model | target | whole | cuts | largest difference | not written |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        tinysplit = Tinysplit(arguments.binary, folder)
        for model in arguments.models or default_models():
            for target in arguments.targets.split(","):
                row = check(tinysplit, model, target, arguments.every)
                rows.append(row)
                worst = show(row.worst if row.cuts else None)
                print(f"| {row.model} | {target} | {show(row.whole)} | {row.cuts} | {worst} | "
                      f"{row.refused} |", flush=True)
    for row in rows:
        for reason in sorted(row.reasons):
            print(f"{row.model}, {row.target}: {reason}")
    sys.exit(any(row.failed() for row in rows))


if __name__ == "__main__":
    main()
