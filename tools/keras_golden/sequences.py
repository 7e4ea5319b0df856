"""Cases of the layers over steps and one-dimensional signals: convolution, recurrence, attention."""

from .common import fan_out, sequential

RNN_ACTIVATIONS = ["tanh", "relu", "sigmoid", "linear", "softsign"]


def conv1d(k):
    c = k.layers.Conv1D
    return fan_out(k, (11, 4), [
        c(5, 3), c(5, 3, padding="same"), c(5, 4, strides=2, padding="same"), c(5, 3, strides=2),
        c(5, 3, padding="causal"), c(5, 3, padding="causal", dilation_rate=2),
        c(6, 2, dilation_rate=3, use_bias=False), c(6, 3, groups=2, activation="relu"),
        c(5, 1, activation="softmax"), c(5, 3, strides=2, padding="causal")])


def depthwise_conv1d(k):
    d = k.layers.DepthwiseConv1D
    return fan_out(k, (11, 4), [
        d(3), d(3, padding="same", depth_multiplier=2), d(4, strides=2, padding="same"),
        d(3, dilation_rate=2, use_bias=False), d(3, activation="relu")])


def separable_conv1d(k):
    s = k.layers.SeparableConv1D
    return fan_out(k, (11, 4), [
        s(5, 3), s(5, 3, padding="same", activation="relu"), s(6, 3, depth_multiplier=2),
        s(5, 4, strides=2, padding="same", use_bias=False), s(5, 3, dilation_rate=2)])


def conv1d_transpose(k):
    t = k.layers.Conv1DTranspose
    return fan_out(k, (6, 4), [
        t(5, 3), t(5, 2, strides=2), t(5, 3, strides=2, padding="same"), t(5, 4, strides=3),
        t(5, 3, strides=2, output_padding=1), t(5, 2, strides=3, padding="same", use_bias=False),
        t(5, 3, activation="relu", padding="same")])


def signal_chain(k):
    l = k.layers
    return sequential(
        k, (24, 3), l.Conv1D(6, 5, activation="relu"), l.BatchNormalization(), l.MaxPooling1D(2),
        l.SeparableConv1D(8, 3, activation="relu"), l.ZeroPadding1D(1), l.AveragePooling1D(2),
        l.Conv1DTranspose(4, 2, strides=2), l.UpSampling1D(2), l.Cropping1D((1, 2)),
        l.GlobalAveragePooling1D(), l.Dense(4, activation="softmax"))


def pooling1d(k):
    l = k.layers
    return fan_out(k, (11, 3), [
        l.MaxPooling1D(2), l.MaxPooling1D(3, strides=2, padding="same"), l.AveragePooling1D(2),
        l.AveragePooling1D(3, strides=1, padding="same"), l.GlobalMaxPooling1D(),
        l.GlobalAveragePooling1D(), l.GlobalMaxPooling1D(keepdims=True),
        l.GlobalAveragePooling1D(keepdims=True)])


def borders1d(k):
    l = k.layers
    return fan_out(k, (7, 3), [
        l.ZeroPadding1D(), l.ZeroPadding1D(2), l.ZeroPadding1D((0, 3)), l.Cropping1D(1),
        l.Cropping1D((2, 0)), l.UpSampling1D(2), l.UpSampling1D(3)])


def _recurrent_options(layer, **options):
    return [
        layer(4), layer(4, return_sequences=True), layer(4, go_backwards=True),
        layer(4, go_backwards=True, return_sequences=True), layer(3, use_bias=False),
        layer(3, activation="relu", **options), layer(3, activation="linear")]


def lstm(k):
    return fan_out(k, (5, 3), [
        *_recurrent_options(k.layers.LSTM, recurrent_activation="hard_sigmoid"),
        k.layers.LSTM(3, dropout=0.2, recurrent_dropout=0.1), k.layers.LSTM(3, unroll=True)])


def gru(k):
    return fan_out(k, (5, 3), _recurrent_options(
        k.layers.GRU, recurrent_activation="hard_sigmoid"))


def gru_reset_before(k):
    def layer(*args, **kwargs):
        return k.layers.GRU(*args, reset_after=False, **kwargs)
    return fan_out(k, (5, 3), _recurrent_options(layer))


def simple_rnn(k):
    return fan_out(k, (5, 3), [
        *_recurrent_options(k.layers.SimpleRNN),
        *(k.layers.SimpleRNN(3, activation=a) for a in RNN_ACTIVATIONS)])


def recurrent_states(k):
    """States handed from an encoder to a decoder, each an output of its layer."""
    l = k.layers
    x, start = k.Input((5, 3)), k.Input((4,))
    y, h, c = l.LSTM(4, return_state=True, return_sequences=True)(x)
    z = l.LSTM(4, return_sequences=True)(y, initial_state=[h, c])
    g, state = l.GRU(4, return_state=True)(x, initial_state=start)
    s, last = l.SimpleRNN(4, return_state=True, return_sequences=True, go_backwards=True)(z)
    return k.Model([x, start], [z, c, g, l.Dense(3)(state), s, last])


def recurrent_stack(k):
    l = k.layers
    return sequential(
        k, (6, 4), l.LSTM(6, return_sequences=True), l.Dropout(0.2), l.GRU(5, return_sequences=True),
        l.SimpleRNN(4), l.RepeatVector(3), l.GRU(4, return_sequences=True, reset_after=False),
        l.TimeDistributed(l.Dense(2)))


