"""Cases of the layers that multiply: convolutions, dense, and what is folded into them."""

from .common import fan_out, sequential

ACTIVATIONS = [
    "linear", "relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "swish", "silu",
    "hard_sigmoid", "hard_swish", "hard_silu", "leaky_relu", "softplus", "exponential",
]


def conv_valid(k):
    return sequential(
        k, (9, 7, 3), k.layers.Conv2D(6, 3, activation="relu"), k.layers.Conv2D(4, (1, 3)),
        k.layers.Conv2D(5, (2, 1), use_bias=False), k.layers.Conv2D(3, 1))


def conv_same(k):
    return sequential(
        k, (9, 7, 3), k.layers.Conv2D(6, 3, padding="same"),
        k.layers.Conv2D(5, (2, 4), padding="same", activation="tanh"),
        k.layers.Conv2D(4, 5, padding="same", use_bias=False))


def conv_strides(k):
    c = k.layers.Conv2D
    return fan_out(k, (10, 9, 3), [
        c(4, 3, strides=2), c(4, 3, strides=2, padding="same"), c(4, 5, strides=3, padding="same"),
        c(4, 2, strides=2, padding="same"), c(4, 1, strides=2, padding="same"), c(4, 1, strides=2),
        c(4, 3, strides=(2, 1), padding="same"), c(4, (3, 2), strides=(1, 3))])


def conv_stride_even(k):
    return sequential(
        k, (8, 8, 3), k.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu6"),
        k.layers.Conv2D(6, 3, strides=2, padding="same"))


def conv_dilation(k):
    c = k.layers.Conv2D
    return fan_out(k, (11, 10, 3), [
        c(4, 3, dilation_rate=2), c(4, 3, dilation_rate=2, padding="same"),
        c(4, 3, dilation_rate=(1, 3), padding="same"), c(4, (2, 3), dilation_rate=(3, 2)),
        c(4, 2, dilation_rate=3, padding="same", use_bias=False)])


def conv_groups(k):
    c = k.layers.Conv2D
    return fan_out(k, (7, 8, 8), [
        c(8, 3, groups=2), c(12, 3, groups=4, padding="same", use_bias=False),
        c(16, 3, groups=8, strides=2, padding="same"), c(8, 1, groups=2, activation="relu")])


def conv_activations(k):
    return fan_out(k, (6, 5, 3), [k.layers.Conv2D(4, 3, activation=a) for a in ACTIVATIONS])


def dense_activations(k):
    return fan_out(k, (12,), [k.layers.Dense(7, activation=a) for a in ACTIVATIONS])


def depthwise(k):
    d = k.layers.DepthwiseConv2D
    return fan_out(k, (9, 8, 4), [
        d(3), d(3, padding="same"), d(3, strides=2), d(3, strides=2, padding="same"),
        d((2, 5), padding="same", use_bias=False), d(3, depth_multiplier=2, padding="same"),
        d(3, depth_multiplier=2, strides=2, activation="relu"), d(5, strides=3, padding="same"),
        d(3, depth_multiplier=3, use_bias=False), d(1, activation="swish")])


def depthwise_dilation(k):
    d = k.layers.DepthwiseConv2D
    return fan_out(k, (10, 9, 3), [
        d(3, dilation_rate=2), d(3, dilation_rate=2, padding="same"),
        d(3, dilation_rate=(2, 3), padding="same", depth_multiplier=2),
        d((3, 2), dilation_rate=(1, 2), activation="hard_sigmoid")])


def depthwise_chain(k):
    return sequential(
        k, (8, 8, 3), k.layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
        k.layers.DepthwiseConv2D(3, strides=2, padding="same"), k.layers.Conv2D(4, 1))


def separable(k):
    s = k.layers.SeparableConv2D
    return fan_out(k, (9, 8, 3), [
        s(5, 3), s(5, 3, padding="same", activation="relu"), s(4, 3, depth_multiplier=2),
        s(4, 3, strides=2, padding="same", use_bias=False),
        s(4, 3, dilation_rate=2, padding="same"),
        s(6, (2, 3), strides=2, depth_multiplier=2, activation="sigmoid")])


