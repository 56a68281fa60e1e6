"""What stands at an address of a drawn figure, from transformers' own eager run."""

from functools import cache

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from attnviz.lessons import note_example
from attnviz.models.catalogue import EMBEDDED, find


@cache
def tensors(text: str) -> dict[str, np.ndarray]:
    """Every tensor of the embedded model on a text, by the letters of its address.

    "layer head row column", or "layer row column" where there are no heads.
    """
    folder = find(EMBEDDED).folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    kept: dict[str, list[np.ndarray]] = {name: [] for name in "XCYUR"}

    def keep(name: str, value: torch.Tensor) -> None:
        kept[name].append(value[0].numpy())

    for layer in model.encoder.layer:
        layer.register_forward_hook(lambda _, given, __: keep("X", given[0]))
        layer.register_forward_hook(
            lambda _, __, out: keep("R", out[0] if isinstance(out, tuple) else out)
        )
        attention = layer.attention.output
        attention.dense.register_forward_hook(lambda _, given, __: keep("C", given[0]))
        attention.dense.register_forward_hook(lambda _, __, out: keep("Y", out))
        attention.register_forward_hook(lambda _, __, out: keep("U", out))
    with torch.inference_mode():
        out = model(**tokenizer(text, return_tensors="pt"), output_attentions=True)
    found = {name: np.stack(arrays) for name, arrays in kept.items()}
    found["A"] = np.stack([weights[0].numpy() for weights in out.attentions])
    heads, width = model.config.num_attention_heads, model.config.hidden_size
    d_head = width // heads
    for name, part in (("Q", "query"), ("K", "key"), ("V", "value")):
        rows, matrices = [], []
        for layer, x in zip(model.encoder.layer, found["X"], strict=True):
            linear = getattr(layer.attention.self, part)
            w, b = linear.weight.detach().numpy(), linear.bias.detach().numpy()
            rows.append((x @ w.T + b).reshape(-1, heads, d_head).swapaxes(0, 1))
            matrices.append(w.T.reshape(width, heads, d_head).swapaxes(0, 1))
        found[name], found[f"W{name}"] = np.stack(rows), np.stack(matrices)
    found["D"] = found["Q"] @ found["K"].swapaxes(-1, -2)
    found["S"] = found["D"] / np.sqrt(d_head)
    words = found["A"].copy()
    words[..., [0, -1]] = 0  # [CLS] and [SEP]
    found["N"] = words / words.sum(axis=-1, keepdims=True)
    found["Z"] = found["A"] @ found["V"]
    out_ = [layer.attention.output.dense.weight.detach().numpy().T for layer in model.encoder.layer]
    found["WO"] = np.stack(out_)
    blocks = found["WO"].reshape(len(out_), heads, d_head, width)
    found["P"] = found["Z"] @ blocks
    return found


NOTE = {
    "X": note_example.X,
    "WQ": note_example.W_Q,
    "WK": note_example.W_K,
    "WV": note_example.W_V,
    "Q": note_example.X @ note_example.W_Q,
    "K": note_example.X @ note_example.W_K,
    "V": note_example.X @ note_example.W_V,
}
NOTE["D"] = NOTE["Q"] @ NOTE["K"].T
NOTE["S"] = NOTE["D"] / 8
NOTE["A"] = np.exp(NOTE["S"]) / np.exp(NOTE["S"]).sum(axis=1, keepdims=True)
NOTE["Z"] = NOTE["A"] @ NOTE["V"]


def at(text: str, address: str) -> float:
    """The number at an address, on a text in the embedded model, or in the note."""
    name, *places = address.removeprefix("note.").split(".")
    source = NOTE if address.startswith("note.") else tensors(text)
    return float(source[name][tuple(map(int, places))])


def is_address(part: str) -> bool:
    """Whether a part is named by the address of a number."""
    name, *places = part.removeprefix("note.").split(".")
    return name in {*NOTE, *"DSACYURPZN", "WO"} and all(one.isdigit() for one in places)
