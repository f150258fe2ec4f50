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
    if value.requires_grad or value.is_sparse or value.is_quantized:
        raise Refused("a tensor with a gradient, or sparse: store value.detach().to_dense()")
    plain = value.cpu().contiguous().clone()
    return [encoder.content(safetensors.torch.save({_NAME: plain}))]


def _decode(parts: Parts, decoder: Decoder) -> object:
    (content,) = parts
    try:
        return safetensors.torch.load(bytes(decoder.content(content)))[_NAME]
    except (SafetensorError, KeyError) as error:
        raise CorruptionError(f"a stored tensor does not load: {error}") from error


CODECS = (Codec("tensor", _encode, _decode),)
