"""Multiply-accumulates of the layers that the bundled models use; all others count as none."""

import math


def of_layer(layer):
    kind = type(layer).__name__
    if kind == "Conv2D":
        return math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape)
    if kind == "Dense":
        return math.prod(layer.kernel.shape)
    return 0


def of_model(model):
    return sum(of_layer(layer) for layer in model.layers)
