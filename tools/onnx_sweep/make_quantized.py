#!/usr/bin/env python3
"""Writes quantised, half precision and optimised models: <folder>/<group>/<name>.<how>.onnx."""

import itertools
import logging
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_dynamic, quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from make_models import export, freshen
from modules import Attend, Call, Classifier, Recur, all_modules, image

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


class Mixed(nn.Module):
    """What QOperator has operators for: sums, products, pools, activations, concatenation, Gemm."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(8, 8, 3, padding=1, groups=4)
        self.c = nn.Linear(16, 6)

    def forward(self, x):
        x = torch.nn.functional.leaky_relu(self.a(x), 0.1)
        y = torch.sigmoid(self.b(x))
        x = torch.nn.functional.avg_pool2d(torch.cat([x * y, x + y], 1), 2)
        x = torch.nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)
        return torch.softmax(self.c(x), -1)


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv1d(4, 8, 3, padding=1)
        self.b = nn.Linear(8, 4, bias=False)

    def forward(self, x):
        return torch.tanh(self.b(torch.relu(self.a(x)).transpose(1, 2)))


class SkipNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(x + x * 0.5)


class Samples(CalibrationDataReader):
    def __init__(self, name, shape):
        generator = np.random.default_rng(5)
        self.samples = iter([{name: generator.standard_normal(shape).astype(np.float32)}
                             for _ in range(8)])

    def get_next(self):
        return next(self.samples, None)


NETWORKS = {"classifier": (Classifier, (1, 3, 16, 16)), "mixed": (Mixed, (1, 3, 12, 12)),
            "line": (Line, (1, 4, 10))}


def base_model(name, folder):
    make, shape = NETWORKS[name]
    torch.manual_seed(11)
    module = make().eval()
    freshen(module)
    path = folder / f"{name}.onnx"
    x = torch.randn(*shape)
    torch.onnx.export(module, (x,), str(path), dynamo=False, input_names=["x0"], opset_version=17)
    quant_pre_process(str(path), str(path), skip_symbolic_shape=True)
    return path, x.numpy()


def quantized(folder, scratch):
    for name in NETWORKS:
        path, x = base_model(name, scratch)
        for form, per_channel, types, symmetric in itertools.product(
                (QuantFormat.QDQ, QuantFormat.QOperator), (False, True),
                ((QuantType.QUInt8, QuantType.QInt8), (QuantType.QInt8, QuantType.QInt8),
                 (QuantType.QUInt8, QuantType.QUInt8)), (False, True)):
            how = (f"{form.name.lower()}_{types[0].name[1:].lower()}_{types[1].name[1:].lower()}"
                   + ("_channels" if per_channel else "") + ("_symmetric" if symmetric else ""))
            out = folder / "quantized" / f"{name}_{how}.{form.name.lower()}.onnx"
            quantize_static(str(path), str(out), Samples("x0", x.shape), quant_format=form,
                            per_channel=per_channel, activation_type=types[0],
                            weight_type=types[1], extra_options={
                                "ActivationSymmetric": symmetric, "WeightSymmetric": symmetric})
            np.savez(out.with_suffix(".npz"), x0=x)
        out = folder / "quantized" / f"{name}.dynamic8.onnx"
        quantize_dynamic(str(path), str(out))
        np.savez(out.with_suffix(".npz"), x0=x)
    for name, module, x in (("attention", Attend(), torch.randn(1, 6, 8)),
                            ("lstm", Recur(nn.LSTM), torch.randn(1, 7, 5)),
                            ("dense", nn.Sequential(nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 3)),
                             torch.randn(2, 9))):
        path = scratch / f"{name}.onnx"
        export(module.eval(), (x,), "script", path)
        out = folder / "quantized" / f"{name}.dynamic8.onnx"
        quantize_dynamic(str(path), str(out))
        np.savez(out.with_suffix(".npz"), x0=x.numpy())


def optimized(folder, scratch):
    """What ONNX Runtime writes after its basic and extended optimisations."""
    levels = {"basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
              "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED}
    sources = [(n, *base_model(n, scratch)) for n in NETWORKS]
    for name, module, x in (
            ("encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(
                8, 2, 16, batch_first=True, activation="gelu"), 2), torch.randn(1, 6, 8)),
            ("gelu_tanh", nn.Sequential(nn.Linear(9, 7), nn.GELU(approximate="tanh")),
             torch.randn(2, 9)),
            ("skip_norm", SkipNorm(), torch.randn(1, 6, 8)),
            ("scaled_product", Call(lambda x: (x @ x.transpose(1, 2)) * 0.25),
             torch.randn(1, 6, 8))):
        path = scratch / f"{name}.onnx"
        export(module.eval(), (x,), "script", path)
        sources.append((name, path, x.numpy()))
    for name, path, x in sources:
        for how, level in levels.items():
            out = folder / "optimized" / f"{name}.{how}.onnx"
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = level
            options.optimized_model_filepath = str(out)
            options.log_severity_level = 4
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            np.savez(out.with_suffix(".npz"), x0=x)


def half_of(model, keep_io, blocked=()):
    from onnxruntime.transformers.float16 import convert_float_to_float16
    return convert_float_to_float16(model, keep_io_types=keep_io, op_block_list=list(blocked) or None,
                                    disable_shape_infer=False)


def halves(folder, scratch):
    """Converted to float16, as onnxconverter-common does, and exported from half modules."""
    sources = {n: base_model(n, scratch) for n in NETWORKS}
    for name, module, x in (("attention", Attend(), torch.randn(1, 6, 8)),
                            ("gru", Recur(nn.GRU), torch.randn(1, 7, 5)),
                            ("layernorm", nn.LayerNorm(8), torch.randn(1, 5, 8)),
                            ("deconv", nn.ConvTranspose2d(4, 6, 3, 2), image()),
                            ("upsample", nn.Upsample(scale_factor=2, mode="bilinear"), image()),
                            ("powers", Call(lambda x: x ** 2 + x.abs() ** 0.5), image())):
        path = scratch / f"{name}.onnx"
        export(module.eval(), (x,), "script", path)
        sources[name] = (path, x.numpy())
    for name, (path, x) in sources.items():
        for how, keep, blocked in (("half", False, ()), ("half_io", True, ()),
                                   ("half_blocked", False, ("Softmax", "Conv", "Gemm", "Pow"))):
            out = folder / "half" / f"{name}.{how}.onnx"
            try:
                onnx.save(half_of(onnx.load(str(path)), keep, blocked), str(out))
            except Exception as error:
                print("not converted:", out, str(error)[:100])
                continue
            np.savez(out.with_suffix(".npz"), x0=x if keep else x.astype(np.float16))
    for name, module, x in (("classifier", Classifier(), image(3, 16, 16)),
                            ("dense", nn.Linear(5, 7), torch.randn(2, 5))):
        out = folder / "half" / f"{name}_module.half.onnx"
        export(module.eval().half(), (x.half(),), "script", out)
    for name, module, x in (("dense", nn.Linear(5, 7).double(), torch.randn(2, 5).double()),
                            ("conv", nn.Conv2d(4, 6, 3).double(), image().double())):
        out = folder / "half" / f"{name}_module.double.onnx"
        export(module.eval(), (x,), "script", out)


def main():
    folder = pathlib.Path(sys.argv[1])
    scratch = folder / "scratch"
    for name in ("quantized", "optimized", "half", "scratch"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for make in (quantized, optimized, halves):
        if len(sys.argv) < 3 or make.__name__ in sys.argv[2]:
            make(folder, scratch)
    for path in scratch.iterdir():
        path.unlink()
    scratch.rmdir()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
