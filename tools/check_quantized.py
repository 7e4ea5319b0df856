#!/usr/bin/env python3
"""Int8 models that tinysplit makes, in LiteRT's reference kernels: the same numbers.

    tools/check_quantized.py build/release/tinysplit MODEL [MODEL...] --calibrate fashion-mnist

Each model is quantised in every way of choosing ranges, with float32 and with int8 inputs and outputs;
on random and on calibration-like inputs the file's outputs by LiteRT (OpResolverType.BUILTIN_REF) must
equal those of `tinysplit infer`, byte for byte. Needs tools/requirements.txt.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def inputs_for(details, rng):
    """One input that looks like an image, and one that uses the whole range of the type."""
    for wide in (False, True):
        arrays = {}
        for detail in details:
            shape, dtype = detail["shape"], np.dtype(detail["dtype"])
            if dtype == np.float32:
                pixels = rng.integers(0, 256, shape).astype(np.float32)
                arrays[detail["name"]] = pixels * 3 - 200 if wide else pixels
            else:
                info = np.iinfo(dtype)
                low = info.min if wide else 0
                arrays[detail["name"]] = rng.integers(low, info.max + 1, shape).astype(dtype)
        yield arrays


def outputs_of_litert(path, arrays):
    interpreter = tf.lite.Interpreter(
        str(path), experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    signature = interpreter.get_signature_runner()
    return signature(**arrays)


def outputs_of_tinysplit(tinysplit, path, arrays, folder):
    np.savez(folder / "x.npz", **arrays)
    subprocess.run([tinysplit, "infer", path, "--input", folder / "x.npz", "--output",
                    folder / "y.npz"], check=True)
    with np.load(folder / "y.npz") as outputs:
        return {name: outputs[name] for name in outputs.files}


def check(tinysplit, model, options, folder):
    path = folder / "int8.tflite"
    subprocess.run([tinysplit, "quantize", model, "--no-test", "--samples", "64", "--output", path,
                    *options], check=True, stdout=subprocess.DEVNULL)
    interpreter = tf.lite.Interpreter(str(path))
    runner = interpreter.get_signature_runner()
    details = [{"name": name, "shape": detail["shape"], "dtype": detail["dtype"]}
               for name, detail in runner.get_input_details().items()]
    differing = total = 0
    for seed in range(4):
        for arrays in inputs_for(details, np.random.default_rng(seed)):
            expected = outputs_of_litert(path, arrays)
            found = outputs_of_tinysplit(tinysplit, path, arrays, folder)
            for name, array in expected.items():
                total += array.size
                differing += int(np.count_nonzero(array != found[name]))
    print(f"{pathlib.Path(model).name:24} {' '.join(options):48} "
          f"{differing} of {total} outputs differ", flush=True)
    return differing


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tinysplit", type=pathlib.Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--calibrate", required=True)
    args = parser.parse_args()
    differing = 0
    with tempfile.TemporaryDirectory() as name:
        for model in args.models:
            for ranges in ("minmax", "percentile", "mse"):
                for io in ("float32", "int8"):
                    options = ["--calibrate", args.calibrate, "--ranges", ranges, "--io", io]
                    differing += check(args.tinysplit, model, options, pathlib.Path(name))
            options = ["--calibrate", args.calibrate, "--per-channel-dense"]
            differing += check(args.tinysplit, model, options, pathlib.Path(name))
    print(f"TensorFlow {tf.__version__}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
