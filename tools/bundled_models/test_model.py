"""test_model: the five-layer network of the tutorials, footwear against clothing, in colour."""

import keras
import numpy as np
from PIL import Image

from . import fashion

NAME = "test_model"
EPOCHS = 4
LABELS = ["clothing", "footwear"]
ABOUT = """A five-layer network that tells footwear (sandal, sneaker, ankle boot) from clothing
(t-shirt, trouser, pullover, dress, coat, shirt) in Fashion-MNIST; bags are left out. Images are
scaled to 20×20 and given a random foreground and background colour each. An easy task: it is here
to be small."""
INPUT = "20×20×3, RGB, raw pixels 0..255 (the first kernel holds the 1/255)"
OUTPUT = "2 sigmoids: clothing, footwear"

_FOOTWEAR, _BAG, _SIZE = (5, 7, 9), 8, 20


def _tinted(gray, rng):
    """uint8 [20,20,3]: `gray` as a blend from a dark random colour to a bright one."""
    small = Image.fromarray(gray).resize((_SIZE, _SIZE), Image.BILINEAR)
    level = np.asarray(small, np.float32)[..., None] / 255
    dark, bright = rng.uniform(0, 0.3, 3), rng.uniform(0.4, 1.0, 3)
    return np.rint((dark + level * (bright - dark)) * 255).astype(np.uint8)


def _load(part):
    images, labels = fashion.load(part)
    images, labels = images[labels != _BAG], labels[labels != _BAG]
    rng = np.random.default_rng(fashion.SEED + (part == "train"))
    tinted = np.stack([_tinted(image, rng) for image in images])
    return tinted, np.isin(labels, _FOOTWEAR).astype(np.int64)


def test_set():
    images, labels = _load("t10k")
    return images.astype(np.float32), labels


def sample_images():
    images, labels = _load("t10k")
    for label, title in enumerate(LABELS):
        for letter, index in zip("abcde", np.flatnonzero(labels == label)):
            yield f"{label}_{title}_{letter}", images[index]


def _build():
    l = keras.layers
    return keras.Sequential([
        keras.Input((_SIZE, _SIZE, 3), name="image"),
        l.Conv2D(32, 3, activation="relu", name="conv"), l.MaxPooling2D(2, name="pool"),
        l.Flatten(name="flatten"), l.Dense(64, activation="relu", name="hidden"),
        l.Dense(2, activation="sigmoid", name="classes"),
    ], name=NAME)


def trained(epochs):
    images, labels = _load("train")
    x, y = images.astype(np.float32) / 255, np.eye(2, dtype=np.float32)[labels]
    model = _build()
    model.compile(
        keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["categorical_accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=2)
    kernel, bias = model.layers[0].get_weights()
    model.layers[0].set_weights([kernel / 255, bias])
    plain = _build()  # Without the optimizer's state.
    plain.set_weights(model.get_weights())
    return plain
