"""Cases of models made of models, of layers that are called several times, of bare arithmetic."""

from .common import sequential


def _classifier(k, name=None):
    l = k.layers
    x = k.Input((6, 6, 3))
    y = l.BatchNormalization()(l.Conv2D(4, 3, activation="relu", use_bias=False)(x))
    return k.Model(x, [l.GlobalAveragePooling2D()(y), l.Dense(3)(l.Flatten()(y))], name=name)


def nested_functional(k):
    l = k.layers
    x = k.Input((6, 6, 3))
    pooled, scores = _classifier(k)(l.Conv2D(3, 3, padding="same")(x))
    return k.Model(x, [l.Dense(2)(pooled), scores])


def nested_sequential(k):
    l = k.layers
    inner = k.Sequential([l.Dense(5, activation="relu"), l.BatchNormalization(), l.Dense(4)])
    x = k.Input((7,))
    return k.Model(x, l.Dense(3)(inner(l.Dense(6)(x))))


def sequential_of_models(k):
    l = k.layers
    features = k.Sequential([
        k.Input((8, 8, 3)), l.Conv2D(4, 3, activation="relu"), l.BatchNormalization(),
        l.MaxPooling2D(2)])
    x = k.Input((3, 3, 4))
    head = k.Model(x, l.Dense(4)(l.Flatten()(x)))
    return sequential(k, (8, 8, 3), features, head, l.Softmax())


def frozen_base(k):
    model = sequential_of_models(k)
    model.layers[0].trainable = False
    return model


def deeply_nested(k):
    l = k.layers
    one = k.Sequential([l.Dense(4, name="innermost"), l.BatchNormalization(name="normal")])
    two = k.Sequential([l.Dense(5, activation="tanh", name="middle"), one])
    x = k.Input((6,))
    y = k.Input((4,))
    three = k.Model([x, y], l.Add(name="sum")([two(x), y]))
    a, b = k.Input((6,)), k.Input((4,))
    return k.Model([a, b], l.Dense(3)(three([a, b])))


def shared_layer(k):
    """Both calls can run one after the other: one layer."""
    l = k.layers
    a, b = k.Input((6,)), k.Input((6,))
    dense = l.Dense(4, activation="relu")
    return k.Model([a, b], l.Dense(2)(l.Subtract()([dense(a), dense(b)])))


def shared_in_a_row(k):
    l = k.layers
    x, dense = k.Input((5,)), l.Dense(5, activation="tanh")
    return k.Model(x, l.Dense(2)(dense(dense(dense(x)))))


def shared_around_another(k):
    """The second call needs what another layer makes of the first."""
    l = k.layers
    x = k.Input((6, 6, 3))
    conv, norm = l.Conv2D(3, 3, padding="same"), l.BatchNormalization()
    y = norm(l.ReLU()(norm(conv(x))))
    return k.Model(x, [l.Flatten()(conv(y)), y])


def siamese(k):
    l = k.layers
    base = k.Sequential([
        k.Input((6, 6, 3)), l.Conv2D(4, 3, activation="relu"), l.Flatten(), l.Dense(5)])
    a, b = k.Input((6, 6, 3)), k.Input((6, 6, 3))
    u, v = base(a), base(b)
    return k.Model([a, b], [l.Dot(1, normalize=True)([u, v]), u])


def shared_model_outputs(k):
    l = k.layers
    model = _classifier(k)
    a, b = k.Input((6, 6, 3)), k.Input((6, 6, 3))
    p, q = model(a)
    r, s = model(b)
    return k.Model([a, b], [l.Add()([p, r]), q, s])


def shared_model_in_a_row(k):
    """The second call needs what the first makes: its layers come after those of the first."""
    l = k.layers
    x = k.Input((6, 6, 3))
    block = k.Sequential([
        k.Input((6, 6, 3)), l.Conv2D(3, 3, padding="same", name="conv"),
        l.BatchNormalization(name="norm"), l.ReLU(name="relu")], name="block")
    return k.Model(x, l.Dense(2)(l.Flatten()(block(block(x)))))


def alike_in_two_models(k):
    """Both inner models have a layer "dense", built on its first call."""
    l = k.layers
    left = k.Sequential([l.Dense(4, name="dense"), l.ReLU(name="relu")], name="left")
    right = k.Sequential([l.Dense(4, name="dense"), l.ReLU(name="relu")], name="right")
    x = k.Input((5,))
    both = k.Model(x, l.Add(name="add")([left(x), right(x)]), name="both")
    y = k.Input((5,))
    return k.Model(y, l.Dense(3, name="scores")(both(y)))


def transfer_learning(k):
    """Preprocessing and a frozen base as models, a head on them."""
    l = k.layers
    prepare = k.Sequential([l.Rescaling(1 / 127.5, offset=-1.0), l.RandomFlip()], name="prepare")
    image = k.Input((12, 12, 3), name="image")
    y = l.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="stem")(image)
    y = z = l.ReLU(6.0, name="stem_relu")(l.BatchNormalization(name="stem_norm")(y))
    y = l.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(y)
    y = l.ReLU(6.0, name="relu")(l.BatchNormalization(name="norm")(y))
    base = k.Model(image, l.Add(name="add")([y, z]), name="base")
    base.trainable = False
    x = k.Input((12, 12, 3))
    y = l.GlobalAveragePooling2D()(base(prepare(x), training=False))
    return k.Model(x, l.Dense(3, activation="softmax")(l.Dropout(0.2)(y)))


def arithmetic(k):
    """Keras 3 saves these as operations, which are not among model.layers; Keras 2 as layers."""
    l = k.layers
    x = k.Input((5, 4))
    y = l.Dense(4)(x)
    z = l.ReLU(6.0)(y + 3.0) * (1.0 / 6.0)
    return k.Model(x, [l.Multiply()([y, z]) - x, l.Dense(3)(y / 2.0), y + z])


CASES = {f.__name__: (f, {}) for f in (
    nested_functional, nested_sequential, sequential_of_models, frozen_base, deeply_nested,
    shared_layer, shared_in_a_row, shared_around_another, siamese, shared_model_outputs,
    shared_model_in_a_row, transfer_learning, arithmetic)}

CASES["transfer_learning"] = (transfer_learning, {"scale": 60.0, "shift": 120.0})

SHARED = dict(CASES)
CASES["alike_in_two_models"] = (alike_in_two_models, {})
