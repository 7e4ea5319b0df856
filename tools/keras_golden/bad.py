"""Samples a reader must refuse with a clear error: unsupported features, and damaged files."""

import io
import json
import zipfile

import h5py
import numpy as np

from .common import randomize, rng_of, sequential


def stateful_lstm(k):
    return k.Sequential([k.Input(batch_shape=(1, 4, 3)), k.layers.LSTM(2, stateful=True)])


def conv_lstm(k):
    return sequential(k, (3, 5, 5, 2), k.layers.ConvLSTM2D(2, 3))


def recurrent_softmax(k):
    return sequential(k, (4, 3), k.layers.GRU(2, activation="softmax"))


def masked_softmax(k):
    l = k.layers
    return k.Sequential([
        k.Input((4,), dtype="int32"), l.Embedding(5, 4, mask_zero=True), l.Dropout(0.1), l.Softmax()])


def masked_attention(k):
    x = k.Input((4, 3))
    y = k.layers.Masking()(x)
    return k.Model(x, k.layers.MultiHeadAttention(1, 2)(y, y))


def attention_mask(k):
    x, mask = k.Input((4, 3)), k.Input((4, 4))
    return k.Model([x, mask], k.layers.MultiHeadAttention(1, 2)(x, x, attention_mask=mask))


def attention_over_two_axes(k):
    x = k.Input((4, 3, 2))
    return k.Model(x, k.layers.MultiHeadAttention(1, 2, attention_axes=(1, 2))(x, x))


def lambda_layer(k):
    return sequential(k, (4,), k.layers.Lambda(lambda x: x * 2, output_shape=(4,)))


def channels_first(k):
    return sequential(k, (3, 6, 6), k.layers.Conv2D(2, 3, data_format="channels_first"))


def channels_first_1d(k):
    return sequential(k, (3, 6), k.layers.Conv1D(2, 3, data_format="channels_first"))


def steps_channels_first(k):
    conv = k.layers.Conv2D(2, 3, data_format="channels_first")
    return sequential(k, (2, 3, 6, 6), k.layers.TimeDistributed(conv))


def operation_sort(k):
    x = k.Input((4,))
    return k.Model(x, k.ops.sort(k.layers.Dense(3)(x)))


def operation_over_batch(k):
    x = k.Input((4,))
    return k.Model(x, x - k.ops.mean(x, axis=0, keepdims=True))


def part_of_batch(k):
    x = k.Input((4,))
    return k.Model(x, k.ops.concatenate([x, x], axis=0)[:1, :])


def part_computed(k):
    x = k.Input((4,))
    return k.Model(x, k.ops.take(x, k.ops.argmax(x, axis=-1), axis=1))


def resizing_lanczos(k):
    return sequential(k, (6, 6, 3), k.layers.Resizing(4, 4, interpolation="lanczos3"))


def integer_dense(k):
    return k.Sequential([k.Input((4,), dtype="int32"), k.layers.Dense(3)])


def bicubic(k):
    return sequential(k, (4, 4, 2), k.layers.UpSampling2D(2, interpolation="bicubic"))


def dynamic_size(k):
    return sequential(
        k, (None, None, 3), k.layers.Conv2D(2, 3), k.layers.GlobalAveragePooling2D())


def unknown_layer(k):
    @k.saving.register_keras_serializable(package="elsewhere")
    class Doubling(k.layers.Layer):
        def call(self, x):
            return x * 2

    return sequential(k, (4,), Doubling(), k.layers.Dense(2))


UNSUPPORTED = {f.__name__: (f, why) for f, why in (
    (stateful_lstm, "an LSTM that remembers"), (conv_lstm, "layer class ConvLSTM2D"),
    (recurrent_softmax, "an activation that is not element by element, in a GRU"),
    (masked_softmax, "a Softmax that uses the mask of an Embedding"),
    (masked_attention, "MultiHeadAttention that uses the mask of Masking"),
    (attention_mask, "a mask given to MultiHeadAttention"),
    (attention_over_two_axes, "MultiHeadAttention over two axes"),
    (lambda_layer, "Lambda: Python code in the file, never to be run"),
    (channels_first, "data_format channels_first"),
    (channels_first_1d, "data_format channels_first of one axis"),
    (steps_channels_first, "data_format channels_first inside of TimeDistributed"),
    (integer_dense, "whole numbers into a Dense layer"),
    (operation_sort, "an operation on tensors that there is no kernel for"),
    (operation_over_batch, "an operation over the batch"), (part_of_batch, "a part of the batch"),
    (part_computed, "a part at a place that is computed"),
    (resizing_lanczos, "interpolation lanczos3"),
    (bicubic, "interpolation bicubic"), (dynamic_size, "height and width not known"),
    (unknown_layer, "a layer class of another package"))}


