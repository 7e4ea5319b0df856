#!/usr/bin/env python3
"""Training steps per second against PyTorch on the CPU: same network, batch and threads.

    tools/compare_with_pytorch.py [--pairs 5] [--seconds 3] [--batch 128] [--threads 1 2]

Needs build/release/training_bench. Makes itself a virtual environment with PyTorch in
build/pytorch-venv the first time (--python names an interpreter that has torch instead).

Both sides train on random images that lie in memory: forward, backward and one step of AdamW. They
run in turn, each in a process of its own; a ratio is the median over the pairs. PyTorch runs as its
users run it, eagerly, in the faster of its two memory formats (channels last, or NCHW), which a
short trial finds out. It pads images before strided convolutions on both sides, not on one as Keras
does: that costs the same and saves it an operation. Prints a table and, with --json, all numbers.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "build/release/training_bench"


# The networks, as Keras configurations.

def fashion_resnet():
    path = ROOT / "models/fashion_resnet/fashion_resnet.keras"
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def resnet8():
    """The image classification network of MLPerf Tiny: 32x32x3, 78 thousand weights."""
    layers = [dict(class_name="InputLayer", name="input", inbound_nodes=[],
                   config=dict(name="input", batch_shape=[None, 32, 32, 3]))]

    def add(kind, inputs, **config):
        name = f"{kind.lower()}_{len(layers)}"
        tensors = [dict(class_name="__keras_tensor__", config=dict(keras_history=[i, 0, 0]))
                   for i in inputs]
        arguments = tensors if len(tensors) == 1 else [tensors]
        layers.append(dict(class_name=kind, name=name, config=dict(name=name, **config),
                           inbound_nodes=[dict(args=arguments, kwargs={})]))
        return name

    def conv(x, filters, size, stride):
        return add("Conv2D", [x], filters=filters, kernel_size=[size, size],
                   strides=[stride, stride], padding="same")

    def norm(x):
        return add("BatchNormalization", [x])

    def relu(x):
        return add("Activation", [x], activation="relu")

    x = relu(norm(conv("input", 16, 3, 1)))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        y = relu(norm(conv(x, filters, 3, stride)))
        y = norm(conv(y, filters, 3, 1))
        skip = x if stride == 1 else conv(x, filters, 1, stride)
        x = relu(add("Add", [skip, y]))
    x = add("Flatten", [add("AveragePooling2D", [x], pool_size=[8, 8])])
    x = add("Dense", [x], units=10, activation="softmax")
    return dict(class_name="Functional", config=dict(
        name="resnet8", layers=layers, input_layers=[["input", 0, 0]], output_layers=[[x, 0, 0]]))


NETWORKS = {"fashion_resnet": fashion_resnet, "resnet8": resnet8}


# PyTorch's side, run by the interpreter that has it.

def inputs_of(layer):
    found = []

    def walk(node):
        if isinstance(node, dict):
            if node.get("class_name") == "__keras_tensor__":
                found.append(node["config"]["keras_history"][0])
            else:
                for item in node.values():
                    walk(item)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(layer["inbound_nodes"])
    return found


def make_torch_network(config):
    import torch
    from torch import nn

    channels, shapes, steps, modules = {}, {}, [], nn.ModuleDict()
    for layer in config["config"]["layers"]:
        kind, name, options = layer["class_name"], layer["config"]["name"], layer["config"]
        inputs = inputs_of(layer)
        c = channels[inputs[0]] if inputs else None
        if kind == "InputLayer":
            size, c = options["batch_shape"][1], options["batch_shape"][3]
            shapes[name] = size
            channels[name] = c
            continue
        size = shapes[inputs[0]]
        if kind == "Conv2D":
            k, s = options["kernel_size"][0], options["strides"][0]
            module = nn.Conv2d(c, options["filters"], k, s, k // 2,
                               bias=options.get("use_bias", True))
            c, size = options["filters"], -(-size // s)
        elif kind == "BatchNormalization":
            module = nn.BatchNorm2d(c, eps=1e-3)
        elif kind == "Activation":
            module = nn.ReLU(inplace=True)
        elif kind == "MaxPooling2D":
            module, size = nn.MaxPool2d(2), size // 2
        elif kind in ("AveragePooling2D", "GlobalAveragePooling2D"):
            module, size = nn.AdaptiveAvgPool2d(1), 1
        elif kind == "Flatten":
            module = nn.Identity()
        elif kind == "Dense":
            module, c = nn.Sequential(nn.Flatten(), nn.Linear(c, options["units"])), options["units"]
        elif kind == "Add":
            module = None
        elif kind == "Rescaling":
            module = nn.Identity()
        else:
            raise ValueError(f"no {kind} here")
        if module is not None:
            modules[name] = module
        steps.append((name, inputs))
        channels[name], shapes[name] = c, size

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = modules

        def forward(self, x):
            values = {config["config"]["layers"][0]["config"]["name"]: x}
            for name, inputs in steps:
                operands = [values[i] for i in inputs]
                values[name] = (self.layers[name](operands[0]) if name in self.layers
                                else operands[0] + operands[1])
            return values[steps[-1][0]]

    shape = config["config"]["layers"][0]["config"]["batch_shape"]
    return Network(), (shape[3], shape[1], shape[2]), torch


def torch_steps(config, batch, threads, seconds, memory_format):
    network, shape, torch = make_torch_network(config)
    torch.set_num_threads(threads)
    layout = getattr(torch, memory_format)
    network = network.to(memory_format=layout).train()
    images = torch.rand(batch, *shape).to(memory_format=layout)
    labels = torch.randint(0, 10, (batch,))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loss = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(network(images), labels).backward()
        optimizer.step()

    for _ in range(3):
        step()
    begin, cpu, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begin < seconds:
        step()
        count += batch
    return dict(images_per_s=count / (time.perf_counter() - begin),
                images_per_cpu_s=count / (time.process_time() - cpu), version=torch.__version__)


# The comparison.

def find_python(given):
    if given:
        return given
    folder = ROOT / "build/pytorch-venv"
    python = folder / "bin/python"
    if not python.exists():
        print(f"making {folder} with PyTorch ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "torch", "numpy"], check=True)
    return str(python)


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(name, python, threads, arguments):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "config.json"
        config.write_text(json.dumps(NETWORKS[name]()))
        common = ["--batch", str(arguments.batch), "--threads", str(threads)]
        ours = [str(BENCH), str(config), *common, "--seconds", str(arguments.seconds)]

        def torch_command(memory_format, seconds):
            return [python, __file__, "--worker", str(config), "--format", memory_format,
                    "--seconds", str(seconds), *common]

        formats = {f: run(torch_command(f, 1))["images_per_cpu_s"]
                   for f in ("channels_last", "contiguous_format")}
        best = max(formats, key=formats.get)
        pairs = []
        for i in range(arguments.pairs):
            commands = [ours, torch_command(best, arguments.seconds)]
            results = [None, None]
            for side in ((0, 1) if i % 2 == 0 else (1, 0)):
                results[side] = run(commands[side])
            pairs.append(results)

    def median(side, key):
        return statistics.median(p[side][key] for p in pairs)

    def ratio(key):
        return statistics.median(p[0][key] / p[1][key] for p in pairs)

    return dict(network=name, threads=threads, format=best, torch=pairs[0][1]["version"],
                ours=median(0, "images_per_s"), pytorch=median(1, "images_per_s"),
                ratio=ratio("images_per_s"), cpu_ratio=ratio("images_per_cpu_s"))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--python", help="an interpreter with torch")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--format", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        config = json.loads(pathlib.Path(arguments.worker).read_text())
        print(json.dumps(torch_steps(config, arguments.batch, arguments.threads[0],
                                     arguments.seconds, arguments.format)))
        return
    if not BENCH.exists():
        sys.exit(f"{BENCH} is missing: cmake --build --preset release --target training_bench")
    python = find_python(arguments.python)
    rows = [compare(name, python, threads, arguments)
            for name in arguments.networks for threads in arguments.threads]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print("| network | threads | ours, images/s | PyTorch, images/s | ours / PyTorch | of CPU time |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        print(f"| `{r['network']}` | {r['threads']} | {r['ours']:.0f} | {r['pytorch']:.0f} | "
              f"{r['ratio']:.2f} | {r['cpu_ratio']:.2f} |")
    print(f"\nPyTorch {rows[0]['torch']}, batch {arguments.batch}, median of {arguments.pairs} pairs")


if __name__ == "__main__":
    main()
