"""Loops, branches and variables; spectra; custom operators."""

import numpy as np
from flatbuffers import flexbuffers

from .builder import Model, Quant


def _counted_loop(m, steps, dims):
    """Condition: the first of the loop's values, a number, is below `steps`."""
    index = m.begin_subgraph()
    count, _, _ = m.input((), np.int32), m.input(dims), m.input((steps, *dims))
    below = m.tensor((), np.bool_)
    m.op("LESS", [count, m.scalar(steps)], [below], "LessOptions")
    m.output(below)
    m.end_subgraph()
    return index


def loops():
    """A cell over steps, whose outputs are put together as converters write it: with a slice before
    of no rows in the first step, and one behind of none in the last."""
    m = Model()
    rng = np.random.default_rng(1)
    steps, units = 4, 3
    body = m.begin_subgraph()
    count, state, sequence = (m.input((), np.int32), m.input((1, units)),
                              m.input((steps, 1, units)))
    added, one = m.tensor((), np.int32), m.scalar(1)
    m.op("ADD", [count, one], [added], "AddOptions")
    dense, made = m.tensor((1, units)), m.tensor((1, units))
    m.op("FULLY_CONNECTED", [state, m.constant(rng.normal(0, 1, (units, units)), np.float32), -1],
         [dense], "FullyConnectedOptions")
    m.op("TANH", [dense], [made])
    first, last = m.tensor((1,), np.int32), m.tensor((1,), np.int32)
    m.op("RESHAPE", [count, m.integers(1)], [first], "ReshapeOptions")
    m.op("RESHAPE", [added, m.integers(1)], [last], "ReshapeOptions")
    size, begin = m.tensor((3,), np.int32), m.tensor((3,), np.int32)
    m.op("CONCATENATION", [first, m.integers(-1, -1)], [size], "ConcatenationOptions")
    m.op("CONCATENATION", [last, m.integers(0, 0)], [begin], "ConcatenationOptions")
    before, behind, row = (m.tensor((1, 1, units)) for _ in range(3))
    for part in (before, behind):
        m.graph.tensors[part].shapeSignature = [-1, 1, units]
    m.op("SLICE", [sequence, m.integers(0, 0, 0), size], [before], "SliceOptions")
    m.op("SLICE", [sequence, begin, m.integers(-1, -1, -1)], [behind], "SliceOptions")
    m.op("RESHAPE", [made, m.integers(1, 1, units)], [row], "ReshapeOptions")
    joined = m.tensor((steps, 1, units))
    m.op("CONCATENATION", [before, row, behind], [joined], "ConcatenationOptions")
    m.output(added, made, joined)
    m.end_subgraph()
    condition = _counted_loop(m, steps, (1, units))
    x = m.input((1, units))
    ends = [m.tensor((), np.int32), m.tensor((1, units)), m.tensor((steps, 1, units))]
    m.op("WHILE", [m.scalar(0), x, m.constant(np.zeros((steps, 1, units)), np.float32)], ends,
         "WhileOptions", condSubgraphIndex=condition, bodySubgraphIndex=body)
    m.output(*ends[1:])
    return m


def branches():
    m = Model()
    x = m.input((1, 5))
    for holds in (True, False):
        made = []
        for name in ("TANH", "LOGISTIC"):
            made.append(m.begin_subgraph())
            given, y = m.input((1, 5)), m.tensor((1, 5))
            m.op(name, [given], [y])
            m.output(y)
            m.end_subgraph()
        y = m.tensor((1, 5))
        m.op("IF", [m.scalar(holds, np.bool_), x], [y], "IfOptions", thenSubgraphIndex=made[0],
             elseSubgraphIndex=made[1])
        m.output(y)
    return m


