#!/usr/bin/env python3
"""Writes the models of the sweep: <folder>/<group>/<name>.<how>.onnx, with inputs beside them."""

import pathlib
import traceback
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from modules import Classifier, all_modules, image

warnings.filterwarnings("ignore")


def save_inputs(model, inputs, path):
    names = [i.name for i in model.graph.input]
    np.savez(path.with_suffix(".npz"), **dict(zip(names, inputs)))


def freshen(module):
    """Statistics and scales that are not those of an untrained layer."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, value in list(module.named_buffers()) + list(module.named_parameters()):
            if "running_var" in name:
                value.uniform_(0.5, 2.0, generator=generator)
            elif "running_mean" in name or name.endswith("bias"):
                value.normal_(0.0, 0.3, generator=generator)


def export(module, inputs, how, path):
    names = [f"x{i}" for i in range(len(inputs))]
    if how == "script":
        torch.onnx.export(module, inputs, str(path), dynamo=False, input_names=names,
                          opset_version=17)
    elif how == "dynamic":
        axes = {n: {i: f"{n}_{i}" for i in range(1, t.dim())} for n, t in zip(names, inputs)}
        torch.onnx.export(module, inputs, str(path), dynamo=False, input_names=names,
                          opset_version=17, dynamic_axes=axes)
    else:
        torch.onnx.export(module, inputs, str(path), dynamo=True, input_names=names,
                          external_data=False, verbose=False,
                          optimize=how == "dynamo")
    model = onnx.load(str(path))
    save_inputs(model, [t.numpy() for t in inputs], path)


def make(folder, hows, only, failures):
    for group, name, module, inputs in all_modules():
        if only and only not in name:
            continue
        for how in hows:
            path = pathlib.Path(folder) / group / f"{name}.{how}.onnx"
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.manual_seed(3)
            freshen(module)
            try:
                export(module, inputs, how, path)
            except Exception as error:  # the exporter's own limits
                path.unlink(missing_ok=True)
                failures.append((str(path), str(error).strip().split("\n")[0][:100]))


if __name__ == "__main__":
    import sys
    torch.set_num_threads(1)
    failed = []
    make(sys.argv[1], sys.argv[2].split(","), sys.argv[3] if len(sys.argv) > 3 else "", failed)
    for path, error in failed:
        print("not exported:", path, error)