def separable_chain(k):
    return sequential(
        k, (8, 7, 3), k.layers.SeparableConv2D(6, 3, padding="same", activation="elu"),
        k.layers.SeparableConv2D(4, 3, strides=2, depth_multiplier=2))


def transposed_valid(k):
    t = k.layers.Conv2DTranspose
    return fan_out(k, (5, 4, 3), [
        t(4, 2), t(4, 3), t(4, 4), t(4, 2, strides=2), t(4, 3, strides=2), t(4, 4, strides=2),
        t(4, 2, strides=3), t(4, 3, strides=2, output_padding=1), t(5, (2, 3), activation="relu"),
        t(4, 3, strides=3, use_bias=False, output_padding=(1, 2)), t(4, (3, 4), strides=(2, 1))])


def transposed_same(k):
    t = k.layers.Conv2DTranspose
    p = {"padding": "same"}
    return fan_out(k, (5, 4, 3), [
        t(4, 2, **p), t(4, 3, **p), t(4, 4, **p), t(4, 2, strides=2, **p), t(4, 3, strides=2, **p),
        t(4, 4, strides=2, **p), t(4, 4, strides=3, **p), t(4, 2, strides=3, **p),
        t(4, 3, strides=2, output_padding=0, **p), t(4, 4, strides=2, output_padding=1, **p),
        t(6, 3, activation="tanh", use_bias=False, **p)])


def transposed_chain(k):
    return sequential(
        k, (3, 4, 5), k.layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
        k.layers.Conv2DTranspose(3, 2, strides=2), k.layers.Conv2D(2, 3))


def dense_2d(k):
    return sequential(
        k, (15,), k.layers.Dense(12, activation="relu"), k.layers.Dense(8, use_bias=False),
        k.layers.Dense(5, activation="softmax"))


def dense_4d(k):
    return sequential(
        k, (4, 5, 6), k.layers.Dense(7, activation="tanh"), k.layers.Dense(3, use_bias=False),
        k.layers.Dense(4, activation="softmax"))


def dense_one_unit(k):
    return sequential(k, (9,), k.layers.Dense(1), k.layers.Dense(3))


def batch_norm_after(k):
    l = k.layers
    return sequential(
        k, (9, 8, 3), l.Conv2D(6, 3, use_bias=False), l.BatchNormalization(), l.Activation("relu"),
        l.DepthwiseConv2D(3, padding="same", use_bias=False), l.BatchNormalization(epsilon=0.01),
        l.ReLU(6.0), l.SeparableConv2D(5, 3, padding="same"), l.BatchNormalization(),
        l.Conv2DTranspose(4, 3, strides=2, padding="same"), l.BatchNormalization(scale=False),
        l.Conv2D(3, 1, activation="relu"), l.BatchNormalization())


def batch_norm_after_depth_multiplier(k):
    l = k.layers
    return sequential(
        k, (7, 7, 3), l.DepthwiseConv2D(3, depth_multiplier=2), l.BatchNormalization(),
        l.Conv2D(6, 3, groups=3), l.BatchNormalization(), l.Activation("gelu"))


def batch_norm_dense(k):
    l = k.layers
    return sequential(
        k, (10,), l.Dense(8), l.BatchNormalization(), l.Activation("relu"),
        l.Dense(6, use_bias=False), l.BatchNormalization(center=False), l.Dense(4))


def batch_norm_options(k):
    b = k.layers.BatchNormalization
    return fan_out(k, (5, 4, 3), [
        b(), b(scale=False), b(center=False), b(scale=False, center=False), b(epsilon=0.1)])


def batch_norm_standalone(k):
    l = k.layers
    return sequential(
        k, (6, 5, 3), l.BatchNormalization(), l.MaxPooling2D(2), l.BatchNormalization(),
        l.Flatten(), l.BatchNormalization())


CASES = {f.__name__: (f, {}) for f in (
    conv_valid, conv_same, conv_strides, conv_stride_even, conv_dilation, conv_groups,
    conv_activations, dense_activations, depthwise, depthwise_dilation, depthwise_chain, separable,
    separable_chain, transposed_valid, transposed_same, transposed_chain, dense_2d, dense_4d,
    dense_one_unit, batch_norm_after, batch_norm_after_depth_multiplier, batch_norm_dense,
    batch_norm_options, batch_norm_standalone)}
