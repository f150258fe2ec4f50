"""Tensors of torch through safetensors; a module is stored as its `state_dict()`."""

import safetensors.torch
import torch
from safetensors import SafetensorError

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts

_NAME = "tensor"


def _encode(value: object, encoder: Encoder) -> Parts:
    if isinstance(value, torch.nn.Module):
        raise Refused("a module of torch is code: store module.state_dict(), and load that")
    if not isinstance(value, torch.Tensor) or type(value) is not torch.Tensor:
        raise Refused(f"a {type(value).__name__} of torch: store tensors, such as value.detach()")
    if value.requires_grad or value.layout != torch.strided or value.is_quantized:
        raise Refused("a tensor with a gradient, or sparse: store value.detach().to_dense()")
    try:
        plain = value.cpu().contiguous().clone()
        data = safetensors.torch.save({_NAME: plain})
    except (KeyError, RuntimeError, SafetensorError) as error:  # no data, or no such type
        raise Refused(f"a tensor of {value.dtype} that safetensors cannot hold") from error
    return [encoder.content(data)]


def _decode(parts: Parts, decoder: Decoder) -> object:
    (content,) = parts
    try:
        ((name, tensor),) = safetensors.torch.load(bytes(decoder.content(content))).items()
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise CorruptionError(f"a stored tensor does not load: {error}") from error
    if name != _NAME:
        raise CorruptionError(f"a stored tensor is called {name!r:.40}")
    return tensor


CODECS = (Codec("tensor", _encode, _decode),)
