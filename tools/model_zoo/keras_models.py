"""Small Keras 3 models over the layers and options that people use, most of one layer or two."""

import keras
from keras import layers, ops

KINDS = {}


def zoo(function):
    """Registers a generator of (name, input shapes, function of symbolic inputs)."""
    KINDS[function.__name__] = function
    return function


def image(size=9, channels=3):
    return [(size, size, channels)]


@zoo
def convolutions():
    for kernel in (1, 2, 3, 5):
        for stride in (1, 2, 3):
            for padding in ("valid", "same"):
                yield (f"conv2d_k{kernel}s{stride}{padding}", image(),
                       lambda x, k=kernel, s=stride, p=padding: layers.Conv2D(
                           5, k, strides=s, padding=p, activation="relu")(x))
    for kernel, stride in ((3, 1), (3, 2), (2, 2), (5, 2)):
        for padding in ("valid", "same"):
            yield (f"transpose_k{kernel}s{stride}{padding}", image(5),
                   lambda x, k=kernel, s=stride, p=padding: layers.Conv2DTranspose(
                       4, k, strides=s, padding=p)(x))
            yield (f"depthwise_k{kernel}s{stride}{padding}", image(),
                   lambda x, k=kernel, s=stride, p=padding: layers.DepthwiseConv2D(
                       k, strides=s, padding=p, depth_multiplier=2)(x))
    yield "separable", image(), lambda x: layers.SeparableConv2D(6, 3, padding="same")(x)
    yield "dilated", image(), lambda x: layers.Conv2D(4, 3, dilation_rate=2, padding="same")(x)
    yield "grouped", image(8, 4), lambda x: layers.Conv2D(8, 3, groups=2)(x)
    for padding in ("valid", "same", "causal"):
        for dilation in (1, 2):
            yield (f"conv1d_{padding}_d{dilation}", [(16, 3)],
                   lambda x, p=padding, d=dilation: layers.Conv1D(
                       4, 3, padding=p, dilation_rate=d)(x))
    yield "conv1d_transpose", [(8, 3)], lambda x: layers.Conv1DTranspose(4, 3, strides=2)(x)
    yield "separable1d", [(12, 3)], lambda x: layers.SeparableConv1D(4, 3)(x)
    yield "conv3d", [(5, 6, 7, 2)], lambda x: layers.Conv3D(3, 3, padding="same")(x)


@zoo
def pooling():
    for kind in ("Max", "Average"):
        for size, stride in ((2, 2), (3, 2), (3, 1), (2, 3)):
            for padding in ("valid", "same"):
                yield (f"{kind.lower()}pool_{size}s{stride}{padding}", image(),
                       lambda x, k=kind, n=size, s=stride, p=padding: getattr(
                           layers, f"{k}Pooling2D")(n, strides=s, padding=p)(x))
        yield f"{kind.lower()}pool1d", [(9, 3)], lambda x, k=kind: getattr(
            layers, f"{k}Pooling1D")(2)(x)
        yield f"global_{kind.lower()}", image(), lambda x, k=kind: getattr(
            layers, f"Global{k}Pooling2D")(keepdims=k == "Max")(x)
        yield f"global1d_{kind.lower()}", [(9, 3)], lambda x, k=kind: getattr(
            layers, f"Global{k}Pooling1D")()(x)


@zoo
def activations():
    for name in ("relu", "relu6", "sigmoid", "tanh", "elu", "selu", "gelu", "silu", "softplus",
                 "softsign", "hard_sigmoid", "hard_silu", "mish", "exponential", "leaky_relu",
                 "celu", "softmax", "log_softmax"):
        yield f"act_{name}", [(4, 6)], lambda x, n=name: layers.Activation(n)(x)
    yield "relu_all", [(6,)], lambda x: layers.ReLU(max_value=3.0, negative_slope=0.1,
                                                    threshold=0.2)(x)
    yield "prelu", image(4), lambda x: layers.PReLU(shared_axes=[1, 2])(x)
    yield "leaky", [(6,)], lambda x: layers.LeakyReLU(negative_slope=0.3)(x)
    yield "softmax_axis", [(4, 6)], lambda x: layers.Softmax(axis=1)(x)


