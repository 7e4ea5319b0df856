#!/usr/bin/env python3
"""Writes tests/data: model files by real Keras 3 and Keras 2, with inputs and outputs beside them.

    tools/make_keras_golden.py [--out tests/data] [--mlperf DIR] [--bundled models]

The random cases and the unsupported samples are always written; --mlperf and --bundled add the
outputs of trained models found in those folders. Versions: tools/requirements.txt.
"""

import argparse
import fnmatch
import logging
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Plain kernels: results that do not depend on the machine's vector width more than they must.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras  # noqa: E402
import numpy  # noqa: E402
import tensorflow  # noqa: E402
import tf_keras  # noqa: E402

from keras_golden import bad, composed, convolutions, elementwise, functional  # noqa: E402
from keras_golden import legacy, masks, operations, sequences, shapes, trained, volumes  # noqa: E402
from keras_golden.common import write_case  # noqa: E402

README = """# Golden Keras models

`<case>.keras` or `<case>.h5` is a model with random weights, `<case>.npz` its inputs `x0`, `x1`,
... (in the order of `model.inputs`) and outputs `y0`, `y1`, ... (in the order of `model.outputs`,
one that is listed twice only once), float32 but for inputs of whole numbers, batch 2, inference
mode. Weights are random and non-trivial throughout: biases, batch norm scales (some negative),
offsets and moving statistics, PReLU slopes.

| files | written by |
|---|---|
| `k2_h5_*.h5`, `k2_v3_*.keras` | tf_keras {tf_keras} (Keras 2) |
| `h5_keras3_*.h5` | keras {keras} (Keras 3), legacy HDF5 format |
| all others | keras {keras} (Keras 3), `.keras` format |

Also numpy {numpy}, tensorflow {tensorflow} (CPU, oneDNN off). Made by `tools/make_keras_golden.py`
in a virtual environment with `tools/requirements.txt`; weights and inputs are seeded by the case's
name. `.keras` files over 25 kB were deflated after Keras wrote them, the others are as written.
Made again, values are the same; file bytes are not, as Keras stores the date.

`hard_sigmoid` differs between versions: Keras 2 means clip(0.2 x + 0.5, 0, 1), Keras 3
relu6(x + 3) / 6. See `k2_h5_activations` against `activation_layers`.
"""


def all_cases():
    """(Keras, file name, suffix, how to build, options) of every case."""
    modules = (convolutions, elementwise, shapes, functional, legacy, sequences, volumes, composed)
    for module in modules:
        for name, (build, options) in module.CASES.items():
            yield keras, name, ".keras", build, options
    for name, (build, options) in masks.SHARED.items():
        yield keras, name, ".keras", build, options
    shared = sequences.SHARED | volumes.SHARED | composed.SHARED
    for name, (build, options) in (legacy.HDF5_CASES | prefixed("h5_keras3_", shared)).items():
        if name != "h5_keras3_arithmetic":  # Keras cannot read back what it writes.
            yield keras, name, ".h5", build, options
    keras2 = legacy.KERAS2_CASES | masks.SHARED | operations.SHARED | operations.KERAS2_CASES | shared
    for name, (build, options) in keras2.items():
        yield tf_keras, f"k2_h5_{name}", ".h5", build, options
        yield tf_keras, f"k2_v3_{name}", ".keras", build, options
    for name, (build, options) in operations.HDF5_KERAS2_CASES.items():
        yield tf_keras, f"k2_h5_{name}", ".h5", build, options


def prefixed(prefix, cases):
    return {prefix + name: case for name, case in cases.items()}


def write_all(out, only):
    folder = out / "keras"
    folder.mkdir(parents=True, exist_ok=True)
    for k, name, suffix, build, options in all_cases():
        if not only or any(fnmatch.fnmatch(name, pattern) for pattern in only):
            write_case(k, folder, name, suffix, build, **options)
    (folder / "README.md").write_text(README.format(
        keras=keras.__version__, tf_keras=tf_keras.__version__, numpy=numpy.__version__,
        tensorflow=tensorflow.__version__))
    print(f"{folder}: {len(list(folder.glob('*.npz')))} cases")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=root / "tests" / "data")
    parser.add_argument("--mlperf", type=pathlib.Path, help="folder of the MLPerf Tiny .h5 models")
    parser.add_argument("--bundled", type=pathlib.Path, help="the project's models/ folder")
    parser.add_argument("--only", nargs="+", help="only the random cases of such names (lstm*)")
    parser.add_argument("--skip-random", action="store_true", help="only --mlperf and --bundled")
    args = parser.parse_args()
    logging.getLogger("absl").setLevel(logging.ERROR)  # It warns that .h5 is legacy: so it is.
    tensorflow.config.threading.set_intra_op_parallelism_threads(2)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    if not args.skip_random:
        write_all(args.out, args.only)
    if not args.skip_random and not args.only:
        bad.write_all(keras, args.out / "keras_bad")
    if args.mlperf:
        trained.write_mlperf(tf_keras, args.mlperf, args.out / "mlperf_tiny")
    if args.bundled:
        trained.write_bundled(keras, args.bundled, args.out / "bundled")


if __name__ == "__main__":
    main()