def _rewritten(good, change_config=None, change_weights=None, drop=()):
    """The bytes of the .keras file `good` with its config or weights changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(
            out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "config.json" and change_config:
                data = change_config(data)
            if name == "model.weights.h5" and change_weights:
                data = change_weights(data)
            if name not in drop:
                target.writestr(name, data)
    return out.getvalue()


def _edited(edit):
    """A change of the config by `edit`, which gets the list of layers."""
    def change(data):
        config = json.loads(data)
        edit(config["config"]["layers"])
        return json.dumps(config).encode()
    return change


# Of the good model: "dense_1" has 4 units and comes first, so that its weights are "layers/dense";
# "dense" has 2, reads it, and keeps its weights in "layers/dense_1".


def _dense_of(layers):
    return next(layer for layer in layers if layer["class_name"] == "Dense")


def _cycle(layers):
    first, second = [layer for layer in layers if layer["class_name"] == "Dense"]
    first["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = second["name"]


def _read_nobody(layers):
    second = next(layer for layer in layers if layer["name"] == "dense")
    second["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = "nobody"


def _with_weights(edit):
    def change(data):
        buffer = io.BytesIO(data)
        with h5py.File(buffer, "a") as file:
            edit(file)
        return buffer.getvalue()
    return change


def _transpose_kernel(file):
    kernel = file["layers/dense_1/vars/0"][()]
    assert kernel.shape == (4, 2)
    del file["layers/dense_1/vars/0"]
    file["layers/dense_1/vars/0"] = kernel.T


def _huge_kernel(file):
    del file["layers/dense/vars/0"]
    # Chunked and never written: terabytes by its shape, a few bytes in the file.
    file["layers/dense/vars"].create_dataset(
        "0", (2**20, 2**20), np.float32, chunks=(16, 16), fillvalue=0)


def _delete_bias(file):
    del file["layers/dense/vars/1"]


def _damaged(good):
    """Name -> (bytes, what is wrong), all from one good two-layer Functional model."""
    bomb = lambda data: b" " * (1 << 26) + data  # noqa: E731
    deep = lambda data: b"[" * 200000  # noqa: E731
    return {
        "truncated": (good[: len(good) // 2], "half a zip file"),
        "not_a_zip": (b"this is not a model\n" * 4, "not a zip file"),
        "no_weights": (_rewritten(good, drop=("model.weights.h5",)), "no model.weights.h5"),
        "no_config": (_rewritten(good, drop=("config.json",)), "no config.json"),
        "config_bomb": (_rewritten(good, bomb), "config.json of 64 MiB in a small file"),
        "config_deep": (_rewritten(good, deep), "200,000 open brackets"),
        "config_list": (_rewritten(good, lambda d: b"[1, 2, 3]"), "config.json is no object"),
        "negative_units": (_rewritten(good, _edited(
            lambda ls: _dense_of(ls)["config"].update(units=-3))), "units is -3"),
        "huge_units": (_rewritten(good, _edited(
            lambda ls: _dense_of(ls)["config"].update(units=2**40))), "units is 2^40"),
        "units_text": (_rewritten(good, _edited(
            lambda ls: _dense_of(ls)["config"].update(units="many"))), "units is text"),
        "unknown_activation": (_rewritten(good, _edited(
            lambda ls: _dense_of(ls)["config"].update(activation="warp"))), "activation warp"),
        "unknown_source": (_rewritten(good, _edited(_read_nobody)), "an input of no layer"),
        "cycle": (_rewritten(good, _edited(_cycle)), "two layers that feed each other"),
        "same_name": (_rewritten(good, lambda d: d.replace(b"dense_1", b"dense")),
                      "two layers of one name"),
        "weights_text": (_rewritten(good, None, lambda d: b"no HDF5 here"), "weights are no HDF5"),
        "weights_truncated": (_rewritten(good, None, lambda d: d[: len(d) // 2]),
                              "half an HDF5 file"),
        "kernel_transposed": (_rewritten(good, None, _with_weights(_transpose_kernel)),
                              "a kernel of another shape than the config says"),
        "kernel_huge": (_rewritten(good, None, _with_weights(_huge_kernel)),
                        "a kernel of 4 TiB, sparse"),
        "bias_missing": (_rewritten(good, None, _with_weights(_delete_bias)),
                         "use_bias, but no bias"),
    }


def write_all(k, folder):
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, (build, why) in UNSUPPORTED.items():
        k.backend.clear_session()
        model = build(k)
        randomize(model, rng_of(name))
        model.save(folder / f"{name}.keras")
        rows.append((f"{name}.keras", why))
    k.backend.clear_session()
    x = k.Input((4,))
    model = k.Model(x, k.layers.Dense(2)(k.layers.Dense(4)(x)))
    model.save(folder / "good.keras")
    good = (folder / "good.keras").read_bytes()
    for name, (data, why) in _damaged(good).items():
        assert data != good, f"{name} is not damaged"
        (folder / f"{name}.keras").write_bytes(data)
        rows.append((f"{name}.keras", why))
    table = "\n".join(f"| `{name}` | {why} |" for name, why in sorted(rows))
    (folder / "README.md").write_text(
        "# Keras files that a reader must refuse\n\nWritten by `tools/make_keras_golden.py`: real "
        f"Keras {k.__version__} models with features that are\nnot supported, and damaged "
        "copies of `good.keras`, the one file here that must load.\n\n"
        f"| file | what is wrong |\n|---|---|\n{table}\n")
    print(f"{folder}: {len(rows)} samples")
