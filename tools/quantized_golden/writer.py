"""Gathers cases and writes them: one line of JSON a case, tensors as offsets into one file."""

import json
import pathlib

import numpy as np


class CaseWriter:
    def __init__(self):
        self.lines = []
        self.blob = bytearray()
        self.names = set()

    def _tensor(self, value):
        entry = {
            "dtype": value.data.dtype.name,
            "shape": list(value.data.shape),
            "offset": len(self.blob),
        }
        if value.scale is not None:
            entry["scale"] = value.scales()
            entry["zero_point"] = value.zero_points()
            entry["axis"] = value.axis
        self.blob += np.ascontiguousarray(value.data).tobytes()
        return entry

    def add(self, name, op, inputs, output, clip=None, **options):
        assert name not in self.names, name
        self.names.add(name)
        case = {"name": name, "op": op, "options": options}
        case["inputs"] = [self._tensor(value) for value in inputs]
        case["output"] = self._tensor(output)
        if clip is not None:
            case["clip"] = [float(b) if np.isfinite(b) else None for b in clip]
        self.lines.append(json.dumps(case, separators=(",", ":")))

    def write(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cases.jsonl").write_text("\n".join(self.lines) + "\n")
        (folder / "tensors.bin").write_bytes(bytes(self.blob))
