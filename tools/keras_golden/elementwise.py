"""Cases of the layers that keep shapes: activations, scalings, training-only layers; and merges."""

import numpy as np

from .common import fan_out, sequential
from .convolutions import ACTIVATIONS


def activation_layers(k):
    return fan_out(k, (4, 3, 5), [k.layers.Activation(a) for a in ACTIVATIONS])


def activation_layers_1d(k):
    return fan_out(k, (11,), [k.layers.Activation(a) for a in ACTIVATIONS])


def activation_chain(k):
    l = k.layers
    return sequential(
        k, (5, 4, 3), l.Conv2D(6, 3, padding="same"), l.Activation("hard_swish"), l.Conv2D(4, 1),
        l.Activation("selu"), l.Flatten(), l.Dense(6), l.Activation("softmax"))


def relu_options(k):
    r = k.layers.ReLU
    return fan_out(k, (6, 5, 3), [
        r(), r(max_value=6.0), r(max_value=0.5), r(negative_slope=0.1), r(threshold=0.4),
        r(max_value=1.0, negative_slope=0.2), r(max_value=1.5, negative_slope=0.3, threshold=0.5)])


def leaky_relu_elu(k):
    l = k.layers
    return fan_out(k, (6, 5, 3), [
        l.LeakyReLU(), l.LeakyReLU(negative_slope=0.05), l.LeakyReLU(negative_slope=0.0), l.ELU(),
        l.ELU(alpha=0.4), l.ELU(alpha=2.0)])


def prelu(k):
    p = k.layers.PReLU
    return fan_out(k, (5, 4, 3), [
        p(), p(shared_axes=[1, 2]), p(shared_axes=[1]), p(shared_axes=[2]),
        p(shared_axes=[1, 2, 3])])


def prelu_chain(k):
    l = k.layers
    return sequential(
        k, (6, 6, 3), l.Conv2D(4, 3), l.PReLU(shared_axes=[1, 2]), l.Conv2D(5, 3), l.PReLU(),
        l.Flatten(), l.Dense(6), l.PReLU())


def softmax_axes(k):
    s = k.layers.Softmax
    return fan_out(k, (4, 3, 5), [s(), s(axis=-1), s(axis=1), s(axis=2), s(axis=3), s(axis=-2)])


def softmax_1d(k):
    return sequential(k, (9,), k.layers.Dense(5), k.layers.Softmax())


def training_only(k):
    l = k.layers
    return sequential(
        k, (6, 5, 3), l.Dropout(0.5), l.Conv2D(4, 3), l.SpatialDropout2D(0.3), l.GaussianNoise(0.5),
        l.Conv2D(4, 1), l.GaussianDropout(0.2), l.ActivityRegularization(l2=0.1), l.Flatten(),
        l.Dropout(0.2, seed=3), l.Dense(4))


def rescaling(k):
    l = k.layers
    return sequential(
        k, (6, 5, 3), l.Rescaling(1 / 127.5, offset=-1.0), l.Conv2D(4, 3), l.Rescaling(2.0))


def rescaling_options(k):
    r = k.layers.Rescaling
    return fan_out(k, (4, 4, 2), [r(1 / 255), r(1 / 127.5, offset=-1.0), r(scale=2, offset=-3)])


def _adapted(k, axis, rng):
    layer = k.layers.Normalization(axis=axis)
    spread = np.array([20.0, 5.0, 60.0])
    layer.adapt((rng.normal(0, 1, (64, 6, 5, 3)) * spread + spread * 2).astype(np.float32))
    return layer


def normalization_channels(k):
    return sequential(
        k, (6, 5, 3), _adapted(k, -1, np.random.default_rng(1)), k.layers.Conv2D(4, 3))


def normalization_all(k):
    return sequential(
        k, (6, 5, 3), _adapted(k, None, np.random.default_rng(2)), k.layers.Conv2D(4, 3))


def normalization_constants(k):
    n = k.layers.Normalization
    return fan_out(k, (6, 5, 3), [
        n(axis=-1, mean=[90.0, 100.0, 110.0], variance=[900.0, 400.0, 2500.0]),
        n(axis=None, mean=100.0, variance=1600.0)])


def normalization_features(k):
    layer = k.layers.Normalization()
    rng = np.random.default_rng(3)
    layer.adapt((rng.normal(100, 40, (64, 8)) * np.arange(1, 9) / 4).astype(np.float32))
    return sequential(k, (8,), layer, k.layers.Dense(5))


def merge_same_shape(k):
    l = k.layers
    a, b, c = k.Input((5, 4, 3)), k.Input((5, 4, 3)), k.Input((5, 4, 3))
    return k.Model([a, b, c], [
        l.Add()([a, b]), l.Add()([a, b, c]), l.Subtract()([b, a]), l.Multiply()([a, b]),
        l.Multiply()([a, b, c]), l.Average()([a, c]), l.Average()([a, b, c]), l.Maximum()([a, b]),
        l.Maximum()([c, a, b]), l.Minimum()([a, b]), l.Minimum()([a, b, c])])


def merge_broadcast(k):
    l = k.layers
    x, channel = k.Input((5, 4, 3)), k.Input((1, 1, 3))
    pixel, row, vector = k.Input((5, 4, 1)), k.Input((1, 4, 3)), k.Input((5, 1, 3))
    return k.Model([x, channel, pixel, row, vector], [
        l.Multiply()([x, channel]), l.Add()([channel, x]), l.Subtract()([x, pixel]),
        l.Subtract()([pixel, x]), l.Maximum()([row, vector]), l.Multiply()([row, x, channel]),
        l.Average()([x, vector]), l.Minimum()([pixel, channel])])


def merge_broadcast_rank(k):
    l = k.layers
    x, v = k.Input((5, 4, 3)), k.Input((3,))
    return k.Model([x, v], [l.Multiply()([x, v]), l.Add()([v, x])])


def merge_vectors(k):
    l = k.layers
    a, b = k.Input((7,)), k.Input((7,))
    return k.Model([a, b], [l.Add()([a, b]), l.Multiply()([a, a]), l.Subtract()([a, b])])


def concatenate_axes(k):
    l = k.layers
    a, b, c, d = k.Input((4, 5, 3)), k.Input((4, 5, 2)), k.Input((2, 5, 3)), k.Input((4, 1, 3))
    cat = l.Concatenate
    return k.Model([a, b, c, d], [
        cat()([a, b]), cat(axis=3)([b, a, b]), cat(axis=1)([a, c]), cat(axis=2)([d, a, d]),
        cat(axis=-3)([c, a]), cat(axis=-1)([a, a])])


def concatenate_vectors(k):
    l = k.layers
    a, b = k.Input((5,)), k.Input((3,))
    joined = l.Concatenate()([a, b, a])
    return k.Model([a, b], [joined, l.Dense(4)(l.Concatenate(axis=1)([b, joined]))])


_PIXELS = {"scale": 50.0, "shift": 110.0}

CASES = {f.__name__: (f, {}) for f in (
    activation_layers, activation_layers_1d, activation_chain, relu_options, leaky_relu_elu, prelu,
    prelu_chain, softmax_axes, softmax_1d, training_only, merge_same_shape, merge_broadcast,
    merge_broadcast_rank, merge_vectors, concatenate_axes, concatenate_vectors)}
CASES |= {f.__name__: (f, _PIXELS) for f in (
    rescaling, rescaling_options, normalization_channels, normalization_all,
    normalization_constants, normalization_features)}
