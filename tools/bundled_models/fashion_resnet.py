"""fashion_resnet: a residual network of TinyML size with a bottleneck worth cutting at."""

import keras
import numpy as np

from . import fashion

NAME = "fashion_resnet"
EPOCHS = 9
LABELS = fashion.LABELS
ABOUT = """A small residual network for the ten classes of Fashion-MNIST. Three quarters through its
layers it narrows to 7×7×8 = 392 values. As float32, as which live tensors travel, they are twice the
784 bytes of the image; as int8 they would be half of it."""
INPUT = "28×28×1, grey, raw pixels 0..255"
OUTPUT = "softmax over 10 classes"

_BATCH = 128


def test_set():
    images, labels = fashion.load("t10k")
    return images[..., None].astype(np.float32), labels


def sample_images():
    images, labels = fashion.load("t10k")
    for label, title in enumerate(LABELS):
        yield f"{label:02d}_{title}", images[np.flatnonzero(labels == label)[0]]


def _conv_norm(x, filters, size, name, stride=1, relu=True):
    l = keras.layers
    x = l.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = l.BatchNormalization(momentum=0.98, name=f"{name}_norm")(x)
    return l.Activation("relu", name=f"{name}_relu")(x) if relu else x


def _residual(x, filters, name, stride=1):
    y = _conv_norm(x, filters, 3, f"{name}_a", stride)
    y = _conv_norm(y, filters, 3, f"{name}_b", relu=False)
    if stride != 1:
        x = _conv_norm(x, filters, 1, f"{name}_skip", stride, relu=False)
    x = keras.layers.Add(name=f"{name}_add")([y, x])
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


def _build():
    l = keras.layers
    inputs = keras.Input((28, 28, 1), name="image")
    x = l.Rescaling(1 / 255, name="rescaling")(inputs)
    x = _conv_norm(x, 16, 3, "stem")
    x = l.MaxPooling2D(2, name="stem_pool")(x)
    x = _residual(x, 16, "block1")
    x = _residual(x, 16, "block2")
    x = _residual(x, 36, "block3", stride=2)
    x = _residual(x, 36, "block4")
    x = _conv_norm(x, 8, 1, "squeeze")
    x = _conv_norm(x, 40, 3, "expand")
    x = _residual(x, 40, "block5")
    x = l.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, l.Dense(10, activation="softmax", name="classes")(x), name=NAME)


class _Augmented(keras.utils.PyDataset):
    """Batches in a new order every epoch, mirrored at random and moved by up to two pixels."""

    def __init__(self, images, labels):
        super().__init__()
        self._images, self._labels = images, np.eye(10, dtype=np.float32)[labels]
        self._rng = np.random.default_rng(fashion.SEED)
        self.on_epoch_end()

    def __len__(self):
        return len(self._images) // _BATCH

    def on_epoch_end(self):
        self._order = self._rng.permutation(len(self._images))

    def __getitem__(self, index):
        chosen = self._order[index * _BATCH:(index + 1) * _BATCH]
        x = np.pad(self._images[chosen], ((0, 0), (2, 2), (2, 2)))
        top, left = self._rng.integers(0, 5, 2)
        x = x[:, top:top + 28, left:left + 28]
        mirrored = self._rng.random(len(x)) < 0.5
        x[mirrored] = x[mirrored, :, ::-1]
        return x[..., None].astype(np.float32), self._labels[chosen]


def trained(epochs):
    images, labels = fashion.load("train")
    batches = _Augmented(images, labels)
    steps = len(batches) * epochs
    rate = keras.optimizers.schedules.CosineDecay(
        3e-4, steps, warmup_target=4e-3, warmup_steps=len(batches))
    model = _build()
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.05), metrics=["accuracy"])
    model.fit(batches, epochs=epochs, verbose=2)
    plain = _build()  # Without the optimizer's state.
    plain.set_weights(model.get_weights())
    return plain
