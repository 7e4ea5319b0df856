#!/usr/bin/env python3
"""Exported models in the runtimes that they are for: Keras, LiteRT and ONNX Runtime.

    tools/check_exports.py                                   the bundled and the MLPerf Tiny models
    tools/check_exports.py --every 5 --targets keras,tflite MODEL...

For every model and target, the whole model and head and tail at every cut are written by
`tinysplit export` and run in the target's runtime: the whole on a random input, the head on the
same, the tail on what that head gave. What they give is compared with what `tinysplit infer` of
the uncut model gives: types and shapes, floats relative to the largest number of a tensor, at most
1e-5, integers exactly. Some runtimes round quantised numbers otherwise (ROUND_OTHERWISE), and one
step grows from layer to layer. There every layer is also written and run by itself, on what ours
hand on to it, and may be one step off, all layers together in one integer of a hundred; of the
chains, how many integers differ and by how much is printed, and limited loosely. Prints the tables
of docs/exporting.md; exits with 1 if a difference is larger. What a target cannot express is
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
# ONNX Runtime rounds once, halves to even, where TensorFlow Lite rounds twice, halves up;
# TensorFlow Lite Micro rounds the sums of dense layers twice, LiteRT once.
ROUND_OTHERWISE = ("onnx", "tflite-micro")
MOST_STEPS_OF_A_LAYER = 1
MOST_UNEQUAL_OF_LAYERS = 0.01
MOST_UNEQUAL_OF_CHAINS = 0.25
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


class Difference:
    """How far tensors are from the expected ones; those of another type or shape infinitely."""

    def __init__(self):
        self.error = 0.0  # of floats, relative to the largest number of a tensor
        self.integers = self.unequal = self.steps = 0

    def add(self, found, expected, step=None):
        """`step`: floats are this many times whole numbers, and are counted as these."""
        found = np.asarray(found)
        if found.dtype != expected.dtype or found.shape != expected.shape:
            self.error = np.inf
            return
        if step is not None:
            found, expected = (np.rint(each / step).astype(np.int64) for each in (found, expected))
        if expected.dtype.kind == "f":
            largest = max(float(np.max(np.abs(expected))), 1e-30)
            error = float(np.max(np.abs(found.astype(np.float64) - expected))) / largest
            self.error = max(self.error, error if np.isfinite(error) else np.inf)
        else:
            steps = np.abs(found.astype(np.int64) - expected.astype(np.int64))
            self.integers += steps.size
            self.unequal += int(np.count_nonzero(steps))
            self.steps = max(self.steps, int(np.max(steps)))

    def exact_but_for_floats(self):
        return self.error <= MOST_ERROR and self.unequal == 0

    def unequal_at_most(self, share):
        return self.error <= MOST_ERROR and self.unequal <= share * self.integers

    def __str__(self):
        parts = [f"{self.error:.1e}"] if self.error > 0 else []
        if self.unequal > 0:
            parts.append(f"{self.unequal:,} of {self.integers:,} integers, by up to {self.steps}")
        return "; ".join(parts) or "exact"


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
        self.whole, self.parts = Difference(), Difference()
        self.layers = None  # each by itself, where integers are rounded otherwise
        self.whole_ran = False
        self.reasons = set()

    def failed(self):
        if self.layers is None:
            return not (self.whole.exact_but_for_floats() and self.parts.exact_but_for_floats())
        return not (self.layers.unequal_at_most(MOST_UNEQUAL_OF_LAYERS)
                    and self.layers.steps <= MOST_STEPS_OF_A_LAYER
                    and self.parts.unequal_at_most(MOST_UNEQUAL_OF_CHAINS))

    def __str__(self):
        whole = self.whole if self.whole_ran else "—"
        parts = self.parts if self.cuts else "—"
        return (f"| {self.model} | {self.target} | {whole} | {self.cuts} | {parts} | "
                f"{self.layers or '—'} | {self.refused} |")


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


def steps_of(tinysplit, model, target, facts):
    """Steps of the float outputs that a model makes of integers in its last layer, by name."""
    if facts["layers"][-1]["kind"] not in ("DEQUANTIZE", "DequantizeLinear"):
        return {}
    last = len(facts["layers"]) - 1
    described, _ = tinysplit.export(model, target, "--part", "tail", "--cut", last)
    if described is None:
        return {}
    return {made["name"]: read["quantization"]["scale"][0]
            for made, read in zip(described["outputs"], described["inputs"], strict=True)}


def is_quantised(facts):
    return any(tensor["dtype"] in ("int8", "uint8")
               for cut in facts["cuts"] for tensor in cut["live_tensors"])


def add_layer(row, target, described, path, read, made):
    try:
        found = run_part(target, described, path, read)
    except Refused as refusal:
        row.reasons.add(str(refusal))
        return
    for name in found:
        row.layers.add(found[name], made[name])


def check_layers(tinysplit, model, target, facts, inputs, row):
    """Every layer by itself, on what ours hand on to it."""
    row.layers = Difference()
    own_target = "onnx" if str(model).endswith(".onnx") else "tflite"
    read = dict(inputs)
    for end in range(1, len(facts["layers"]) + 1):
        made = tinysplit.infer(model, inputs, end=end if end < len(facts["layers"]) else -1)
        described, head = tinysplit.export(model, own_target, "--part", "head", "--cut", end)
        if described is not None:
            kept = head.rename(head.with_stem("head"))
            described, path = tinysplit.export(kept, target, "--part", "tail", "--cut", end - 1)
        if described is not None:
            add_layer(row, target, described, path, read, made)
        read = made


def check(tinysplit, model, target, every):
    facts = tinysplit.inspect(model)
    inputs = random_inputs(facts["inputs"], seed=7)
    expected = tinysplit.infer(model, inputs)
    row = Row(pathlib.Path(model).name, target)
    otherwise = target in ROUND_OTHERWISE and is_quantised(facts)
    steps = steps_of(tinysplit, model, target, facts) if otherwise else {}
    described, path = tinysplit.export(model, target)
    if described is None:
        row.reasons.add(path)
        return row
    try:
        found = run_part(target, described, path, dict(inputs))
        for name in expected:
            row.whole.add(found[name], expected[name], steps.get(name))
        row.whole_ran = True
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
        for name in expected:
            row.parts.add(tensors[name], expected[name], steps.get(name))
        # What the head hands on, where there is one, is what ours does.
        live = tinysplit.infer(model, inputs, end=cut) if 0 < cut < layers else {}
        for name in live:
            row.parts.add(tensors[name], live[name])
    if otherwise:
        check_layers(tinysplit, model, target, facts, inputs, row)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--binary", default=ROOT / "build/release/tinysplit")
    parser.add_argument("--targets", default="keras,h5,tflite,onnx")
    parser.add_argument("--every", type=int, default=1, help="only each of so many cuts")
    arguments = parser.parse_args()
    rows = []
    print("| model | target | whole | cuts | head and tail | layers alone | not written |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        tinysplit = Tinysplit(arguments.binary, folder)
        for model in arguments.models or default_models():
            for target in arguments.targets.split(","):
                row = check(tinysplit, model, target, arguments.every)
                rows.append(row)
                print(row, flush=True)
    for row in rows:
        for reason in sorted(row.reasons):
            print(f"{row.model}, {row.target}: {reason}")
        if row.failed():
            print(f"{row.model}, {row.target}: differs by too much")
    sys.exit(any(row.failed() for row in rows))


if __name__ == "__main__":
    main()
