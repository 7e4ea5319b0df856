#!/usr/bin/env python3
"""Writes tests/data/quantized: operators of TensorFlow Lite on quantised tensors.

    tools/make_quantized_golden.py [--out tests/data/quantized]

Every output is that of the reference kernels (BUILTIN_REF). Versions: tools/requirements.txt.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow  # noqa: E402

from quantized_golden import convolutions, elementwise, windows  # noqa: E402
from quantized_golden.writer import CaseWriter  # noqa: E402


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=str(root / "tests/data/quantized"))
    arguments = parser.parse_args()
    writer = CaseWriter()
    for module in (convolutions, elementwise, windows):
        module.write(writer)
    writer.write(arguments.out)
    print(f"{len(writer.lines)} cases, {len(writer.blob)} bytes, TensorFlow {tensorflow.__version__}")


if __name__ == "__main__":
    main()
