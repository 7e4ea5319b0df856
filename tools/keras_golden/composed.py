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
    arithmetic)}

SHARED = CASES
