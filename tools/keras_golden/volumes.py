"""Cases of the layers over volumes, and of normalisation by an input's own statistics."""

from .common import fan_out, sequential


def conv3d(k):
    c = k.layers.Conv3D
    return fan_out(k, (6, 5, 7, 2), [
        c(3, 3), c(3, 3, padding="same"), c(3, 2, strides=2, padding="same"),
        c(4, (1, 2, 3), strides=(1, 2, 1)), c(3, 2, dilation_rate=2, use_bias=False),
        c(4, 2, groups=2, activation="relu")])


def pooling3d(k):
    l = k.layers
    return fan_out(k, (5, 6, 4, 2), [
        l.MaxPooling3D(2), l.MaxPooling3D((1, 2, 3), strides=1, padding="same"),
        l.AveragePooling3D(2), l.AveragePooling3D(3, strides=2, padding="same"),
        l.GlobalMaxPooling3D(), l.GlobalAveragePooling3D(), l.GlobalMaxPooling3D(keepdims=True),
        l.GlobalAveragePooling3D(keepdims=True)])


def borders3d(k):
    l = k.layers
    return fan_out(k, (4, 5, 3, 2), [
        l.ZeroPadding3D(), l.ZeroPadding3D((1, 0, 2)), l.ZeroPadding3D(((1, 0), (0, 2), (1, 1))),
        l.Cropping3D(1), l.Cropping3D((1, 2, 0)), l.Cropping3D(((0, 1), (2, 0), (1, 1))),
        l.UpSampling3D(2), l.UpSampling3D((1, 3, 2))])


def volume_chain(k):
    l = k.layers
    return sequential(
        k, (6, 6, 6, 1), l.Conv3D(4, 3, activation="relu"), l.BatchNormalization(),
        l.MaxPooling3D(2), l.UpSampling3D(2), l.ZeroPadding3D(1), l.Conv3D(3, 3), l.Flatten(),
        l.Dense(4))


def layer_normalization(k):
    n = k.layers.LayerNormalization
    return fan_out(k, (4, 5, 6), [
        n(), n(axis=-1, epsilon=1e-5), n(scale=False), n(center=False), n(axis=[1, 2]),
        n(axis=[1, 2, 3]), n(axis=1), n(scale=False, center=False, axis=[2, 3])])


def group_normalization(k):
    g = k.layers.GroupNormalization
    return fan_out(k, (4, 5, 6), [
        g(groups=2), g(groups=3, epsilon=0.01), g(groups=6), g(groups=1), g(groups=-1),
        g(groups=2, scale=False), g(groups=3, center=False), g(groups=2, axis=1)])


def other_normalization(k):
    l = k.layers
    return fan_out(k, (4, 5, 6), [
        l.UnitNormalization(), l.UnitNormalization(axis=1), l.UnitNormalization(axis=[1, 2]),
        l.RMSNormalization(), l.RMSNormalization(axis=[2, 3], epsilon=1e-3)])


def batch_norm_axes(k):
    b = k.layers.BatchNormalization
    return fan_out(k, (4, 5, 6), [b(axis=1), b(axis=2), b(axis=3), b(axis=-2, scale=False)])


def dot(k):
    l = k.layers
    a, b = k.Input((4, 5)), k.Input((5, 4))
    u, v = k.Input((6,)), k.Input((6,))
    return k.Model([a, b, u, v], [
        l.Dot(axes=(2, 1))([a, b]), l.Dot(axes=(1, 2))([a, b]), l.Dot(axes=1)([u, v]),
        l.Dot(axes=1, normalize=True)([u, v]), l.Dot(axes=(-1, -2), normalize=True)([a, b]),
        l.Dot(axes=2)([a, a])])


CASES = {f.__name__: (f, {}) for f in (
    conv3d, pooling3d, borders3d, volume_chain, layer_normalization, group_normalization,
    other_normalization, batch_norm_axes, dot)}

SHARED = {f.__name__: (f, {}) for f in (volume_chain, dot)}
