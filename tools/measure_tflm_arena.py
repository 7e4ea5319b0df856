#!/usr/bin/env python3
"""How much arena TensorFlow Lite Micro takes for models and their heads, beside the estimate.

    tools/measure_tflm_arena.py                          the bundled and the MLPerf Tiny models
    tools/measure_tflm_arena.py --every 3 --json truth.json MODEL...

Writes the head at every cut (or every n-th) with `tinysplit export`, lets the package tflite-micro
allocate its tensors, and compares the bytes that it reports with those of `tinysplit inspect
--json`. Prints the table of docs/tflite.md; --json keeps what was measured, for
tests/data/tflm_arena.json. Exits with 1 where an estimate is more than 3 % too low or 15 % too
high. A .tflite is also measured as it is.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tflite_micro.python.tflite_micro import runtime

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARENA_BYTES = 16 << 20
MOST_BELOW, MOST_ABOVE = 0.03, 0.15


def default_models():
    mlperf = ROOT.parent / "shared" / "models" / "mlperf_tiny"
    bundled = sorted(ROOT.glob("models/*/*.keras"))
    return bundled + sorted(mlperf.glob("*.h5")) + sorted(mlperf.glob("*.tflite"))


def measured(path):
    """Bytes of arena, None where TensorFlow Lite Micro does not run the file."""
    # The package prints what it allocates and returns nothing, and a file that it cannot run may
    # end the process: so each is measured in one of its own.
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            try:
                interpreter = runtime.Interpreter.from_file(str(path), arena_size=ARENA_BYTES)
                interpreter.print_allocations()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        printed.seek(0)
        found = re.search(rb"Arena allocation total (\d+) bytes", printed.read())
    return int(found.group(1)) if found else None


def heads(binary, model, every, folder):
    """Yields (cut, bytes measured) of the heads that can be written."""
    layers = len(inspected(binary, model)["layers"])
    path = pathlib.Path(folder) / "head.tflite"
    for cut in sorted({*range(1, layers, every), layers}):
        path.unlink(missing_ok=True)
        subprocess.run([str(binary), "export", str(model), "--part", "head", "--cut", str(cut),
                        "--output", str(path)], capture_output=True)
        if path.exists():
            yield cut, measured(path)


def inspected(binary, model):
    done = subprocess.run([str(binary), "inspect", str(model), "--json"], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--binary", default=ROOT / "build/release/tinysplit")
    parser.add_argument("--every", type=int, default=1, help="measure every n-th cut")
    parser.add_argument("--json", type=pathlib.Path, help="file for what was measured")
    options = parser.parse_args()
    truth = {}
    is_right = True
    print("| model | heads | lowest | highest | whole, measured | estimated | activations |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for model in options.models or default_models():
            cuts = inspected(options.binary, model)["cuts"]
            sizes = {cut: size for cut, size in heads(options.binary, model, options.every, folder)
                     if size is not None}
            own = measured(model) if model.suffix == ".tflite" else None
            estimates = {cut: cuts[cut].get("head_tflm_arena_bytes") for cut in sizes}
            errors = [estimates[cut] / size - 1 for cut, size in sizes.items() if estimates[cut]]
            truth[model.name] = sizes
            if options.json:
                lines = [f" {json.dumps(name)}: {json.dumps(of)}" for name, of in truth.items()]
                options.json.write_text("{\n" + ",\n".join(lines) + "\n}\n")
            if not errors:
                print(f"| {model.name} | 0 | | | | | |")
                continue
            is_right &= min(errors) >= -MOST_BELOW and max(errors) <= MOST_ABOVE
            last = max(sizes)
            whole = f"{sizes[last]:,}" + (f" ({own:,} as it came)" if own else "")
            print(f"| {model.name} | {len(errors)} | {min(errors):+.1%} | {max(errors):+.1%} | "
                  f"{whole} | {estimates[last]:,} | {cuts[last]['head_peak_ram_bytes']:,} |",
                  flush=True)
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