@zoo
def normalisation():
    yield "batchnorm", image(), lambda x: layers.BatchNormalization()(layers.Conv2D(4, 3)(x))
    yield "batchnorm_plain", image(), lambda x: layers.BatchNormalization(
        center=False, scale=False)(x)
    yield "batchnorm_axis", image(), lambda x: layers.BatchNormalization(axis=1)(x)
    yield "layernorm", [(5, 8)], lambda x: layers.LayerNormalization()(x)
    yield "layernorm_axes", image(4), lambda x: layers.LayerNormalization(axis=[1, 2, 3])(x)
    yield "groupnorm", image(4, 8), lambda x: layers.GroupNormalization(groups=4)(x)
    yield "unit", [(8,)], lambda x: layers.UnitNormalization()(x)
    yield "rms", [(8,)], lambda x: layers.RMSNormalization()(x)
    yield "normalization", image(4), lambda x: layers.Normalization(
        mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0])(x)
    yield "rescaling", image(4), lambda x: layers.Rescaling(1 / 127.5, offset=-1)(x)


@zoo
def recurrent():
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        for sequences in (False, True):
            for backwards in (False, True):
                yield (f"{kind.lower()}{'_seq' * sequences}{'_back' * backwards}", [(6, 4)],
                       lambda x, k=kind, s=sequences, b=backwards: getattr(layers, k)(
                           5, return_sequences=s, go_backwards=b)(x))
        yield f"bi_{kind.lower()}", [(6, 4)], lambda x, k=kind: layers.Bidirectional(
            getattr(layers, k)(5))(x)
    yield "gru_reset_before", [(6, 4)], lambda x: layers.GRU(5, reset_after=False)(x)
    yield "time_distributed", [(4, 6)], lambda x: layers.TimeDistributed(layers.Dense(3))(x)


@zoo
def shapes():
    yield "flatten", image(4), lambda x: layers.Flatten()(x)
    yield "reshape", image(4), lambda x: layers.Reshape((16, 3))(x)
    yield "reshape_open", image(4), lambda x: layers.Reshape((-1, 6))(x)
    yield "permute", image(4), lambda x: layers.Permute((3, 1, 2))(x)
    yield "repeat", [(4,)], lambda x: layers.RepeatVector(3)(x)
    yield "pad", image(4), lambda x: layers.ZeroPadding2D(((1, 2), (0, 1)))(x)
    yield "crop", image(6), lambda x: layers.Cropping2D(((1, 2), (0, 1)))(x)
    yield "upsample", image(4), lambda x: layers.UpSampling2D(2)(x)
    yield "upsample_bilinear", image(4), lambda x: layers.UpSampling2D(
        2, interpolation="bilinear")(x)
    for name in ("bilinear", "nearest"):
        yield f"resizing_{name}", image(7), lambda x, n=name: layers.Resizing(
            5, 9, interpolation=n)(x)
    yield "center_crop", image(7), lambda x: layers.CenterCrop(4, 5)(x)
    yield "slicing", image(6), lambda x: x[:, 1:5, ::2, :2]
    yield "slicing_index", image(6), lambda x: x[:, 2]
    yield "slicing_ellipsis", image(6), lambda x: x[..., 1]


