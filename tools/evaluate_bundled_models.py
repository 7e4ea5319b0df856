#!/usr/bin/env python3
"""Says how many held-out images the bundled models classify rightly, by Keras and by tinysplit.

    tools/evaluate_bundled_models.py [--models models] [--tinysplit build/release/tinysplit]

Fails where a model's README.md states another accuracy, or tinysplit decides otherwise than Keras.
The images are those of Fashion-MNIST's test set, which training never sees (Debian's package
dataset-fashion-mnist). Versions: tools/requirements.txt.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

import keras  # noqa: E402
from bundled_models import fashion, fashion_resnet, test_model  # noqa: E402

TIE = 1e-5  # of the two best classes: rounding decides


def predict_with_tinysplit(program, model, x):
    with tempfile.TemporaryDirectory() as folder:
        given, made = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npy")
        np.save(given, x)
        subprocess.run([program, "infer", model, "--input", given, "--output", made], check=True,
                       stdout=subprocess.DEVNULL)
        return np.load(made)


def evaluate(recipe, folder, program):
    """Prints the accuracies; whether the README of the model states that of Keras, and tinysplit
    decides as Keras does but for ties."""
    path = folder / f"{recipe.NAME}.keras"
    x, labels = recipe.test_set()
    wanted = keras.models.load_model(path, compile=False).predict(x, batch_size=250, verbose=0)

    def accuracy(y):
        return f"{(y.argmax(-1) == labels).mean():.2%} of {len(labels):,} test images"

    print(f"{recipe.NAME}: Keras {accuracy(wanted)}")
    right = accuracy(wanted) in (folder / "README.md").read_text()
    if not right:
        print(f"{recipe.NAME}: {folder / 'README.md'} states another accuracy", file=sys.stderr)
    if program:
        found = predict_with_tinysplit(program, path, x)
        second, first = np.sort(wanted, -1)[:, -2:].T
        other = found.argmax(-1) != wanted.argmax(-1)
        print(f"{recipe.NAME}: tinysplit {accuracy(found)}; outputs differ by at most "
              f"{np.abs(found - wanted).max():.1e}, the decision on {other.sum()} images")
        if (other & (first - second > TIE)).any():
            print(f"{recipe.NAME}: tinysplit decides otherwise than Keras", file=sys.stderr)
            right = False
    return right


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=pathlib.Path, default=root / "models")
    parser.add_argument("--tinysplit", type=pathlib.Path, help="the program, to compare with")
    parser.add_argument("--data", type=pathlib.Path, default=fashion.folder)
    args = parser.parse_args()
    fashion.folder = args.data
    results = [evaluate(recipe, args.models / recipe.NAME, args.tinysplit)
               for recipe in (test_model, fashion_resnet)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
