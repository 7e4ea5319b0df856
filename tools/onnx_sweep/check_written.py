#!/usr/bin/env python3
"""Exports every model of a sweep as ONNX again, and runs the result in ONNX Runtime.

    tools/onnx_sweep/check_written.py FOLDER [--only TEXT] [--windows]

The files must pass onnx.checker, load, and agree with what the engine computes: float32 within 5e-6
of the largest value. --windows first adds a grid of convolutions, transposed convolutions, poolings
and resizings to FOLDER/windows: kernel x stride x padding x dilation x size.
"""

import argparse
import collections
import itertools
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from run import PROGRAM, difference, infer, judge


def window_models(folder):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    kinds = ("Conv", "ConvTranspose", "MaxPool", "AveragePool")
    for kind, k, s, d, size, pad in itertools.product(
            kinds, (1, 2, 3, 5), (1, 2, 3), (1, 2), (5, 8), ("valid", "full", "lower", "upper")):
        reach = (k - 1) * d + 1
        if reach > size or (pad == "full" and k == 1) or (d > 1 and k == 1):
            continue
        if kind == "AveragePool" and d > 1:
            continue
        total = {"valid": 0, "full": 2 * ((k - 1) // 2 + (k > 1)), "lower": 1, "upper": 1}[pad]
        pads = [total // 2] * 2 + [total - total // 2] * 2 if pad != "lower" else [
            total - total // 2] * 2 + [total // 2] * 2
        if max(pads) >= k:
            continue
        options = dict(kernel_shape=[k, k], strides=[s, s], dilations=[d, d], pads=pads)
        inputs, weights = ["x"], []
        if kind.startswith("Conv"):
            shape = (3, 2, k, k) if kind == "Conv" else (2, 3, k, k)
            weights = [numpy_helper.from_array(
                random.standard_normal(shape).astype(np.float32), "w")]
            inputs.append("w")
        if kind == "AveragePool":
            del options["dilations"]
        node = helper.make_node(kind, inputs, ["y"], **options)
        name = f"{kind}_k{k}s{s}d{d}n{size}{pad}"
        write(folder / f"{name}.grid.onnx", [node], weights, (1, 2, size, size), random)
    for mode, coordinates, (h, w) in itertools.product(
            ("nearest", "linear", "cubic"), ("half_pixel", "asymmetric", "align_corners"),
            ((5, 8), (10, 14), (3, 11), (7, 21))):
        sizes = numpy_helper.from_array(np.array([1, 2, h, w]), "sizes")
        node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode=mode,
                                coordinate_transformation_mode=coordinates)
        write(folder / f"Resize_{mode}_{coordinates}_{h}x{w}.grid.onnx", [node], [sizes],
              (1, 2, 5, 7), random)


def write(path, nodes, weights, shape, random):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(
        "x", TensorProto.FLOAT, shape)], [helper.make_empty_tensor_value_info("y")], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              path)
    np.savez(path.with_suffix(".npz"), x=random.standard_normal(shape).astype(np.float32))


def check(path, scratch):
    data = path.with_suffix(".npz")
    error = infer(path, data, scratch / "y.npz")
    if error:
        return ("not read", error)
    out = scratch / "written.onnx"
    done = subprocess.run([str(PROGRAM), "export", str(path), "--target", "onnx", "--output",
                           str(out), "--force"], capture_output=True, text=True, timeout=120)
    if done.returncode != 0 and "--force" in done.stderr:
        out.unlink(missing_ok=True)
        done = subprocess.run([str(PROGRAM), "export", str(path), "--target", "onnx", "--output",
                               str(out)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return ("refused", done.stderr.strip().split("\n")[-1])
    onnx.checker.check_model(onnx.load(str(out)), full_check=True)
    ours, found = dict(np.load(scratch / "y.npz")), judge(out, dict(np.load(data)))
    integers = path.parent.name == "quantized"
    for name, value in found.items():
        off = difference(ours[name], value)
        if off > (0.05 if integers else 2e-3 if value.dtype == np.float16 else 5e-6):
            return ("wrong", f"{name} off by {off:.2g}")
    return ("ok", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--windows", action="store_true")
    arguments = parser.parse_args()
    if arguments.windows:
        window_models(arguments.folder / "windows")
    counts = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(arguments.folder.rglob("*.onnx")):
            if arguments.only not in str(path.relative_to(arguments.folder)):
                continue
            try:
                verdict, text = check(path, pathlib.Path(scratch))
            except Exception as error:
                verdict, text = "fails", str(error).strip().split("\n")[0][:150]
            counts[path.parent.name][verdict] += 1
            if verdict not in ("ok", "not read"):
                print(f"{verdict:8} {path.relative_to(arguments.folder)}: {text[:200]}", flush=True)
    for name, count in sorted(counts.items()):
        print(name, dict(count))
    bad = sum(c["wrong"] + c["fails"] for c in counts.values())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
