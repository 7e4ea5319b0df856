"""Small PyTorch modules, one for each layer and option: name -> (module, inputs)."""

import torch
import torch.nn.functional as F
from torch import nn


class Call(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *tensors):
        return self.function(*tensors)


class Attend(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class Recur(nn.Module):
    """A recurrent layer: its outputs, and its last states."""

    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(5, 6, batch_first=True, **options)

    def forward(self, x):
        y, state = self.layer(x)
        return (y, *state) if isinstance(state, tuple) else (y, state)


class Classifier(nn.Module):
    """Convolutions, a residual, normalisation, pooling and a dense layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8),
                                   nn.ReLU6())
        self.depth = nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.point = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.first(x)
        x = x + F.hardswish(self.point(F.relu(self.depth(x))))
        x = F.max_pool2d(x, 2)
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


def image(c=4, h=9, w=8):
    return torch.randn(1, c, h, w)


def line(c=4, length=13):
    return torch.randn(1, c, length)


def convolutions():
    for k, s, p, d, g in ((1, 1, 0, 1, 1), (3, 1, 1, 1, 1), (3, 2, 1, 1, 2), (3, 1, 2, 2, 1),
                          (5, 3, 2, 1, 4), (2, 2, 0, 1, 1), (4, 1, "same", 1, 1)):
        options = dict(kernel_size=k, stride=s, padding=p, dilation=d, groups=g)
        yield f"conv1d_k{k}s{s}p{p}d{d}g{g}", nn.Conv1d(4, 8, **options), line()
        yield f"conv2d_k{k}s{s}p{p}d{d}g{g}", nn.Conv2d(4, 8, **options), image()
    yield "conv2d_asymmetric", nn.Conv2d(4, 6, (3, 1), (2, 1), (1, 0)), image()
    yield "conv2d_reflect", nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), image()
    yield "conv2d_circular", nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), image()
    yield "conv2d_replicate", nn.Conv2d(4, 6, 3, padding=1, padding_mode="replicate"), image()
    yield "conv3d", nn.Conv3d(2, 4, 3, 2, 1), torch.randn(1, 2, 6, 7, 8)
    for k, s, p, o, d, g in ((2, 2, 0, 0, 1, 1), (3, 2, 1, 1, 1, 1), (3, 2, 0, 0, 1, 2),
                             (4, 2, 1, 0, 1, 1), (3, 1, 1, 0, 2, 1)):
        options = dict(kernel_size=k, stride=s, padding=p, output_padding=o, dilation=d, groups=g)
        yield f"deconv1d_k{k}s{s}p{p}o{o}d{d}g{g}", nn.ConvTranspose1d(4, 6, **options), line()
        yield f"deconv2d_k{k}s{s}p{p}o{o}d{d}g{g}", nn.ConvTranspose2d(4, 6, **options), image()


def pools():
    for k, s, p in ((2, 2, 0), (3, 2, 1), (3, 2, 0), (2, 3, 1)):
        for ceil in (False, True):
            end = f"_k{k}s{s}p{p}" + ("_ceil" if ceil else "")
            yield "maxpool2d" + end, nn.MaxPool2d(k, s, p, ceil_mode=ceil), image()
            yield "maxpool1d" + end, nn.MaxPool1d(k, s, p, ceil_mode=ceil), line()
            for count in (False, True):
                name = end + ("_count" if count else "")
                options = dict(ceil_mode=ceil, count_include_pad=count)
                yield "avgpool2d" + name, nn.AvgPool2d(k, s, p, **options), image()
                yield "avgpool1d" + name, nn.AvgPool1d(k, s, p, **options), line()
    yield "avgpool3d_ceil", nn.AvgPool3d(3, 2, 1, ceil_mode=True), torch.randn(1, 2, 6, 7, 8)
    yield "lppool2d", nn.LPPool2d(2, 3, 2), image()
    yield "lppool1d_ceil", nn.LPPool1d(2, 3, 2, ceil_mode=True), line()
    for size in (1, 2, 3):
        yield f"adaptive_avg_{size}", nn.AdaptiveAvgPool2d(size), image(4, 6, 12)
        yield f"adaptive_max_{size}", nn.AdaptiveMaxPool2d(size), image(4, 6, 12)
    yield "adaptive_avg1d", nn.AdaptiveAvgPool1d(4), line(4, 12)


def normalizations():
    yield "batchnorm1d", nn.BatchNorm1d(4), line()
    yield "batchnorm2d", nn.BatchNorm2d(4), image()
    yield "instancenorm", nn.InstanceNorm2d(4, affine=True), image()
    yield "instancenorm1d_plain", nn.InstanceNorm1d(4), line()
    yield "layernorm", nn.LayerNorm(8), torch.randn(1, 5, 8)
    yield "layernorm_2_axes", nn.LayerNorm([9, 8]), image()
    yield "layernorm_plain", nn.LayerNorm(8, elementwise_affine=False), torch.randn(1, 5, 8)
    yield "groupnorm", nn.GroupNorm(2, 4), image()
    yield "groupnorm1d", nn.GroupNorm(4, 4), line()
    yield "rmsnorm", nn.RMSNorm(8), torch.randn(1, 5, 8)
    yield "local_response", nn.LocalResponseNorm(3), image()
    yield "l2_normalize", Call(lambda x: F.normalize(x, dim=1)), image()
    yield "l1_normalize", Call(lambda x: F.normalize(x, p=1.0, dim=-1)), image()


def activations():
    kinds = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
             nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Sigmoid, nn.Tanh, nn.Softplus,
             nn.Softsign, nn.LogSigmoid, nn.Tanhshrink, nn.Softshrink, nn.Hardshrink)
    for kind in kinds:
        yield kind.__name__.lower(), kind(), image() * 3
    yield "gelu_tanh", nn.GELU(approximate="tanh"), image() * 3
    yield "prelu_one", nn.PReLU(), image()
    yield "prelu_channels", nn.PReLU(4), image()
    yield "rrelu", nn.RReLU(), image()
    yield "glu_channels", nn.GLU(1), image()
    yield "glu_last", nn.GLU(-1), image()
    yield "threshold", nn.Threshold(0.2, -1.0), image()
    yield "softplus_beta", nn.Softplus(beta=2.0, threshold=5), image() * 3
    for axis in (1, -1):
        yield f"softmax_{axis}", nn.Softmax(axis), image()
        yield f"logsoftmax_{axis}", nn.LogSoftmax(axis), image()
    yield "softmin", nn.Softmin(-1), image()
    yield "clamp", Call(lambda x: torch.clamp(x, min=-0.5)), image()


def sequences():
    tokens = torch.randn(1, 6, 8)
    yield "attention", Attend(), tokens
    yield "attention_no_bias", Attend(bias=False), tokens
    yield "attention_bias_kv", Attend(add_bias_kv=True), tokens
    yield "encoder_layer", nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), tokens
    yield "encoder_layer_gelu_first", nn.TransformerEncoderLayer(
        8, 2, 16, batch_first=True, activation="gelu", norm_first=True), tokens
    yield "encoder_2", nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), tokens
    yield "decoder_layer", nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), (
        tokens, torch.randn(1, 4, 8))
    yield "sdpa", Call(F.scaled_dot_product_attention), (torch.randn(1, 2, 6, 4),) * 3
    yield "sdpa_causal", Call(lambda q: F.scaled_dot_product_attention(
        q, q, q, is_causal=True)), torch.randn(1, 2, 6, 4)
    steps = torch.randn(1, 7, 5)
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        name = kind.__name__.lower()
        yield name, Recur(kind), steps
        yield name + "_bidirectional", Recur(kind, bidirectional=True), steps
        yield name + "_2_layers", Recur(kind, num_layers=2), steps
    yield "rnn_relu", Recur(nn.RNN, nonlinearity="relu"), steps
    yield "lstm_proj_free_no_bias", Recur(nn.LSTM, bias=False), steps
    yield "embedding", nn.Embedding(11, 6), torch.randint(0, 11, (1, 5))
    yield "embedding_bag", Call(lambda i: F.one_hot(i, 11).float()), torch.randint(0, 11, (1, 5))


def matrices():
    x = torch.randn(2, 5)
    yield "linear", nn.Linear(5, 7), x
    yield "linear_no_bias_3d", nn.Linear(5, 7, bias=False), torch.randn(1, 4, 5)
    yield "bilinear", nn.Bilinear(5, 5, 3), (x, x)
    yield "matmul_broadcast", Call(torch.matmul), (torch.randn(2, 3, 4, 5), torch.randn(5, 6))
    yield "bmm", Call(torch.bmm), (torch.randn(2, 3, 4), torch.randn(2, 4, 5))
    yield "baddbmm", Call(lambda a, b, c: torch.baddbmm(c, a, b, beta=0.5, alpha=2.0)), (
        torch.randn(2, 3, 4), torch.randn(2, 4, 5), torch.randn(2, 3, 5))
    yield "outer", Call(torch.outer), (torch.randn(4), torch.randn(5))
    for equation, shapes in (("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
                             ("bhid,bhjd->bhij", ((1, 2, 3, 4), (1, 2, 5, 4))),
                             ("ij,kj->ik", ((3, 4), (5, 4))), ("bchw,cd->bdhw", ((1, 3, 4, 5), (3, 6))),
                             ("bi,bi->b", ((2, 3), (2, 3))), ("ij->ji", ((3, 4),)),
                             ("bij->bi", ((2, 3, 4),)), ("i,j->ij", ((3,), (4,)))):
        name = "einsum_" + equation.replace(",", "_").replace("->", "_to_")
        yield name, Call(lambda *t, e=equation: torch.einsum(e, *t)), tuple(
            torch.randn(*s) for s in shapes)
    yield "cdist", Call(torch.cdist), (torch.randn(1, 3, 4), torch.randn(1, 5, 4))
    yield "cosine", nn.CosineSimilarity(dim=1), (image(), image())


def resizing():
    for mode, options in (("nearest", {}), ("bilinear", dict(align_corners=False)),
                          ("bilinear", dict(align_corners=True)),
                          ("bicubic", dict(align_corners=False)),
                          ("bicubic", dict(align_corners=True)), ("nearest-exact", {})):
        corners = "_corners" if options.get("align_corners") else ""
        for how in (dict(scale_factor=2), dict(size=(13, 5)), dict(scale_factor=(0.5, 1.5))):
            text = "x".join(str(v) for v in torch.tensor(list(how.values())[0]).flatten().tolist())
            name = f"interpolate_{mode}{corners}_{list(how)[0]}_{text}"
            yield name, Call(lambda x, m=mode, h=how, o=options: F.interpolate(
                x, mode=m, **h, **o)), image()
    yield "interpolate_linear", Call(lambda x: F.interpolate(x, scale_factor=2, mode="linear")), line()
    yield "interpolate_antialias", Call(lambda x: F.interpolate(
        x, size=(4, 4), mode="bilinear", antialias=True)), image()
    yield "upsample_module", nn.Upsample(scale_factor=3), image()
    yield "pixel_shuffle", nn.PixelShuffle(2), image(8)
    yield "pixel_unshuffle", nn.PixelUnshuffle(2), image(4, 8, 6)
    yield "channel_shuffle", nn.ChannelShuffle(2), image()
    yield "grid_sample", Call(lambda x, g: F.grid_sample(x, g, align_corners=False)), (
        image(), torch.rand(1, 5, 6, 2) * 2 - 1)
    yield "unfold", nn.Unfold(3, padding=1), image()
    yield "fold", nn.Fold((6, 6), 2, stride=2), torch.randn(1, 16, 9)


def movement():
    yield "flatten_view", Call(lambda x: x.view(x.size(0), -1)), image()
    yield "reshape_symbolic", Call(lambda x: x.reshape(x.shape[0], x.shape[1] // 2, 2, -1)), image()
    yield "permute", Call(lambda x: x.permute(0, 2, 3, 1)), image()
    yield "slice_step", Call(lambda x: x[:, 1:, ::2, -5:]), image()
    yield "select", Call(lambda x: x[:, 2]), image()
    yield "index_list", Call(lambda x: x[:, [2, 0, 1]]), image()
    yield "index_two_lists", Call(lambda x: x[:, [2, 0], [1, 3]]), image()
    yield "index_select", Call(lambda x: torch.index_select(x, 2, torch.tensor([4, 0]))), image()
    yield "gather", Call(lambda x, i: torch.gather(x, 1, i)), (
        torch.randn(2, 5), torch.randint(0, 5, (2, 3)))
    yield "chunk", Call(lambda x: torch.cat(torch.chunk(x, 2, 1)[::-1], 1)), image()
    yield "split_uneven", Call(lambda x: torch.split(x, [1, 3], 1)[1] * 2), image()
    yield "stack", Call(lambda x: torch.stack([x, x * 2], 1)), image()
    yield "unbind", Call(lambda x: torch.unbind(x, 2)[3]), image()
    yield "roll", Call(lambda x: torch.roll(x, (1, -2), (2, 3))), image()
    yield "flip", Call(lambda x: torch.flip(x, [2, 3])), image()
    yield "repeat", Call(lambda x: x.repeat(1, 2, 1, 3)), image()
    yield "repeat_interleave", Call(lambda x: torch.repeat_interleave(x, 2, 1)), image()
    yield "expand", Call(lambda x: x.mean(1, keepdim=True).expand(-1, 4, -1, -1) + x), image()
    yield "pad_constant", nn.ConstantPad2d((1, 2, 0, 3), 0.5), image()
    yield "pad_reflect", nn.ReflectionPad2d(2), image()
    yield "pad_replicate1d", nn.ReplicationPad1d((1, 2)), line()
    yield "pad_negative", Call(lambda x: F.pad(x, (-1, 1, 2, -2))), image()
    yield "zeros_like_cat", Call(lambda x: torch.cat([x, torch.zeros_like(x[:, :1])], 1)), image()
    yield "shift_channels", Call(lambda x: torch.cat([x[:, 1:], x[:, :1]], 1)), image()
    yield "meshgrid", Call(lambda x: x + torch.stack(torch.meshgrid(
        torch.arange(9.0), torch.arange(8.0), indexing="ij"))[:1]), image()
    yield "tril", Call(torch.tril), torch.randn(4, 5)
    yield "masked_fill", Call(lambda x: x.masked_fill(x < 0, -9.0)), image()
    yield "scatter", Call(lambda x, i: torch.zeros(2, 5).scatter(1, i, x)), (
        torch.randn(2, 3), torch.tensor([[0, 2, 4], [1, 3, 0]]))
    yield "window_partition", Call(lambda x: x.view(1, 4, 3, 3, 2, 4).permute(
        0, 2, 4, 3, 5, 1).reshape(-1, 12, 4)), image()
    yield "assign_slice", Call(lambda x: torch.slice_scatter(x, x[:, :1] * 3, 1, 2, 3)), image()


def arithmetic():
    for name in ("mean", "sum", "amax", "amin", "var", "std", "logsumexp", "prod"):
        function = getattr(torch, name)
        yield f"{name}_axis", Call(lambda x, f=function: f(x, dim=2)), image()
        if name not in ("prod",):
            yield f"{name}_axes_keep", Call(lambda x, f=function: f(
                x, dim=(2, 3), keepdim=True)), image()
    yield "mean_all", Call(torch.mean), image()
    yield "var_biased", Call(lambda x: torch.var(x, dim=1, unbiased=False)), image()
    yield "norm", Call(lambda x: torch.norm(x, dim=1)), image()
    yield "argmax", Call(lambda x: torch.argmax(x, 1)), image()
    yield "max_with_index", Call(lambda x: torch.max(x, 1)[0]), image()
    yield "topk", Call(lambda x: torch.topk(x, 3, -1)[0]), image()
    yield "sort", Call(lambda x: torch.sort(x, -1)[0]), image()
    yield "cumsum", Call(lambda x: torch.cumsum(x, 2)), image()
    yield "cumprod", Call(lambda x: torch.cumprod(x, 2)), image()
    yield "atan2", Call(torch.atan2), (image(), image())
    yield "where", Call(lambda x, y: torch.where(x > y, x, y * 2)), (image(), image())
    yield "comparisons", Call(lambda x: ((x > 0) & (x < 1) | (x == 2)).float()), image()
    yield "reverse_operators", Call(lambda x: 1.0 - 2.0 / (x.abs() + 1)), image()
    yield "powers", Call(lambda x: x ** 2 + x ** 3 + x.abs() ** 0.5 + 2 ** x), image()
    yield "rsqrt", Call(lambda x: torch.rsqrt(x.abs() + 0.1)), image()
    yield "erf", Call(torch.erf), image()
    yield "remainder", Call(lambda x: torch.remainder(x, 0.7)), image()
    yield "fmod", Call(lambda x: torch.fmod(x, 0.7)), image()
    yield "floor_divide", Call(lambda x: torch.floor_divide(x, 0.7)), image()
    yield "round", Call(lambda x: torch.round(x * 3)), image()
    yield "log1p_expm1", Call(lambda x: torch.log1p(x.abs()) + torch.expm1(x)), image()
    yield "integers", Call(lambda i: (i * 3 + 1) % 7 // 2), torch.randint(0, 50, (1, 9))
    yield "double_inside", Call(lambda x: (x.double() * 1.5 + 1).float()), image()
    yield "nan_to_num", Call(torch.nan_to_num), image()
    yield "isnan_where", Call(lambda x: torch.where(torch.isnan(x), 0.0, x)), image()
    yield "minimum", Call(torch.minimum), (image(), image())
    yield "classifier", Classifier(), image(3, 16, 16)


def all_modules():
    for group in (convolutions, pools, normalizations, activations, sequences, matrices, resizing,
                  movement, arithmetic):
        for name, module, inputs in group():
            yield group.__name__, name, module.eval(), (
                inputs if isinstance(inputs, tuple) else (inputs,))
