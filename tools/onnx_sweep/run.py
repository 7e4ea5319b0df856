#!/usr/bin/env python3
"""Compares tinysplit with ONNX Runtime on a folder of models: whole, and at every cut.

    tools/onnx_sweep/run.py FOLDER [--only TEXT] [--cuts 12] [--json FILE]

FOLDER holds <group>/<name>.<how>.onnx with inputs in .npz files beside them, as make_models.py and
make_quantized.py write them. Needs onnxruntime, onnx and numpy. For each model: is it read, are its
outputs those of ONNX Runtime (float32 within 5e-5 of the largest value, float16 within 2e-3,
integers of quantised models within the units that are given), and does every cut give the uncut
output bit for bit. Prints those that do not, and a table of groups.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("TINYSPLIT", ROOT / "build/release/tinysplit"))


def judge(path, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def infer(path, inputs, output, *options):
    command = [str(PROGRAM), "infer", str(path), "--input", str(inputs), "--output", str(output)]
    done = subprocess.run(command + list(options), capture_output=True, text=True, timeout=120)
    if done.returncode == 0:
        return None
    return done.stderr.strip().split("\n")[-1] or f"exit code {done.returncode}"


def layers_of(path, shapes):
    done = subprocess.run([str(PROGRAM), "inspect", str(path), "--json", *shapes],
                          capture_output=True, text=True, timeout=120)
    return len(json.loads(done.stdout)["layers"])


def difference(ours, right):
    """The largest difference, relative to the largest value; infinite where shapes, types, NaNs
    or infinities differ."""
    if ours.shape != right.shape or ours.dtype != right.dtype:
        if not (right.dtype == np.float64 and ours.dtype == np.float32):
            return float("inf")
    if right.size == 0:
        return 0.0
    a, b = ours.astype(np.float64), right.astype(np.float64)
    odd = ~np.isfinite(b)
    if not np.array_equal(a[odd], b[odd], equal_nan=True) or not np.isfinite(a[~odd]).all():
        return float("inf")
    if odd.all():
        return 0.0
    return float(np.abs(a - b)[~odd].max() / max(1e-3, np.abs(b[~odd]).max()))


def allowed(path, right):
    if right.dtype.kind in "iub" and path.parent.name != "quantized":
        return 0.0
    if path.parent.name == "quantized":
        return 0.05  # a few units of the output's scale
    return 2e-3 if "half" in path.name else 5e-5


def check(path, folder, most_cuts):
    data = path.with_suffix(".npz")
    shapes = []
    if path.name.endswith(".dynamic.onnx"):
        sizes = [f"{n}={','.join(map(str, v.shape))}" for n, v in np.load(data).items()]
        shapes = [word for size in sizes for word in ("--input-shape", size)]
    error = infer(path, data, folder / "y.npz", *shapes)
    if error:
        return ("refused", error)
    right = judge(path, dict(np.load(data)))
    ours = dict(np.load(folder / "y.npz"))
    for name, value in right.items():
        if name not in ours:
            return ("wrong", f"no output {name}")
        off = difference(ours[name], value)
        if off > allowed(path, value):
            return ("wrong", f"{name} off by {off:.2g} ({ours[name].dtype}{ours[name].shape}, "
                             f"right {value.dtype}{value.shape})")
    layers = layers_of(path, shapes)
    for cut in range(1, layers, max(1, layers // most_cuts)):
        error = infer(path, data, folder / "cut.npz", "--end", str(cut), *shapes) or infer(
            path, folder / "cut.npz", folder / "z.npz", "--begin", str(cut), *shapes)
        if error:
            return ("cut fails", f"cut {cut}: {error}")
        z = dict(np.load(folder / "z.npz"))
        for name in right:
            if ours[name].tobytes() != z[name].tobytes():
                off = difference(z[name], ours[name])
                if off > 1e-5:
                    return ("cut differs", f"cut {cut}: {name} off by {off:.2g}")
    return ("ok", f"{layers} layers")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--cuts", type=int, default=12, help="cuts of a model, at most")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    table = collections.defaultdict(collections.Counter)
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(arguments.folder.rglob("*.onnx")):
            if arguments.only not in str(path.relative_to(arguments.folder)):
                continue
            try:
                verdict, text = check(path, pathlib.Path(scratch), arguments.cuts)
            except Exception as error:
                verdict, text = "judge fails", str(error).strip().split("\n")[0][:150]
            how = path.name.split(".")[-2]
            table[f"{path.parent.name}, {how}"][verdict] += 1
            results[str(path.relative_to(arguments.folder))] = [verdict, text]
            if verdict != "ok":
                print(f"{verdict:12} {path.relative_to(arguments.folder)}: {text[:230]}", flush=True)
    columns = ["ok", "refused", "wrong", "cut fails", "cut differs", "judge fails"]
    print("\n| models | all | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    total = collections.Counter()
    for name in sorted(table):
        total += table[name]
        print(f"| {name} | {table[name].total()} | " +
              " | ".join(str(table[name][c]) for c in columns) + " |")
    print(f"| all | {total.total()} | " + " | ".join(str(total[c]) for c in columns) + " |")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    return 0 if total["ok"] == total.total() else 1


if __name__ == "__main__":
    sys.exit(main())
