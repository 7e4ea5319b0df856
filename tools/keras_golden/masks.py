"""Cases of masks: Masking and Embedding, and the layers that use what they say."""


class _Steps:
    """A random sequence of which some steps are the masked value in every feature."""

    def __init__(self, k):
        l = k.layers
        self.x = k.Input((7, 2))
        self.masked = l.Masking(0.0)(l.ReLU()(self.x))


def masked_recurrent(k):
    l = k.layers
    s = _Steps(k)
    wide = l.Dense(3)(s.masked)
    return k.Model(
        s.x, [
            l.LSTM(4)(wide), l.GRU(3)(wide), l.SimpleRNN(3)(wide), l.LSTM(
                3, return_sequences=True)(wide), l.GRU(
                3, return_sequences=True, go_backwards=True)(wide), l.LSTM(
                    2, go_backwards=True)(wide), l.GlobalAveragePooling1D()(wide), l.GRU(
                        3, reset_after=False)(wide)])


def masked_states(k):
    l = k.layers
    s = _Steps(k)
    start = l.Dense(3)(l.Flatten()(s.x))
    y, h, c = l.LSTM(3, return_sequences=True, return_state=True)(s.masked)
    z, g = l.GRU(3, return_sequences=True, return_state=True)(s.masked, initial_state=start)
    return k.Model(s.x, [y, h, c, z, g])


def masked_both_ways(k):
    l = k.layers
    s = _Steps(k)
    return k.Model(s.x, [
        l.Bidirectional(l.LSTM(3))(s.masked),
        l.Bidirectional(l.GRU(3, return_sequences=True), merge_mode="sum")(s.masked)])


def masked_chain(k):
    """Handed on by layers in between, and through a recurrent layer."""
    l = k.layers
    return k.Sequential([
        k.Input((8,), dtype="int32"), l.Embedding(9, 5, mask_zero=True), l.Dropout(0.2), l.Dense(4),
        l.LayerNormalization(), l.Bidirectional(l.LSTM(3, return_sequences=True)),
        l.Activation("tanh"),
        l.GRU(4, return_sequences=True), l.TimeDistributed(l.Dense(4)), l.LSTM(5), l.Dense(3)])


def masked_mean(k):
    l = k.layers
    return k.Sequential([
        k.Input((8,), dtype="int32"), l.Embedding(9, 5, mask_zero=True), l.GlobalAveragePooling1D(),
        l.Dense(3)])


def masked_by_embedding(k):
    l = k.layers
    x = k.Input((8,), dtype="int32")
    y = l.Embedding(9, 4, mask_zero=True)(x)
    dropped = l.Conv1D(3, 3)(y)
    return k.Model(x, [l.LSTM(3)(l.Dense(3)(y)), l.LSTM(3)(dropped)])


SHARED = {
    "masked_recurrent": (masked_recurrent, {}),
    "masked_states": (masked_states, {}),
    "masked_both_ways": (masked_both_ways, {}),
    "masked_chain": (masked_chain, {}),
    "masked_mean": (masked_mean, {}),
    "masked_by_embedding": (masked_by_embedding, {}),
}
