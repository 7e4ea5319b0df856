#!/usr/bin/env python3
"""Trains the bundled models on Fashion-MNIST and writes models/<name>/.

    tools/train_bundled_models.py [--out models] [--only NAME] [--data DIR] [--epochs N]

The data is Debian's package dataset-fashion-mnist. Versions: tools/requirements.txt.
"""

import argparse
import os
import pathlib
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402
from PIL import Image  # noqa: E402

import keras  # noqa: E402
from bundled_models import fashion, fashion_resnet, macs, test_model  # noqa: E402

README = """# {name}

{about}

| | |
|---|---|
| input | {input} |
| output | {output} |
| layers | {layers} (`model.layers`) |
| parameters | {parameters:,} |
| multiply-accumulates | {macs:,} |
| held-out accuracy | {accuracy:.2%} of {held_out:,} test images |

{layer_table}

`data/` holds ten held-out images, the class index first in the name; `labels.txt` the class names.
Held-out: of Fashion-MNIST's test set, which training never sees;
`tools/evaluate_bundled_models.py` measures the accuracy again, by Keras and by tinysplit.

Made by `tools/train_bundled_models.py --only {name}` ({epochs} epochs, seed {seed}) with
`tools/requirements.txt` from Debian's package dataset-fashion-mnist. Data: Fashion-MNIST, Copyright
2017 Zalando SE, MIT licence; the images in `data/` are taken from it.
"""


def layer_table(model):
    rows = ["| # | layer | class | output shape | MACs |", "|---|---|---|---|---|"]
    for i, layer in enumerate(model.layers):
        shape = "×".join(str(d) for d in layer.output.shape[1:])
        cells = (i, layer.name, type(layer).__name__, shape, f"{macs.of_layer(layer):,}")
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


def write_model(folder, recipe, model, accuracy, held_out, epochs):
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    model.save(folder / f"{recipe.NAME}.keras")
    (folder / "labels.txt").write_text("\n".join(recipe.LABELS) + "\n")
    for name, image in recipe.sample_images():
        Image.fromarray(image).save(data / f"{name}.png", optimize=True)
    (folder / "README.md").write_text(README.format(
        name=recipe.NAME, about=recipe.ABOUT, input=recipe.INPUT, output=recipe.OUTPUT,
        layers=len(model.layers), parameters=model.count_params(), macs=macs.of_model(model),
        accuracy=accuracy, held_out=held_out, layer_table=layer_table(model), epochs=epochs,
        seed=fashion.SEED))


def train(recipe, out, epochs):
    keras.backend.clear_session()
    keras.utils.set_random_seed(fashion.SEED)
    model = recipe.trained(epochs)
    x, y = recipe.test_set()
    accuracy = float((model.predict(x, batch_size=250, verbose=0).argmax(-1) == y).mean())
    print(f"{recipe.NAME}: {model.count_params()} parameters, {macs.of_model(model)} MACs, "
          f"accuracy {accuracy:.4f} of {len(y)}")
    write_model(out / recipe.NAME, recipe, model, accuracy, len(y), epochs)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    recipes = {r.NAME: r for r in (test_model, fashion_resnet)}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=root / "models")
    parser.add_argument("--only", choices=sorted(recipes))
    parser.add_argument("--data", type=pathlib.Path, default=fashion.folder)
    parser.add_argument("--epochs", type=int, help="other than the recipe's own number")
    args = parser.parse_args()
    fashion.folder = args.data
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for name, recipe in recipes.items():
        if args.only in (None, name):
            train(recipe, args.out, args.epochs or recipe.EPOCHS)


if __name__ == "__main__":
    main()
