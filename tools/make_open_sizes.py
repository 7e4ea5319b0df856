"""Makes tests/data/open_sizes: one small network in three formats, its height and width left open,
and what its framework computes at two sizes.

    pip install tensorflow-cpu keras torch onnx onnxruntime ai-edge-litert numpy
    python tools/make_open_sizes.py
"""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import tensorflow as tf  # noqa: E402
import torch  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402
from keras import layers  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests/data/open_sizes"
SIZES = ((12, 10), (7, 16))


def keras_model():
    keras.utils.set_random_seed(3)
    image = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.MaxPool2D()(x)
    x = layers.Conv2D(6, 3)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x))


def torch_model():
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 5),
    )


def lite_outputs(path, x):
    interpreter = Interpreter(str(path))
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    model = keras_model()
    model.save(FOLDER / "keras3.keras")
    model.save(FOLDER / "keras3.h5")
    lite = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (FOLDER / "lite.tflite").write_bytes(lite)
    torch.onnx.export(
        torch_model(),
        (torch.zeros(1, 3, 12, 10),),
        str(FOLDER / "torch.onnx"),
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": {0: "N", 2: "H", 3: "W"}},
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(FOLDER / "torch.onnx"))
    random = np.random.default_rng(3)
    for height, width in SIZES:
        size = f"{height}x{width}"
        x = random.normal(size=(1, height, width, 3)).astype(np.float32)
        np.savez(FOLDER / f"keras3_{size}.npz", x=x, y=model.predict(x, verbose=0))
        np.savez(FOLDER / f"lite_{size}.npz", x=x, y=lite_outputs(FOLDER / "lite.tflite", x))
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        np.savez(FOLDER / f"torch_{size}.npz", x=x, y=session.run(None, {"x": x})[0])


if __name__ == "__main__":
    main()
