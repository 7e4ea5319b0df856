"""The older spellings: HDF5 by Keras 3 and 2, the .keras format of Keras 2, compiled models."""

from . import composed, convolutions, elementwise, functional, shapes


def deferred_sequential(k):
    """No Input layer: the shape is known from the first call only."""
    l = k.layers
    model = k.Sequential([l.Conv2D(4, 3, activation="relu"), l.Flatten(), l.Dense(3)])
    model.build((None, 6, 5, 3))
    return model


def keras2_sequential(k):
    l = k.layers
    return k.Sequential([
        l.Conv2D(4, 3, activation="relu", input_shape=(9, 8, 3)), l.BatchNormalization(),
        l.MaxPooling2D(2), l.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
        l.LeakyReLU(alpha=0.15), l.Dropout(0.3), l.Flatten(), l.Dense(6, activation="swish"),
        l.Dense(4, activation="softmax")])


def keras2_input_layer(k):
    l = k.layers
    return k.Sequential([
        l.InputLayer(input_shape=(6, 6, 3)), l.SeparableConv2D(4, 3, activation="relu"),
        l.Conv2DTranspose(3, 3, strides=2, padding="same"), l.ReLU(6.0), l.ELU(alpha=0.5),
        l.GlobalAveragePooling2D(), l.Dense(3)])


def keras2_features(k):
    l = k.layers
    return k.Sequential([
        l.Dense(12, input_shape=(10,)), l.BatchNormalization(), l.PReLU(), l.Dense(8),
        l.Activation("softplus"), l.Dense(4)])


def keras2_fixed_batch(k):
    l = k.layers
    return k.Sequential([
        l.Conv2D(4, 3, batch_input_shape=(2, 6, 6, 3), padding="same"), l.Softmax(axis=-1)])


def keras2_activations(k):
    """Keras 2 means clip(0.2x + 0.5, 0, 1) by hard_sigmoid, Keras 3 relu6(x + 3) / 6."""
    x = k.Input((5, 4, 3))
    names = ["relu", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "swish", "softplus",
             "exponential", "hard_sigmoid"]
    outputs = [k.layers.Activation(a)(x) for a in names]
    outputs.append(k.layers.Conv2D(4, 3, activation="hard_sigmoid")(x))
    return k.Model(x, outputs)


def keras2_slashes(k):
    """Names with slashes, one of them the end of another, inside of a model and outside."""
    l = k.layers
    base = k.Sequential([
        l.Conv2D(4, 3, input_shape=(8, 8, 3), name="block/conv"),
        l.BatchNormalization(name="block/conv/norm"), l.Conv2D(3, 3, name="conv"),
        l.BatchNormalization(name="norm")], name="base")
    return k.Sequential([
        base, l.DepthwiseConv2D(3, padding="same", name="head/depthwise"), l.Flatten(),
        l.Dense(3, name="head/dense")])


def keras2_bits(k):
    """Booleans given, and so written, as 0 and 1."""
    l = k.layers
    return k.Sequential([
        l.Conv2D(4, 3, use_bias=0, input_shape=(6, 6, 3)), l.BatchNormalization(scale=1, center=0),
        l.GlobalAveragePooling2D(keepdims=1), l.Flatten(), l.Dense(4, use_bias=1),
        l.Reshape((2, 2)), l.GRU(3, return_sequences=1, reset_after=0, go_backwards=0)])


CASES = {
    "seq_deferred": (deferred_sequential, {}),
    "compiled_adam": (functional.residual, {"fit": True}),
}

# Written by Keras 3 as .h5.
HDF5_CASES = {
    "h5_keras3_sequential": (shapes.pooling_chain, {}),
    "h5_keras3_batch_norm": (convolutions.batch_norm_after, {}),
    "h5_keras3_residual": (functional.residual, {"fit": True}),
    "h5_keras3_two_inputs": (functional.two_inputs, {}),
    "h5_keras3_alike_in_two_models": (composed.alike_in_two_models, {}),
    "h5_keras3_custom_names": (functional.custom_names, {}),
    "h5_keras3_random": (functional.random_case(3), {}),
    "h5_keras3_normalization": (
        elementwise.normalization_channels, {"scale": 50.0, "shift": 110.0}),
}

# Written by Keras 2 (tf_keras), each both as .h5 and as .keras.
KERAS2_CASES = {
    "sequential": (keras2_sequential, {"fit": True}),
    "input_layer": (keras2_input_layer, {}),
    "features": (keras2_features, {}),
    "fixed_batch": (keras2_fixed_batch, {}),
    "activations": (keras2_activations, {}),
    "residual": (functional.residual, {}),
    "two_inputs": (functional.two_inputs, {}),
    "u_net": (functional.u_net, {}),
    "squeeze_excite": (functional.squeeze_excite, {}),
    "custom_names": (functional.custom_names, {}),
    "slashes": (keras2_slashes, {}),
    "bits": (keras2_bits, {}),
}
