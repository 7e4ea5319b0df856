"""Cases of the layers that move or gather values: pooling, padding, resizing, reshaping."""

from .common import fan_out, sequential


def _pool_options(p):
    return [
        p(2), p(3), p((2, 3)), p(2, padding="same"), p(3, padding="same"), p(3, strides=2),
        p(3, strides=2, padding="same"), p(2, strides=1), p(3, strides=1, padding="same"),
        p(2, strides=3), p((3, 2), strides=(2, 1), padding="same"), p(1, strides=2)]


def max_pooling(k):
    return fan_out(k, (9, 8, 3), _pool_options(k.layers.MaxPooling2D))


def max_pooling_negative(k):
    return fan_out(k, (8, 7, 3), _pool_options(k.layers.MaxPooling2D))


def average_pooling(k):
    return fan_out(k, (9, 8, 3), _pool_options(k.layers.AveragePooling2D))


def pooling_chain(k):
    l = k.layers
    return sequential(
        k, (12, 11, 3), l.Conv2D(4, 3, activation="relu"), l.MaxPooling2D(2), l.Conv2D(5, 2),
        l.AveragePooling2D(3, strides=2, padding="same"), l.Flatten(), l.Dense(6))


def global_pooling(k):
    l = k.layers
    return fan_out(k, (5, 6, 3), [
        l.GlobalMaxPooling2D(), l.GlobalAveragePooling2D(), l.GlobalMaxPooling2D(keepdims=True),
        l.GlobalAveragePooling2D(keepdims=True)])


def global_pooling_chain(k):
    l = k.layers
    return sequential(
        k, (6, 6, 3), l.Conv2D(6, 3), l.GlobalAveragePooling2D(keepdims=True), l.Conv2D(5, 1),
        l.Flatten(), l.Dense(4, activation="sigmoid"))


def zero_padding(k):
    z = k.layers.ZeroPadding2D
    return fan_out(k, (4, 5, 3), [
        z(), z(2), z((1, 2)), z(((1, 0), (2, 3))), z(((0, 1), (0, 1))), z(((0, 0), (3, 0)))])


def zero_padding_conv(k):
    l = k.layers
    return sequential(
        k, (8, 8, 3), l.ZeroPadding2D(((0, 1), (0, 1))), l.Conv2D(4, 3, strides=2),
        l.ZeroPadding2D(1), l.DepthwiseConv2D(3), l.ZeroPadding2D(((2, 1), (0, 2))),
        l.MaxPooling2D(3, strides=2))


def cropping(k):
    c = k.layers.Cropping2D
    return fan_out(k, (8, 9, 3), [c(1), c((1, 2)), c(((1, 0), (2, 3))), c(((0, 3), (0, 0)))])


def up_sampling_nearest(k):
    u = k.layers.UpSampling2D
    return fan_out(k, (4, 3, 2), [u(), u(3), u((2, 3)), u((1, 2), interpolation="nearest")])


def up_sampling_bilinear(k):
    u = k.layers.UpSampling2D
    b = {"interpolation": "bilinear"}
    return fan_out(k, (4, 3, 2), [u(2, **b), u(3, **b), u((2, 3), **b), u((1, 4), **b)])


def up_sampling_chain(k):
    l = k.layers
    return sequential(
        k, (4, 4, 3), l.Conv2D(4, 3, padding="same", activation="relu"), l.UpSampling2D(2),
        l.Conv2D(3, 3), l.UpSampling2D(2, interpolation="bilinear"), l.Cropping2D(((1, 2), (0, 1))))


def reshape_options(k):
    r = k.layers.Reshape
    return fan_out(k, (4, 6, 2), [
        r((48,)), r((-1,)), r((-1, 4)), r((6, 4, 2)), r((2, -1, 3)), r((1, 1, 48)), r((3, 16))])


def reshape_chain(k):
    l = k.layers
    return sequential(
        k, (24,), l.Dense(48), l.Reshape((4, 4, -1)), l.Conv2D(4, 3), l.Reshape((2, 2, 4)),
        l.Flatten(), l.Dense(5))


def permute_options(k):
    p = k.layers.Permute
    return fan_out(k, (4, 3, 2), [p((2, 1, 3)), p((3, 1, 2)), p((3, 2, 1)), p((1, 3, 2))])


def permute_chain(k):
    l = k.layers
    return sequential(
        k, (5, 4, 3), l.Permute((2, 3, 1)), l.Conv2D(4, 2), l.Permute((3, 1, 2)), l.Flatten(),
        l.Dense(5))


def flatten_dense(k):
    l = k.layers
    return sequential(
        k, (4, 5, 3), l.Flatten(), l.Dense(6, activation="relu"), l.Flatten(), l.Dense(4))


CASES = {f.__name__: (f, {}) for f in (
    max_pooling, average_pooling, pooling_chain, global_pooling, global_pooling_chain, zero_padding,
    zero_padding_conv, cropping, up_sampling_nearest, up_sampling_bilinear, up_sampling_chain,
    reshape_options, reshape_chain, permute_options, permute_chain, flatten_dense)}
# All inputs negative: padding that counts as zero would win every maximum at the border.
CASES["max_pooling_negative"] = (max_pooling_negative, {"scale": 0.5, "shift": -3.0})