def variables():
    """A buffer of the last rows, with its first contents."""
    m = Model()
    rows, width = 4, 3
    start = m.begin_subgraph()
    handle = m.resource()
    m.op("VAR_HANDLE", [], [handle], "VarHandleOptions", container="", sharedName="rows")
    m.op("ASSIGN_VARIABLE",
         [handle, m.constant(np.arange(rows * width).reshape(rows, width), np.float32)], [],
         "AssignVariableOptions")
    m.end_subgraph()
    m.op("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=start)
    x, handle = m.input((1, width)), m.resource()
    m.op("VAR_HANDLE", [], [handle], "VarHandleOptions", container="", sharedName="rows")
    kept, left, joined, again = (m.tensor((rows, width)) for _ in range(4))
    m.op("READ_VARIABLE", [handle], [kept], "ReadVariableOptions")
    m.op("STRIDED_SLICE", [kept, m.integers(1, 0), m.integers(0, 0), m.integers(1, 1)], [left],
         "StridedSliceOptions", endMask=3)
    m.op("CONCATENATION", [left, x], [joined], "ConcatenationOptions", axis=0)
    m.op("ASSIGN_VARIABLE", [handle, joined], [], "AssignVariableOptions")
    m.op("READ_VARIABLE", [handle], [again], "ReadVariableOptions")
    y = m.tensor((rows, width))
    m.op("RELU", [again], [y])
    m.output(y)
    return m


def spectra():
    m = Model()
    for shape, lengths in (((2, 1, 16), (1, 16)), ((1, 12), (1, 16)), ((1, 20), (1, 8)),
                           ((2, 3, 8), (4, 8)), ((5, 7), (4, 4))):
        x = m.input(shape)
        made = (*shape[:-2], lengths[0], lengths[1] // 2 + 1)
        spectrum = m.tensor(made, np.complex64)
        m.op("RFFT2D", [x, m.integers(*lengths)], [spectrum], "Rfft2dOptions")
        for name in ("REAL", "IMAG", "COMPLEX_ABS"):
            y = m.tensor(made)
            m.op(name, [spectrum], [y])
            m.output(y)
    return m


def places():
    """GATHER_ND of every type, by indices along one to all axes."""
    m = Model()
    for dtype in (np.float32, np.int8, np.uint8, np.int32, np.int64):
        quant = Quant(0.1, 7) if np.dtype(dtype).itemsize == 1 else None
        x = m.input((3, 4, 5), dtype, quant)
        for indices, index_type in (([[2], [0]], np.int32), ([[[1, 3], [2, 0]]], np.int64),
                                    ([[0, 1, 2], [2, 3, 4], [1, 1, 0]], np.int32)):
            y = m.tensor((1,), dtype, quant)
            m.op("GATHER_ND", [x, m.constant(indices, index_type)], [y], "GatherNdOptions")
            m.output(y)
    numbers = m.tensor((1, 5), np.int32)
    scores = m.input((1, 3, 5))
    m.op("ARG_MAX", [scores, m.scalar(1)], [numbers], "ArgMaxOptions", outputType=2)
    column, y = m.tensor((5, 1), np.int32), m.tensor((5, 4))
    m.op("RESHAPE", [numbers, m.integers(5, 1)], [column], "ReshapeOptions")
    m.op("GATHER_ND", [m.constant(np.arange(12).reshape(3, 4), np.float32), column], [y],
         "GatherNdOptions")
    m.output(y)
    return m


def mediapipe():
    """Its transposed convolution; the twin is the operator that it was made of."""
    m, twin = Model(), Model()
    rng = np.random.default_rng(2)
    for size, kernel, stride, padding in ((4, 2, 2, 1), (5, 3, 2, 1), (3, 4, 3, 1), (4, 3, 2, 2)):
        weights = rng.normal(0, 1, (3, kernel, kernel, 2)).astype(np.float32)
        bias = rng.normal(0, 1, 3).astype(np.float32)
        whole = stride * (size - 1) + kernel
        made = whole - (max(0, kernel - (size - 1) % stride - 1) if padding == 1 else 0)
        for model in (m, twin):
            x, y = model.input((1, size, size, 2)), model.tensor((1, made, made, 3))
            kernel_tensor, bias_tensor = model.constant(weights), model.constant(bias)
            if model is twin:
                model.op("TRANSPOSE_CONV",
                         [model.integers(1, made, made, 3), kernel_tensor, x, bias_tensor], [y],
                         "TransposeConvOptions", padding=padding - 1, strideH=stride,
                         strideW=stride)
            else:
                operator = model.op("CUSTOM", [x, kernel_tensor, bias_tensor], [y],
                                    custom="Convolution2DTransposeBias")
                operator.customOptions = np.array([padding, stride, stride], np.int32).view(
                    np.uint8)
            model.output(y)
    m.twin = twin
    return m


def detections():
    """Fast and by class, with a background or without, float32 and uint8, few boxes and none."""
    m = Model()
    rng = np.random.default_rng(4)
    boxes = 40
    for by_class, classes, background, threshold, dtype in (
            (False, 3, 1, 0.3, np.float32), (True, 3, 1, 0.3, np.float32),
            (False, 1, 0, -1e9, np.float32), (True, 4, 1, 0.9, np.float32),
            (True, 2, 0, 1e9, np.float32), (False, 3, 1, 0.2, np.uint8),
            (True, 3, 1, 0.2, np.uint8)):
        quantised = dtype == np.uint8
        x = m.input((1, boxes, 4), dtype, Quant(0.03, 130) if quantised else None)
        scores = m.input((1, boxes, classes + background), dtype,
                         Quant(1 / 256, 0) if quantised else None)
        anchors = np.concatenate([rng.uniform(0, 1, (boxes, 2)), rng.uniform(0.1, 0.4, (boxes, 2))],
                                 1)
        if quantised:
            anchors = m.constant(np.round(anchors * 200), np.uint8, Quant(1 / 200, 0))
        else:
            anchors = m.constant(anchors, np.float32)
        outputs = [m.tensor(shape) for shape in ((1, 6, 4), (1, 6), (1, 6), (1,))]
        operator = m.op("CUSTOM", [x, scores, anchors], outputs,
                        custom="TFLite_Detection_PostProcess")
        options = {
            "max_detections": 6, "max_classes_per_detection": 1, "detections_per_class": 5,
            "use_regular_nms": by_class, "nms_score_threshold": threshold,
            "nms_iou_threshold": 0.4, "num_classes": classes, "y_scale": 10.0, "x_scale": 10.0,
            "h_scale": 5.0, "w_scale": 5.0}
        operator.customOptions = np.frombuffer(flexbuffers.Dumps(options), np.uint8)
        m.output(*outputs)
    return m


CASES = {f.__name__: f for f in (loops, branches, variables, spectra, places, mediapipe, detections)}
