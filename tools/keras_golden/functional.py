"""Functional models: hand-made ones for each kind of join, and random ones."""

import numpy as np


def residual(k):
    l = k.layers
    x = inputs = k.Input((8, 8, 3))
    x = l.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = l.Activation("relu")(l.BatchNormalization()(x))
    for filters, stride in ((4, 1), (6, 2), (6, 1)):
        y = l.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
        y = l.Activation("relu")(l.BatchNormalization()(y))
        y = l.BatchNormalization()(l.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        if stride != 1:
            x = l.BatchNormalization()(l.Conv2D(filters, 1, strides=stride, use_bias=False)(x))
        x = l.Activation("relu")(l.Add()([y, x]))
    return k.Model(inputs, l.Dense(5, activation="softmax")(l.GlobalAveragePooling2D()(x)))


def inception(k):
    l = k.layers
    inputs = k.Input((9, 7, 3))
    branches = [
        l.Conv2D(3, 1, activation="relu")(inputs),
        l.Conv2D(4, 3, padding="same")(l.Conv2D(2, 1, activation="relu")(inputs)),
        l.Conv2D(2, 1)(l.MaxPooling2D(3, strides=1, padding="same")(inputs)), inputs]
    x = l.Concatenate()(branches)
    return k.Model(inputs, l.Dense(4)(l.Flatten()(l.Conv2D(4, 3, strides=2)(x))))


def squeeze_excite(k):
    l = k.layers
    inputs = k.Input((8, 8, 3))
    x = l.Conv2D(8, 3, padding="same", activation="swish")(inputs)
    gate = l.GlobalAveragePooling2D(keepdims=True)(x)
    gate = l.Conv2D(8, 1, activation="sigmoid")(l.Conv2D(4, 1, activation="relu")(gate))
    x = l.Multiply()([x, gate])
    spatial = l.Conv2D(1, 3, padding="same", activation="hard_sigmoid")(x)
    return k.Model(inputs, l.Multiply()([spatial, x]))


def two_inputs(k):
    l = k.layers
    # Made in this order, used in the other: inputs go by the model's list, not by creation or name.
    features, image = k.Input((6,), name="a_features"), k.Input((6, 5, 3), name="b_image")
    x = l.Flatten()(l.Conv2D(4, 3, activation="relu")(image))
    joined = l.Concatenate()([x, l.Dense(5, activation="tanh")(features)])
    return k.Model([image, features], l.Dense(4)(joined))


def three_inputs_two_outputs(k):
    l = k.layers
    a, b, c = k.Input((6, 6, 3)), k.Input((6, 6, 3)), k.Input((3,))
    x = l.Add()([a, l.Multiply()([b, l.Reshape((1, 1, 3))(c)])])
    y = l.Conv2D(5, 3, activation="relu")(x)
    head = l.Dense(4, activation="softmax")(l.GlobalMaxPooling2D()(y))
    return k.Model([a, b, c], [head, l.Subtract()([a, x])])


def output_in_the_middle(k):
    l = k.layers
    inputs = k.Input((7, 7, 2))
    middle = l.Conv2D(4, 3, activation="elu", name="middle")(inputs)
    last = l.Dense(3, name="last")(l.Flatten()(l.Conv2D(2, 3)(middle)))
    return k.Model(inputs, [last, middle])


def repeated_outputs(k):
    l = k.layers
    inputs = k.Input((6,))
    x = l.Dense(4, activation="tanh")(inputs)
    y = l.Dense(3)(x)
    return k.Model(inputs, [y, x, y, inputs, inputs, y])


def same_tensor_twice(k):
    l = k.layers
    inputs = k.Input((5, 5, 3))
    x = l.Conv2D(3, 3, padding="same")(inputs)
    return k.Model(inputs, [l.Multiply()([x, x]), l.Add()([x, inputs, x]), l.Concatenate()([x, x])])


def u_net(k):
    l = k.layers
    inputs = k.Input((9, 8, 2))
    top = l.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    low = l.Conv2D(6, 3, padding="same", activation="relu")(l.MaxPooling2D(2)(top))
    up = l.Conv2DTranspose(4, 2, strides=2)(low)
    x = l.Concatenate()([l.Cropping2D(((0, 1), (0, 0)))(top), up])
    y = l.UpSampling2D(2, interpolation="bilinear")(low)
    return k.Model(inputs, [l.Conv2D(2, 1, activation="sigmoid")(x), l.Conv2D(3, 3)(y)])


def custom_names(k):
    """Names that say nothing of the class, layers of one class made in another order than used."""
    l = k.layers
    inputs = k.Input((8, 8, 3), name="camera")
    last, first = l.Conv2D(4, 3, name="conv2d"), l.Conv2D(4, 3, name="conv2d_1")
    x = l.BatchNormalization(name="zz-norm.1")(first(inputs))
    x = last(l.ReLU(name="A.relu")(x))
    return k.Model(inputs, l.Dense(3, name="Conv2D")(l.Flatten(name="dense")(x)), name="my model")


def many_of_a_class(k):
    l = k.layers
    x = inputs = k.Input((4, 4, 3))
    for _ in range(12):
        x = l.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return k.Model(inputs, x)


def inverted_bottleneck(k):
    l = k.layers
    x = inputs = k.Input((8, 8, 4))
    for stride in (1, 2, 1):
        y = l.ReLU(6.0)(l.BatchNormalization()(l.Conv2D(8, 1, use_bias=False)(x)))
        if stride == 2:
            y = l.ZeroPadding2D(((0, 1), (0, 1)))(y)
        pad = "valid" if stride == 2 else "same"
        y = l.DepthwiseConv2D(3, strides=stride, padding=pad, use_bias=False)(y)
        y = l.ReLU(6.0)(l.BatchNormalization()(y))
        y = l.BatchNormalization()(l.Conv2D(4, 1, use_bias=False)(y))
        x = l.Add()([x, y]) if stride == 1 else y
    x = l.Dropout(0.2)(l.GlobalAveragePooling2D()(x))
    return k.Model(inputs, l.Dense(5, activation="softmax")(x))


class RandomGraph:
    """Grows a graph by random steps; every tensor that nothing used ends in an output."""

    def __init__(self, k, seed):
        self.k, self.rng = k, np.random.default_rng(seed)
        self.tensors, self.used = [], set()

    def pick(self, values):
        return values[self.rng.integers(len(values))]

    def take(self, x):
        self.used.add(id(x))
        return x

    def activated(self, x):
        l = self.k.layers
        return self.pick([
            lambda: x, lambda: l.Activation(self.pick(["relu", "swish", "tanh", "hard_silu"]))(x),
            lambda: l.LeakyReLU(negative_slope=0.1)(x), lambda: l.PReLU(shared_axes=[1, 2])(x)])()

    def convolved(self, x, filters):
        l, pad = self.k.layers, "same"
        if min(x.shape[1:3]) > 5:
            pad = self.pick(["same", "same", "valid"])
        stride = 2 if min(x.shape[1:3]) > 6 and self.rng.random() < 0.3 else 1
        layer = self.pick([
            lambda: l.Conv2D(filters, self.pick([1, 3, (2, 3)]), strides=stride, padding=pad),
            lambda: l.SeparableConv2D(filters, 3, strides=stride, padding=pad),
            lambda: l.DepthwiseConv2D(3, strides=stride, padding=pad, use_bias=False)])()
        x = layer(x)
        return l.BatchNormalization()(x) if self.rng.random() < 0.5 else x

    def step(self):
        x, l = self.take(self.pick(self.tensors[-3:])), self.k.layers
        peers = [t for t in self.tensors if t.shape == x.shape and t is not x]
        stackable = [t for t in self.tensors if t.shape[1:3] == x.shape[1:3] and t is not x]
        ops = [lambda: self.activated(self.convolved(x, int(self.rng.integers(3, 8))))] * 3
        if peers:
            merge = self.pick([l.Add, l.Average, l.Maximum, l.Subtract, l.Minimum])
            ops += [lambda: merge()([x, self.take(self.pick(peers))])] * 2
        if stackable:
            ops.append(lambda: l.Concatenate()([self.take(self.pick(stackable)), x]))
        if min(x.shape[1:3]) >= 6:
            ops.append(lambda: self.pick([l.MaxPooling2D, l.AveragePooling2D])(
                self.pick([2, 3]), strides=2, padding=self.pick(["same", "valid"]))(x))
        if max(x.shape[1:3]) <= 5:
            ops.append(lambda: l.UpSampling2D(2)(x))
            ops.append(lambda: l.Conv2DTranspose(4, 3, strides=2, padding="same")(x))
        ops.append(lambda: l.Add()([x, l.Conv2D(x.shape[3], 3, padding="same")(x)]))
        ops.append(lambda: l.Multiply()([x, l.Dense(x.shape[3], activation="sigmoid")(
            l.GlobalAveragePooling2D(keepdims=True)(x))]))
        self.tensors.append(self.pick(ops)())

    def model(self):
        inputs = [self.k.Input((int(self.rng.integers(8, 11)), 8, int(self.rng.integers(2, 5))))
                  for _ in range(self.pick([1, 1, 2, 3]))]
        self.tensors = list(inputs)
        for x in inputs:
            self.tensors.append(self.convolved(self.take(x), 4))
        for _ in range(int(self.rng.integers(7, 13))):
            self.step()
        l = self.k.layers
        ends = [t for t in self.tensors if id(t) not in self.used]
        pooled = [l.GlobalAveragePooling2D()(t) for t in ends]
        joined = l.Concatenate()(pooled) if len(pooled) > 1 else pooled[0]
        outputs = [l.Dense(5, activation=self.pick(["softmax", None]))(joined)]
        if self.rng.random() < 0.6:
            outputs.insert(int(self.rng.integers(2)), ends[-1])
        return self.k.Model(inputs, outputs)


def random_case(seed):
    return lambda k: RandomGraph(k, seed).model()


CASES = {f.__name__: (f, {}) for f in (
    residual, inception, squeeze_excite, two_inputs, three_inputs_two_outputs, output_in_the_middle,
    repeated_outputs, same_tensor_twice, u_net, custom_names, many_of_a_class, inverted_bottleneck)}
CASES |= {f"random_{seed}": (random_case(seed), {}) for seed in range(1, 11)}
