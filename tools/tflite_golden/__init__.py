"""The cases of the golden TensorFlow Lite models."""