@zoo
def tensor_operations():
    yield "rsub", [(6,)], lambda x: 1.0 - x
    yield "rdiv", [(6,)], lambda x: 2.0 / (x + 3.0)
    yield "power", [(6,)], lambda x: (x * x + 1.0) ** 0.5
    yield "negate", [(6,)], lambda x: -x
    for name in ("abs", "square", "exp", "sin", "cos", "sign", "floor", "ceil", "round", "tanh",
                 "sigmoid", "relu", "erf"):
        yield f"ops_{name}", [(6,)], lambda x, n=name: getattr(ops, n)(x)
    yield "ops_sqrt", [(6,)], lambda x: ops.sqrt(ops.abs(x))
    yield "ops_rsqrt", [(6,)], lambda x: ops.rsqrt(ops.abs(x) + 0.1)
    yield "ops_log", [(6,)], lambda x: ops.log(ops.abs(x) + 0.1)
    for name in ("mean", "sum", "max", "min", "var", "std", "prod"):
        yield f"ops_{name}", image(4), lambda x, n=name: getattr(ops, n)(x, axis=(1, 2))
        yield f"ops_{name}_keep", image(4), lambda x, n=name: getattr(ops, n)(
            x, axis=-1, keepdims=True)
    yield "ops_argmax", [(4, 6)], lambda x: ops.argmax(x, axis=-1)
    yield "ops_clip", [(6,)], lambda x: ops.clip(x, -0.5, 0.5)
    yield "ops_where", [(6,)], lambda x: ops.where(x > 0.0, x, 0.1 * x)
    yield "ops_stack", [(6,)], lambda x: ops.stack([x, x * 2], axis=1)
    yield "ops_concat", [(6,)], lambda x: ops.concatenate([x, x * 2], axis=-1)
    yield "ops_split", [(6,)], lambda x: ops.split(x, 2, axis=-1)[1]
    yield "ops_squeeze", [(1, 6)], lambda x: ops.squeeze(x, axis=1)
    yield "ops_expand", [(6,)], lambda x: ops.expand_dims(x, axis=1)
    yield "ops_transpose", image(4), lambda x: ops.transpose(x, (0, 2, 1, 3))
    yield "ops_reshape", image(4), lambda x: ops.reshape(x, (-1, 8, 6))
    yield "ops_tile", [(6,)], lambda x: ops.tile(x, (1, 2))
    yield "ops_pad", [(6,)], lambda x: ops.pad(x, ((0, 0), (1, 2)))
    yield "ops_matmul", [(4, 6)], lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1)))
    yield "ops_einsum", [(4, 6)], lambda x: ops.einsum("bij,bkj->bik", x, x)
    yield "ops_roll", [(6,)], lambda x: ops.roll(x, 2, axis=1)
    yield "ops_flip", [(6,)], lambda x: ops.flip(x, axis=1)
    yield "ops_cumsum", [(6,)], lambda x: ops.cumsum(x, axis=1)
    yield "ops_norm", [(6,)], lambda x: ops.norm(x, axis=1, keepdims=True)
    yield "ops_cast", [(6,)], lambda x: ops.cast(ops.cast(x * 3, "int32"), "float32")


@zoo
def merges():
    two = [(4, 6), (4, 6)]
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        yield f"merge_{name.lower()}", two, lambda a, b, n=name: getattr(layers, n)()([a, b])
    yield "merge_dot", two, lambda a, b: layers.Dot(axes=2)([a, b])
    yield "attention", two, lambda a, b: layers.Attention()([a, b])
    yield "additive_attention", two, lambda a, b: layers.AdditiveAttention()([a, b])
    yield "multi_head", [(5, 8)], lambda x: layers.MultiHeadAttention(2, 4)(x, x)
    yield "grouped_query", [(5, 8)], lambda x: layers.GroupQueryAttention(4, 4, 2)(x, x)
    yield "einsum_dense", [(5, 8)], lambda x: layers.EinsumDense(
        "abc,cd->abd", output_shape=(None, 6), bias_axes="d")(x)


@zoo
def augmentation():
    for name, make in {
            "flip": lambda: layers.RandomFlip(), "rotation": lambda: layers.RandomRotation(0.2),
            "zoom": lambda: layers.RandomZoom(0.2),
            "translation": lambda: layers.RandomTranslation(0.1, 0.1),
            "contrast": lambda: layers.RandomContrast(0.2),
            "brightness": lambda: layers.RandomBrightness(0.2),
            "noise": lambda: layers.GaussianNoise(0.1), "dropout": lambda: layers.Dropout(0.5),
            "spatial_dropout": lambda: layers.SpatialDropout2D(0.5)}.items():
        yield f"random_{name}", image(6), lambda x, m=make: layers.Conv2D(3, 3)(m()(x))


