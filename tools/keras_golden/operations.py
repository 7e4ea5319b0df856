"""Cases of operations on tensors: arithmetic, keras.ops, parts of tensors; and layers of images.

Keras 2 saves functions of TensorFlow as layers; what both have is in SHARED."""

import numpy as np


def _image(k, shape=(6, 5, 4)):
    x = k.Input(shape)
    return x, k.layers.Conv2D(shape[-1], 1)(x)


def reflected(k):
    """A number, or an array, on either side."""
    x, y = _image(k)
    positive = k.layers.Activation("softplus")(y)
    row = np.linspace(-1, 1, 4).astype("float32")
    return k.Model(x, [
        1.0 - y, 2.0 / (positive + 0.5), 2.0 + y, 3 * y, y - 1, y / 4, y + y, y * positive,
        -y, abs(y), y**2, positive**0.5, 1.5**y, y // 0.3, y % 0.7, y + row, y * row])


def slicing(k):
    x, y = _image(k)
    return k.Model(x, [
        y[:, 1:, ::2], y[:, -1], y[:, 2, 1:3], y[:, :, ::-1], y[:, None, 1:-1],
        y[:, ::-2, 3:0:-1, 1:], y[:, -4:-1, -3:]])


def slicing_from_behind(k):
    """Keras 2 cannot save these as .keras."""
    x, y = _image(k)
    return k.Model(x, [y[..., 0], y[:, 1:4, ..., -2:], y[..., None], y[..., -1:], y[:, ..., 2, :]])


def _float(k, x):
    return k.ops.cast(x, "float32")


def comparisons(k):
    o = k.ops
    x, y = _image(k)
    z = k.layers.Conv2D(4, 1)(x)
    high = y > 0.2
    return k.Model(x, [
        _float(k, high), _float(k, y >= z), _float(k, y < z), _float(k, z <= 0), o.where(high, y,
        z),
        o.where(y < z, 0.0, y), o.where(o.logical_and(high, z > 0), y, -1), y * _float(k, high),
        _float(k, o.logical_or(high, o.logical_not(z > y))), _float(k, o.logical_xor(high, z > y)),
        _float(k, o.not_equal(o.round(y), 0)), _float(k, o.equal(o.floor(z), -1.0)),
        _float(k, o.isfinite(y)) * y, o.sum(high, axis=2) * y[:, :, 0]])


def functions(k):
    o = k.ops
    x, y = _image(k, (4, 3, 3))
    positive = o.softplus(y) + 0.1
    small = o.tanh(y) * 0.9
    return k.Model(x, [
        o.abs(y), o.negative(y), o.sign(y), o.square(y), o.sqrt(positive), o.rsqrt(positive),
        o.reciprocal(positive), o.exp(y), o.expm1(y), o.log(positive), o.log1p(positive),
        o.log2(positive), o.log10(positive), o.erf(y), o.floor(y * 3), o.ceil(y * 3),
        o.round(y * 3), o.sin(y), o.cos(y), o.tan(small), o.arcsin(small), o.arccos(small),
        o.arctan(y), o.sinh(y), o.cosh(y), o.tanh(y), o.arcsinh(y), o.arccosh(positive + 1),
        o.arctanh(small), o.maximum(y, 0.1), o.minimum(y, positive), o.clip(y, -0.5, 0.7),
        o.power(positive, 1.5), o.floor_divide(y, positive), o.mod(y, positive),
        o.stop_gradient(y)])


def activations(k):
    n = k.ops.nn
    x, y = _image(k, (4, 3, 4))
    return k.Model(x, [
        n.relu(y), n.relu6(y * 4), n.leaky_relu(y, 0.1), n.elu(y, 0.5), n.celu(y, 0.7), n.selu(y),
        n.gelu(y), n.gelu(y, approximate=False), n.sigmoid(y), n.hard_sigmoid(y), n.log_sigmoid(y),
        n.silu(y), n.hard_silu(y), n.hard_tanh(y), n.tanh_shrink(y), n.hard_shrink(y, 0.3),
        n.soft_shrink(y, 0.3), n.softplus(y), n.softsign(y), n.squareplus(y),
        n.threshold(y, 0.2, -0.1), n.glu(y), n.glu(y, axis=-1), n.softmax(y), n.softmax(y, axis=1),
        n.log_softmax(y, axis=2), n.normalize(y, axis=-1), n.normalize(y, axis=1),
        k.activations.gelu(y), k.activations.leaky_relu(y)])


def reductions(k):
    o = k.ops
    x, y = _image(k)
    return k.Model(x, [
        o.mean(y, axis=(1, 2)), o.mean(y, axis=-1, keepdims=True), o.sum(y, axis=1),
        o.sum(y, axis=[2, 3]), o.max(y, axis=(1, 2), keepdims=True), o.min(y, axis=3),
        o.prod(o.abs(y) + 0.5, axis=2), o.var(y, axis=(1, 2)), o.std(y, axis=-1, keepdims=True),
        o.logsumexp(y, axis=-1), o.norm(y, axis=-1), o.norm(y, ord=1, axis=2), o.cumsum(y, axis=1),
        o.average(y, axis=2), o.amax(y, axis=1), _float(k, o.any(y > 1.2, axis=3)),
        _float(k, o.all(y > -1, axis=3)), _float(k, o.argmax(y, axis=-1)),
        _float(k, o.argmin(y, axis=1)), _float(k, o.count_nonzero(y > 0, axis=(1, 2))),
        *o.moments(y, axes=(1, 2)), *o.moments(y, axes=[-1], keepdims=True)])


def movement(k):
    o = k.ops
    x, y = _image(k)
    one = y[:, :1]
    return k.Model(x, [
        o.reshape(y, (-1, 20, 6)), o.reshape(y, (-1, 30, 2, 2)), o.transpose(y, (0, 3, 1, 2)),
        o.swapaxes(y, 1, -1), o.moveaxis(y, 1, 2), o.moveaxis(y, (1, 2), (3, 1)), o.squeeze(one, 1),
        o.expand_dims(y, -1), o.expand_dims(y, (1, -1)), o.tile(y, [1, 2, 1, 3]),
        o.repeat(y, 2, axis=1), o.pad(y, [[0, 0], [1, 1], [0, 2], [0, 0]]),
        o.pad(y, [[0, 0], [2, 1], [1, 1], [0, 0]], mode="reflect"),
        o.pad(y, [[0, 0], [1, 2], [0, 0], [0, 1]], mode="symmetric"),
        o.pad(y, [[0, 0], [1, 0], [0, 1], [0, 0]], constant_values=0.5), o.flip(y, axis=1),
        o.flip(y, axis=(2, 3)), o.roll(y, 2, axis=1), o.roll(y, (-1, 1), axis=(1, 3)),
        o.take(y, [0, 2, -1], axis=2), o.take(y, 1, axis=3), o.tril(y), o.triu(y, 1),
        y + o.ones_like(y), y - o.zeros_like(y)])


def more_functions(k):
    o = k.ops
    x, y = _image(k)
    z = k.layers.ReLU()(k.layers.Conv2D(4, 1)(x))
    return k.Model(x, [
        o.divide(y, z + 1), o.divide_no_nan(y, z), o.where(o.isnan(y / z), 0.5, y),
        o.where(o.isinf(1 / z), y, z), o.copy(y) + z, o.amin(y, axis=1)])


def joins(k):
    o = k.ops
    x, y = _image(k)
    z = k.layers.Conv2D(4, 1)(x)
    a, b, c = o.split(y, 3, axis=1)
    p, q = o.split(z, [1], axis=-1)
    first, *_, last = o.unstack(z, axis=2)
    return k.Model(x, [
        o.concatenate([y, z * 2], axis=-1), o.stack([y, z], axis=1), o.stack([y, z], axis=-1),
        o.hstack([y, z]), a + c, b, p * q, o.concatenate([a, c, b], axis=2), first - last])


def products(k):
    o = k.ops
    x, y = _image(k)
    z = k.layers.Conv2D(4, 1)(x)
    table = np.arange(12).reshape(4, 3).astype("float32") / 6 - 1
    steps = o.reshape(y, (-1, 5, 3, 8))
    return k.Model(x, [
        o.matmul(y, o.swapaxes(z, 2, 3)), y @ o.transpose(z, (0, 1, 3, 2)), o.matmul(y, table),
        o.einsum("bhwc,bhwd->bcd", y, z), o.einsum("bhwc,bvwc->bhv", y, z),
        o.einsum("bhwc,bhwc->bhw", y, z), o.einsum("bhwc->bcw", y), o.einsum("...c,cd->...d", y,
        table),
        o.einsum("bhwc,cd->bdhw", y, table), o.dot(y, table), o.tensordot(y, table, axes=1),
        o.tensordot(y, table, axes=[[3], [0]]),
        o.dot_product_attention(steps, steps * 0.5, steps + 1)])


def images(k):
    o = k.ops
    x, y = _image(k, (6, 8, 4))
    return k.Model(x, [
        o.image.resize(y, (3, 5)), o.image.resize(y, (9, 8)),
        o.image.resize(y, (9, 5), interpolation="nearest"),
        o.image.resize(y, (4, 4), crop_to_aspect_ratio=True),
        o.image.resize(y, (4, 4), pad_to_aspect_ratio=True, fill_value=0.5),
        o.image.rgb_to_grayscale(y[..., :3]), o.max_pool(y, 2), o.average_pool(y, 3, 2, "same"),
        o.max_pool(o.reshape(y, (-1, 48, 4)), 3, padding="same"), o.depth_to_space(y, 2),
        o.space_to_depth(y, 2)])


def whole_numbers(k):
    """Types as Keras joins them."""
    o = k.ops
    x = k.Input((5,), dtype="int32")
    y = k.layers.Dense(5)(k.layers.Embedding(9, 1)(x)[..., 0])
    return k.Model(x, [
        _float(k, x + 1), x + 0.5, x / 2, _float(k, x // 2), _float(k, x % 3), y * x,
        _float(k, o.maximum(x, 4)), o.sqrt(x), o.mean(x, axis=1, keepdims=True), o.one_hot(x, 9),
        _float(k, o.sum(x, axis=1, keepdims=True)), o.where(x > 3, y, 0), _float(k, o.square(x)),
        _float(k, o.cast(y * 3, "int32")), _float(k, o.clip(x, 2, 5)),
        o.take(o.reshape(np.arange(18, dtype="float32") / 9, (9, 2)), x, axis=0)])


def attention_block(k):
    """A transformer's encoder as people write it."""
    l, o = k.layers, k.ops
    x = k.Input((12, 8))
    places = np.sin(np.arange(96).reshape(1, 12, 8)).astype("float32")
    y = l.Dense(8)(x) + places
    heads = [o.transpose(o.reshape(l.Dense(8)(y), (-1, 12, 2, 4)), (0, 2, 1, 3)) for _ in range(3)]
    scores = o.softmax(o.matmul(heads[0], o.transpose(heads[1], (0, 1, 3, 2))) / np.sqrt(4.0))
    mixed = o.reshape(o.transpose(o.matmul(scores, heads[2]), (0, 2, 1, 3)), (-1, 12, 8))
    y = l.LayerNormalization()(y + mixed)
    return k.Model(x, l.Dense(3)(o.mean(y + l.Dense(8)(o.gelu(l.Dense(16)(y))), axis=1)))


def squeeze_and_excite(k):
    l = k.layers
    x = k.Input((8, 8, 4))
    y = l.Conv2D(6, 3, padding="same", use_bias=False)(x)
    gate = l.Dense(6, activation="sigmoid")(l.Dense(2, activation="relu")(
        l.GlobalAveragePooling2D()(y)))
    return k.Model(x, l.Dense(3)(l.Flatten()(y * gate[:, None, None, :])))


def einsum_dense(k):
    e = k.layers.EinsumDense
    x = k.Input((5, 6, 4))
    y = e("abcd,de->abce", output_shape=(None, 6, 7), bias_axes="e", activation="relu")(x)
    return k.Model(x, [
        y, e("abcd,cdef->abef", output_shape=(None, 2, 3), bias_axes="ef")(x),
        e("...x,xy->...y", output_shape=3, bias_axes="y")(x),
        e("abcd,bde->ace", output_shape=(6, 3), bias_axes="ce")(x),
        e("abcd,ced->abec", output_shape=(5, 3, 6), bias_axes="c")(x),
        e("abcd,cb->abcd", output_shape=(5, 6, 4))(x)])


def resizing(k):
    l = k.layers
    x = k.Input((7, 9, 3))
    y = l.Conv2D(3, 1)(x)
    extra = [] if k.__name__ == "tf_keras" else [
        l.Resizing(6, 6, pad_to_aspect_ratio=True, fill_value=0.25)(y),
        l.Resizing(5, 12, pad_to_aspect_ratio=True)(y)]
    return k.Model(
        x, extra + [
            l.Resizing(
                4, 5)(y), l.Resizing(
                14, 18)(y), l.Resizing(
                    7, 5)(y), l.Resizing(
                        5, 20, interpolation="nearest")(y), l.Resizing(
                            4, 4, crop_to_aspect_ratio=True)(y), l.Resizing(
                                3, 9, crop_to_aspect_ratio=True)(y), l.CenterCrop(
                                    4, 6)(y), l.CenterCrop(
                                        7, 8)(y), l.CenterCrop(
                                            10, 6)(y), l.CenterCrop(
                                                9, 12)(y)])


def bytes_resized(k):
    l = k.layers
    x = k.Input((8, 6, 3), dtype="uint8")
    y = l.Rescaling(1 / 255)(l.CenterCrop(6, 4)(x))
    return k.Model(x, l.Conv2D(2, 3)(l.Resizing(5, 5)(y)))


def augmented(k):
    """Does nothing when it is run; Keras 3 records training=True for it."""
    l = k.layers
    x = k.Input((8, 8, 3))
    y = l.RandomFlip("horizontal")(x)
    y = l.RandomRotation(0.1)(y)
    y = l.RandomZoom(0.1)(y)
    y = l.RandomTranslation(0.1, 0.1)(y)
    y = l.RandomContrast(0.2)(y)
    y = l.RandomBrightness(0.2)(y)
    y = l.GaussianNoise(0.1)(l.Conv2D(4, 3)(y))
    return k.Model(x, l.Dense(3)(l.Dropout(0.3)(l.Flatten()(y))))


def augmented_inside(k):
    """As a model of its own in front, the way the tutorials do it."""
    l = k.layers
    augment = k.Sequential([l.RandomFlip(), l.RandomRotation(0.2)], name="augmentation")
    x = k.Input((8, 8, 3))
    y = l.Rescaling(1 / 127.5, offset=-1)(augment(x))
    return k.Model(x, l.Dense(3)(l.Flatten()(l.Conv2D(4, 3)(y))))


def more_augmentation(k):
    l = k.layers
    x = k.Input((8, 8, 3))
    y = x
    for layer in (
            l.RandomHue(0.1), l.RandomSaturation(0.1), l.RandomSharpness(0.1),
            l.RandomGrayscale(0.2), l.RandomErasing(), l.RandomInvert(), l.RandomPerspective(),
            l.RandomGaussianBlur(), l.RandomElasticTransform(), l.RandomColorJitter(),
            l.RandomColorDegeneration(0.2), l.RandomPosterization(4), l.Solarization(), l.MixUp(),
            l.CutMix(), l.RandAugment(), l.AugMix()):
        y = layer(y)
    return k.Model(x, l.Conv2D(2, 3)(y))


def random_sizes(k):
    """Layers of Keras 2 alone."""
    l = k.layers
    x = k.Input((9, 8, 3))
    y = l.RandomCrop(6, 4)(l.Conv2D(3, 1)(x))
    return k.Model(x, l.Dense(2)(l.Flatten()(l.RandomCrop(8, 8)(y))))


def masking(k):
    """Where no layer uses the mask."""
    l = k.layers
    x = k.Input((6, 4))
    return k.Model(x, l.Dense(3)(l.Conv1D(4, 3)(l.Masking(0.0)(x))))


def tf_functions(k):
    import tensorflow as tf
    x, y = _image(k)
    positive = tf.nn.softplus(y) + 0.1
    return k.Model(x, [
        tf.abs(y), tf.square(y), tf.sqrt(positive), tf.math.rsqrt(positive),
        tf.math.reciprocal(positive),
        tf.exp(y), tf.math.log(positive), tf.math.log1p(positive), tf.math.erf(y), tf.floor(y),
        tf.sin(y),
        tf.sign(y), tf.pow(positive, 1.5), tf.maximum(y, 0.1), tf.minimum(y, positive),
        tf.clip_by_value(y, -0.5, 0.5), tf.math.squared_difference(y, positive),
        tf.math.divide_no_nan(y, positive), tf.nn.relu(y), tf.nn.relu6(y), tf.nn.leaky_relu(y, 0.1),
        tf.nn.elu(y), tf.nn.gelu(y), tf.nn.gelu(y, approximate=True), tf.nn.silu(y), tf.sigmoid(y),
        tf.tanh(y), tf.nn.softmax(y), tf.nn.softmax(y, axis=1), tf.nn.log_softmax(y),
        tf.math.l2_normalize(y, -1), tf.nn.l2_normalize(y, [1, 2]), tf.nn.bias_add(y, [0.1, 0.2,
        0.3, 0.4]),
        tf.add_n([y, positive, y]), tf.identity(y), tf.where(y > 0.1, y, positive), tf.where(y > 0,
        y, 0.0),
        tf.cast(y > 0.2, tf.float32), tf.cast(tf.math.logical_not(y > 0.1), "float32"),
        k.activations.swish(y), k.backend.clip(y, -1, 1)])


def tf_shapes(k):
    import tensorflow as tf
    x, y = _image(k)
    z = k.layers.Conv2D(4, 1)(x)
    a, b = tf.split(y, 2, axis=-1)
    c, d = tf.split(y, [1, -1], axis=1)
    return k.Model(x, [
        tf.reshape(y, (-1, 20, 6)), tf.reshape(y, [tf.shape(y)[0], -1]), tf.transpose(y, (0, 3, 1,
        2)),
        tf.reshape(y, [-1, tf.shape(y)[1] * 5, 4]), tf.squeeze(y[:, :1], 1), tf.expand_dims(y, 1),
        tf.concat([y, z * 2], axis=-1), tf.stack([y, z], 1), a - b, tf.concat([d, c], 1),
        tf.unstack(y, axis=2)[3], tf.tile(y, [1, 2, 1, 1]), tf.repeat(y, 2, axis=1),
        tf.pad(y, [[0, 0], [1, 1], [0, 2], [0, 0]]), tf.pad(y, [[0, 0], [1, 1], [2, 2], [0, 0]],
        "REFLECT"),
        tf.reverse(y, axis=[1]), tf.roll(y, 1, axis=1), tf.gather(y, [0, 2], axis=1),
        tf.slice(y, [0, 1, 0, 0], [-1, 2, -1, 2]), y * tf.ones_like(y), tf.reduce_mean(y, axis=[1,
        2]),
        tf.reduce_sum(y, -1, keepdims=True), tf.reduce_max(y, 1), tf.reduce_min(y, [2, 3]),
        tf.math.reduce_std(y, axis=1), tf.math.reduce_variance(y, axis=-1), tf.reduce_logsumexp(y,
        -1),
        tf.norm(y, axis=-1), tf.cast(tf.argmax(y, -1), tf.float32), tf.cumsum(y, axis=1,
        exclusive=True),
        k.backend.mean(y, axis=1), tf.matmul(y, z, transpose_b=True), tf.linalg.matmul(y, y,
        transpose_a=True),
        tf.tensordot(y, tf.ones((4, 3)), axes=[[3], [0]]), tf.image.resize(y, (3, 3)),
        tf.image.resize(y, (12, 7), method="nearest"), tf.nn.avg_pool2d(y, 2, 2, "SAME"),
        tf.nn.max_pool2d(y, [1, 3, 3, 1], [1, 2, 2, 1], "VALID"), tf.nn.depth_to_space(y, 2),
        tf.one_hot(tf.argmax(y, -1), 4)])


def more_tf_functions(k):
    import tensorflow as tf
    m = tf.math
    x, y = _image(k, (4, 3, 4))
    z = k.layers.Conv2D(4, 1)(x)
    small = tf.tanh(y) * 0.9

    def real(condition):
        return tf.cast(condition, tf.float32)

    return k.Model(x, [
        m.divide(y, 3.0), m.floordiv(y, 0.3), m.floormod(y, 0.7), real(m.equal(tf.floor(y), 0.0)),
        real(m.not_equal(m.rint(z), 0.0)), real(m.greater_equal(y, z)), real(m.less(y, z)),
        real(m.less_equal(y, 0.1)), real(m.logical_and(y > 0, z > 0)), real(m.logical_or(y > 0,
        z > 0)),
        real(m.logical_xor(y > 0, z > 0)), m.expm1(y), m.ceil(y), m.round(y * 3), m.cos(y),
        m.tan(small),
        m.asin(small), m.acos(small), m.atan(y), m.sinh(y), m.cosh(y), m.asinh(y),
        m.acosh(m.cosh(y) + 1),
        m.atanh(small), tf.where(m.is_nan(y), z, y), tf.where(m.is_inf(y), z, y),
        tf.where(m.is_finite(y), y, z), tf.stop_gradient(y), tf.ensure_shape(y, (None, 4, 3, 4)) * 2,
        tf.nn.selu(y), m.log_sigmoid(y), tf.nn.softsign(y), m.reduce_prod(y, axis=1),
        m.reduce_euclidean_norm(y, axis=-1), real(m.reduce_any(y > 1, axis=3)),
        real(m.reduce_all(y > -0.5, axis=3)), *tf.nn.moments(y, axes=[1, 2]),
        real(m.argmin(y, axis=1, output_type=tf.int32)), tf.broadcast_to(y[:, :1], [tf.shape(y)[0],
        4, 3, 4]) * z,
        y - tf.zeros_like(z), tf.strided_slice(y, [0, 1], [0, 3], [1, 2], end_mask=1),
        tf.image.rgb_to_grayscale(y[:, :, :, :3]), tf.nn.space_to_depth(y[:, :, 1:], 2),
        tf.nn.max_pool1d(tf.reshape(y, (-1, 12, 4)), 2, 2, "VALID"),
        tf.nn.avg_pool1d(tf.reshape(y, (-1, 12, 4)), 3, 2, "SAME"), tf.nn.max_pool(y, 2, 1,
        "SAME")])


SHARED = {
    "reflected_operators": (reflected, {}),
    "slicing": (slicing, {}),
    "squeeze_and_excite": (squeeze_and_excite, {}),
    "resizing": (resizing, {}),
    "resizing_bytes": (bytes_resized, {}),
    "augmented": (augmented, {}),
    "augmented_inside": (augmented_inside, {}),
    "masking_unused": (masking, {}),
}

CASES = SHARED | {
    "slicing_from_behind": (slicing_from_behind, {}),
    "ops_comparisons": (comparisons, {}),
    "ops_functions": (functions, {}),
    "ops_activations": (activations, {}),
    "ops_reductions": (reductions, {}),
    "ops_movement": (movement, {}),
    "ops_more_functions": (more_functions, {}),
    "ops_joins": (joins, {}),
    "ops_products": (products, {}),
    "ops_images": (images, {}),
    "ops_whole_numbers": (whole_numbers, {}),
    "ops_attention_block": (attention_block, {}),
    "einsum_dense": (einsum_dense, {}),
    "augmented_more": (more_augmentation, {}),
}

HDF5_KERAS2_CASES = {"slicing_from_behind": (slicing_from_behind, {})}

# Of Keras 2 alone.
KERAS2_CASES = {
    "tf_functions": (tf_functions, {}),
    "tf_shapes": (tf_shapes, {}),
    "tf_more_functions": (more_tf_functions, {}),
    "random_sizes": (random_sizes, {}),
}
