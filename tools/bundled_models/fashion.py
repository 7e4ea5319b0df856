"""Fashion-MNIST as Debian's package dataset-fashion-mnist installs it (IDX files, gzip)."""

import gzip
import pathlib
import struct

import numpy as np

SEED = 7
LABELS = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
          "ankle_boot"]

folder = pathlib.Path("/usr/share/datasets/fashion-mnist")


def _read_idx(path, dims):
    with gzip.open(path) as file:
        magic, *shape = struct.unpack(f">{1 + dims}I", file.read(4 * (1 + dims)))
        if magic != 0x800 + dims:
            raise ValueError(f"{path}: not an IDX file of {dims} dimensions")
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def load(part):
    """`part` is "train" or "t10k"; images uint8 [N,28,28], labels uint8 [N]."""
    return (_read_idx(folder / f"{part}-images-idx3-ubyte.gz", 3),
            _read_idx(folder / f"{part}-labels-idx1-ubyte.gz", 1))
