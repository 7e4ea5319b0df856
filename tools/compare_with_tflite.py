#!/usr/bin/env python3
"""Whole models on one thread: the engine against TensorFlow Lite with XNNPACK.

    tools/compare_with_tflite.py build/release/engine_bench MODEL.h5 MODEL.tflite [...]
    tools/compare_with_tflite.py build/release/int8_bench MODEL_int8.tflite MODEL_int8.tflite [...]

The two take turns, and the ratio is the median over the turns, because the machine may be busy.
TensorFlow Lite is timed without the copy of its input, the engine with it.
"""

import os
import statistics
import subprocess
import sys
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

TURNS = 21
SECONDS_OF_TURN = 0.05


def seconds_of_engine(bench, model):
    lines = subprocess.run([bench, "--pairs", "15", model], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    if os.path.basename(bench) == "int8_bench":
        assert lines[1].split() == ["model", "float32", "us", "int8", "us", "speed-up"], lines
        return float(lines[2].split()[2]) * 1e-6
    columns = lines[2].split()
    row = dict(zip(["model", "ours"], lines[3].split()))
    assert columns[:2] == ["model", "ours"], lines
    return float(row["ours"]) * 1e-6


def seconds_of_tflite(interpreter):
    calls = 0
    begin = time.thread_time()  # as the benchmarks count it
    while time.thread_time() - begin < SECONDS_OF_TURN:
        for _ in range(20):
            interpreter.invoke()
        calls += 20
    return (time.thread_time() - begin) / calls


def compare(bench, keras_file, tflite_file):
    interpreter = tf.lite.Interpreter(tflite_file, num_threads=1)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        values = np.arange(np.prod(detail["shape"])) * 31 % 256 / 256.0
        if detail["dtype"] != np.float32:
            values = np.round(values * 255) + np.iinfo(detail["dtype"]).min
        interpreter.set_tensor(detail["index"],
                               values.reshape(detail["shape"]).astype(detail["dtype"]))
    seconds_of_tflite(interpreter)
    ours, theirs, ratios = [], [], []
    for _ in range(TURNS):
        before = seconds_of_tflite(interpreter)
        ours.append(seconds_of_engine(bench, keras_file))
        theirs.append((before + seconds_of_tflite(interpreter)) / 2)
        ratios.append(ours[-1] / theirs[-1])
    print(f"{os.path.basename(keras_file):24} ours {statistics.median(ours) * 1e6:8.1f} us  "
          f"tflite {statistics.median(theirs) * 1e6:8.1f} us  "
          f"ratio {statistics.median(ratios):.3f}", flush=True)


def main():
    bench, *files = sys.argv[1:]
    print(f"TensorFlow {tf.__version__}, 1 thread")
    for keras_file, tflite_file in zip(files[0::2], files[1::2]):
        compare(bench, keras_file, tflite_file)


if __name__ == "__main__":
    main()