def block(x, filters, stride=1):
    y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([x, y]))


@zoo
def networks():
    def residual(x):
        x = block(block(layers.Conv2D(8, 3, padding="same")(x), 8), 16, 2)
        return layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))

    def squeeze_excite(x):
        x = layers.Conv2D(8, 3, padding="same", activation="hard_silu")(x)
        s = layers.Dense(2, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
        x = layers.Multiply()([x, layers.Dense(8, activation="hard_sigmoid")(s)])
        return layers.Dense(4)(layers.Flatten()(x))

    def encoder(x):
        y = layers.MultiHeadAttention(2, 8)(layers.LayerNormalization()(x), x)
        x = layers.Add()([x, y])
        y = layers.Dense(16, activation="gelu")(layers.LayerNormalization()(x))
        return layers.GlobalAveragePooling1D()(layers.Add()([x, layers.Dense(8)(y)]))

    def unet(x):
        a = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
        b = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
        up = layers.Conv2DTranspose(6, 2, strides=2)(b)
        return layers.Conv2D(1, 1, activation="sigmoid")(layers.Concatenate()([a, up]))

    def keyword(x):
        x = layers.Reshape((20, 10, 1))(x)
        x = layers.Conv2D(8, (5, 4), strides=2, padding="same", activation="relu")(x)
        x = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(x)
        return layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x))

    def autoencoder(x):
        for units in (16, 4, 16):
            x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(x)))
        return layers.Dense(12)(x)

    def nested(x):
        base_in = keras.Input((8, 8, 3))
        base = keras.Model(base_in, block(base_in, 6), name="base")
        x = keras.Sequential([layers.RandomFlip(), layers.Rescaling(1 / 255.0)], name="augment")(x)
        return layers.Dense(3)(layers.GlobalAveragePooling2D()(base(x)))

    def siamese(a, b):
        tower = keras.Sequential([layers.Dense(6, activation="relu"), layers.Dense(3)],
                                 name="tower")
        return ops.abs(tower(a) - tower(b))

    yield "residual", image(12), residual
    yield "squeeze_excite", image(8), squeeze_excite
    yield "encoder", [(6, 8)], encoder
    yield "unet", image(8), unet
    yield "keyword", [(20, 10)], keyword
    yield "autoencoder", [(12,)], autoencoder
    yield "nested", image(8), nested
    yield "siamese", [(5,), (5,)], siamese
    yield "lstm_stack", [(8, 4)], lambda x: layers.Dense(2)(
        layers.LSTM(6)(layers.LSTM(5, return_sequences=True)(x)))


def models():
    """(kind, name, model), built in turn; weights are random, those of batch normalisation too."""
    for kind, generate in KINDS.items():
        for name, shapes, make in generate():
            keras.utils.clear_session()
            keras.utils.set_random_seed(7)
            inputs = [keras.Input(shape, name=f"in{i}") for i, shape in enumerate(shapes)]
            model = keras.Model(inputs, make(*inputs), name=name)
            for variable in model.weights:
                drawn = keras.random.uniform(variable.shape, 0.5, 1.5)
                if variable.name in ("gamma", "beta", "moving_mean", "moving_variance"):
                    variable.assign(drawn)
            yield kind, name, model


def mixed_precision_models():
    """The same networks under the policy mixed_float16."""
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        for name, shapes, make in networks():
            keras.utils.clear_session()
            inputs = [keras.Input(shape, name=f"in{i}") for i, shape in enumerate(shapes)]
            yield "mixed_float16", f"mixed_{name}", keras.Model(inputs, make(*inputs), name=name)
    finally:
        keras.mixed_precision.set_global_policy("float32")