def bidirectional(k):
    l = k.layers
    b = l.Bidirectional
    return fan_out(k, (5, 3), [
        *(b(l.LSTM(3, return_sequences=True), merge_mode=m) for m in ("concat", "sum", "ave", "mul")),
        b(l.LSTM(3)), b(l.GRU(3), merge_mode="ave"), b(l.GRU(3, reset_after=False)),
        b(l.SimpleRNN(3, return_sequences=True), merge_mode="mul"),
        b(l.LSTM(3, go_backwards=True, return_sequences=True),
          backward_layer=l.LSTM(3, return_sequences=True)),
        b(l.LSTM(3), backward_layer=l.GRU(3, go_backwards=True), merge_mode="sum")])


def bidirectional_apart(k):
    l = k.layers
    x = k.Input((5, 3))
    there, back = l.Bidirectional(l.GRU(4, return_sequences=True), merge_mode=None)(x)
    y, *states = l.Bidirectional(l.LSTM(3, return_state=True))(x)
    return k.Model(x, [there, back, y, *states])


def time_distributed(k):
    l = k.layers
    t = l.TimeDistributed
    return sequential(
        k, (3, 8, 7, 2), t(l.Conv2D(4, 3, activation="relu")), t(l.BatchNormalization()),
        t(l.MaxPooling2D(2)), t(l.Dropout(0.1)), t(l.Flatten()), t(l.Dense(6)), t(l.PReLU()),
        t(l.Reshape((3, 2))), t(l.LSTM(4)), l.LSTM(3))


def time_distributed_model(k):
    l = k.layers
    inner = k.Sequential([
        k.Input((6, 6, 2)), l.Conv2D(3, 3, activation="relu"), l.GlobalAveragePooling2D(),
        l.Dense(4)])
    return sequential(k, (3, 6, 6, 2), l.TimeDistributed(inner), l.GRU(3))


def embedding_int(k):
    l = k.layers
    x = k.Input((6,), dtype="int32")
    y = l.Embedding(9, 4)(x)
    return k.Model(x, [l.LSTM(3)(y), l.GlobalAveragePooling1D()(y), y])


def embedding_int64(k):
    l = k.layers
    return k.Sequential([
        k.Input((6,), dtype="int64"), l.Embedding(9, 4), l.Flatten(), l.Dense(3)])


def embedding_float(k):
    l = k.layers
    return sequential(k, (6,), l.Embedding(9, 4), l.Conv1D(3, 2), l.GlobalMaxPooling1D())


def embedding_mask_unused(k):
    l = k.layers
    return k.Sequential([
        k.Input((6,), dtype="int32"), l.Embedding(9, 4, mask_zero=True), l.Dense(3), l.Flatten(),
        l.Dense(3)])


def rescaled_bytes(k):
    l = k.layers
    return k.Sequential([
        k.Input((6, 6, 3), dtype="uint8"), l.Rescaling(1 / 255), l.Conv2D(3, 3), l.Flatten(),
        l.Dense(3)])


def multi_head_attention(k):
    l = k.layers
    x, y = k.Input((5, 6)), k.Input((4, 8))
    m = l.MultiHeadAttention
    outputs = [
        m(2, 3)(x, x), m(2, 3)(x, y), m(1, 4, value_dim=5)(x, y), m(3, 2, use_bias=False)(y, x),
        m(2, 3, output_shape=7)(x, y), m(2, 3)(query=x, value=y, key=y),
        m(2, 3)(x, x, use_causal_mask=True), m(2, 3, dropout=0.3)(y, y)]
    return k.Model([x, y], outputs)


def attention_scores(k):
    l = k.layers
    x, y = k.Input((5, 6)), k.Input((4, 6))
    z, scores = l.MultiHeadAttention(2, 3)(x, y, return_attention_scores=True)
    return k.Model([x, y], [
        z, scores, l.Attention()([x, y]), l.Attention(use_scale=True)([x, y, y]),
        l.Attention()([x, x], use_causal_mask=True)])


def transformer_block(k):
    l = k.layers
    x = k.Input((6,), dtype="int32")
    y = l.Embedding(9, 8)(x)
    a = l.MultiHeadAttention(2, 4)(y, y)
    y = l.LayerNormalization()(l.Add()([y, l.Dropout(0.1)(a)]))
    f = l.Dense(8)(l.Dense(12, activation="gelu")(y))
    y = l.LayerNormalization(epsilon=1e-6)(l.Add()([y, f]))
    return k.Model(x, l.Dense(3, activation="softmax")(l.GlobalAveragePooling1D()(y)))


CASES = {f.__name__: (f, {}) for f in (
    conv1d, depthwise_conv1d, separable_conv1d, conv1d_transpose, signal_chain, pooling1d,
    borders1d, lstm, gru, gru_reset_before, simple_rnn, recurrent_states, recurrent_stack,
    bidirectional, bidirectional_apart, time_distributed, time_distributed_model, embedding_int,
    embedding_int64, embedding_mask_unused, rescaled_bytes, multi_head_attention, attention_scores,
    transformer_block)}
# Whole numbers as float32, as a .npy of float inputs has them.
CASES["embedding_float"] = (embedding_float, {"scale": 2.0, "shift": 4.0, "clip": (0.0, 8.0)})

# For Keras 2, and for .h5 of Keras 3.
SHARED = {f.__name__: (f, {}) for f in (
    lstm, gru, gru_reset_before, bidirectional, recurrent_states, time_distributed,
    time_distributed_model, signal_chain, embedding_int, transformer_block)}
