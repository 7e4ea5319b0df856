"""Golden outputs of trained models: the MLPerf Tiny references and the project's bundled ones."""

import pathlib

import numpy as np
from PIL import Image

from .common import predict, rng_of, save_npz


def _smooth_image(rng, size, channels):
    """Blobs, not white noise: noise drives an image classifier into a saturated softmax."""
    small = rng.uniform(0, 255, (6, 6, channels)).astype(np.uint8)
    return np.asarray(Image.fromarray(small).resize((size, size), Image.BICUBIC), np.float32)


def _mlperf_input(name, rng):
    if name == "ad01":
        return rng.normal(0, 1, (1, 640)).astype(np.float32)
    if name == "resnet8":
        return _smooth_image(rng, 32, 3)[None]
    return _smooth_image(rng, 96, 3)[None] / np.float32(255)


def write_mlperf(tf_keras, models, out):
    out.mkdir(parents=True, exist_ok=True)
    for name in ("ad01", "resnet8", "vww_96"):
        model = tf_keras.models.load_model(models / f"{name}.h5", compile=False)
        x = _mlperf_input(name, rng_of(name))
        y = predict(model, [x])[0]
        save_npz(out / f"{name}.npz", [x], [y])
        print(f"{name}: {model.count_params()} parameters, y0 {y.shape} {y.ravel()[:10].round(4)}")


def read_images(folder, channels):
    mode = "L" if channels == 1 else "RGB"
    files = sorted(pathlib.Path(folder).glob("*.png"))
    images = [np.asarray(Image.open(f).convert(mode), np.float32) for f in files]
    return np.stack([i.reshape(*i.shape[:2], channels) for i in images])


def write_bundled(keras, models, out):
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(models.glob("*/*.keras")):
        model = keras.models.load_model(path, compile=False)
        x = read_images(path.parent / "data", model.input_shape[-1])
        y = predict(model, [x])[0]
        save_npz(out / f"{path.stem}.npz", [x], [y])
        print(f"{path.stem}: y0 {y.shape}, classes {y.argmax(-1).tolist()}")
