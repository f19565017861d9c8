"""Export of a fitted corrector to ONNX."""

from sklearn_rlcorrect.export.convert import to_onnx

__all__ = ["to_onnx"]
