"""Seeded weights, model helpers, and the writer that pairs a model file with its golden outputs."""

import pathlib
import zipfile
import zlib

import numpy as np

BATCH = 2
KEEP_STORED_BYTES = 25_000


def sequential(k, shape, *layers):
    return k.Sequential([k.Input(shape), *layers])


def fan_out(k, shape, layers):
    """One input feeding every layer of `layers`, each of which is an output of the model."""
    x = k.Input(shape)
    return k.Model(x, [layer(x) for layer in layers])


def rng_of(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def _kernel_fan_in(layer, name, shape):
    if name == "depthwise_kernel":
        return shape[0] * shape[1]
    if type(layer).__name__ == "Conv2DTranspose":
        return max(1.0, shape[0] * shape[1] * shape[3] / np.prod(layer.strides))
    return np.prod(shape[:-1])


def _random_weight(layer, name, value, rng):
    shape = value.shape
    if "kernel" in name:
        return rng.normal(0, 1.3 / np.sqrt(_kernel_fan_in(layer, name, shape)), shape)
    if name in ("bias", "beta", "moving_mean"):
        return rng.normal(0, 0.3, shape)
    if name == "gamma":
        return rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape, p=[0.2, 0.8])
    if name == "moving_variance":
        return rng.uniform(0.3, 2.0, shape)
    if name == "embeddings":
        return rng.normal(0, 1, shape)
    if name == "scale":
        return rng.uniform(0.4, 0.9, shape)
    if name == "alpha":
        return rng.uniform(-0.4, 0.6, shape)
    return value  # Normalization's adapted statistics are random already.


def randomize(model, rng):
    """Non-trivial weights: a fresh batch norm or bias would hide a reader that skips it."""
    for layer in model.layers:
        names = [w.name.split("/")[-1].split(":")[0] for w in layer.weights]
        values = [
            _random_weight(layer, n, v, rng) for n, v in zip(names, layer.get_weights())
        ]
        if values:
            layer.set_weights(values)


def random_inputs(model, rng, scale=1.0, shift=0.0, clip=None):
    """Bytes take all their values, other whole numbers those of a small table's rows."""
    inputs = []
    for x in model.inputs:
        shape, dtype = (BATCH, *x.shape[1:]), np.dtype(getattr(x.dtype, "name", x.dtype))
        if dtype.kind in "iu":
            inputs.append(rng.integers(0, 256 if dtype == np.uint8 else 9, shape).astype(dtype))
            continue
        values = rng.normal(0, 1, shape) * scale + shift
        if clip:
            values = np.clip(np.rint(values), *clip)
        inputs.append(values.astype(np.float32))
    return inputs


def predict(model, inputs):
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    if not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    # A tensor that is listed twice counts once.
    first_of = {id(tensor): i for i, tensor in reversed(list(enumerate(model.outputs)))}
    return [np.asarray(outputs[i], dtype=np.float32) for i in sorted(first_of.values())]


def check_informative(name, outputs):
    """Refuses outputs that could not tell a right engine from a wrong one."""
    for i, y in enumerate(outputs):
        if not np.isfinite(y).all() or np.abs(y).max() > 500:
            raise ValueError(f"{name}: y{i} is not well scaled (max {np.abs(y).max()})")
        if y.std() < 1e-3 or np.array_equal(y[0], y[-1]) and len(y) > 1:
            raise ValueError(f"{name}: y{i} is (almost) constant")


def save_npz(path, inputs, outputs):
    arrays = {f"x{i}": x for i, x in enumerate(inputs)}
    arrays |= {f"y{i}": y for i, y in enumerate(outputs)}
    np.savez_compressed(path, **arrays)


def repack_if_large(path):
    """Keras stores its zip members plain, mostly empty HDF5 pages; deflates larger files."""
    if path.suffix != ".keras" or path.stat().st_size <= KEEP_STORED_BYTES:
        return
    with zipfile.ZipFile(path) as source:
        members = [(info, source.read(info)) for info in source.infolist()]
    with zipfile.ZipFile(path, "w") as target:
        for info, data in members:
            target.writestr(info, data, zipfile.ZIP_DEFLATED)


def write_case(k, folder, name, suffix, build, scale=1.0, shift=0.0, clip=None, fit=False):
    """Builds, randomizes, saves and runs one case; the file, read back, must predict the same."""
    k.backend.clear_session()
    k.utils.set_random_seed(zlib.crc32(name.encode()))
    rng = rng_of(name)
    model = build(k)
    randomize(model, rng)
    inputs = random_inputs(model, rng, scale, shift, clip)
    if fit:
        model.compile(optimizer="adam", loss="mse")
        model.fit(inputs[0], np.zeros((BATCH, *model.output_shape[1:])), verbose=0)
    outputs = predict(model, inputs)
    check_informative(name, outputs)
    path = pathlib.Path(folder) / f"{name}{suffix}"
    model.save(path)
    repack_if_large(path)
    save_npz(path.with_suffix(".npz"), inputs, outputs)
    for want, got in zip(outputs, predict(k.models.load_model(path, compile=False), inputs)):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6, err_msg=name)
    return path
