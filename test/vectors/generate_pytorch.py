"""Writes pytorch.json: golden values for the kernels, computed by PyTorch's autograd in float64.

Every input is a multiple of 1/1024 and therefore the same number in float32, in float64 and in
the decimal text of the file. Results are printed with 12 significant digits.
"""

import itertools
import json
import math
import re
from pathlib import Path

import torch
import torch.nn.functional as F

from pytorch_model import (
    ACTIVATIONS,
    COST,
    SEQUENCE_ROWS,
    Draw,
    batch_loss,
    forward,
    gradients_of,
    layer_output,
    require_gradients,
    row_losses,
)

DIGITS = 12
LOSSES = ["mse", "softmax-cross-entropy", "binary-cross-entropy", "huber", "negative-sharpe"]


def listed(value):
    """Turns tensors, and numbers in any nesting, into plain lists with DIGITS digits."""
    if isinstance(value, torch.Tensor):
        return listed(value.detach().flatten().tolist())
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    if isinstance(value, float):
        assert math.isfinite(value)
        short = float(f"{value:.{DIGITS}g}")
        return int(short) if short.is_integer() else short
    return value


# LoRA: one layer, mean squared error, the adapter learns.

RUNS = [
    {"optimizer": "sgd", "steps": 1, "lr": 0.0625},
    {"optimizer": "sgd", "steps": 5, "lr": 0.0625},
    {"optimizer": "sgd", "steps": 5, "lr": 0.0625, "weight_decay": 0.125},
    {"optimizer": "sgd", "steps": 5, "lr": 0.0625, "clip_norm": 0.5},
    {"optimizer": "momentum", "steps": 5, "lr": 0.03125, "momentum": 0.9},
    {"optimizer": "momentum", "steps": 5, "lr": 0.03125, "momentum": 0.9, "weight_decay": 0.125,
     "clip_norm": 0.5},
    {"optimizer": "adamw", "steps": 5, "lr": 0.03125},
    {"optimizer": "adamw", "steps": 5, "lr": 0.03125, "weight_decay": 0.125, "clip_norm": 0.5},
]


def optimizer_for(run, parameters):
    decay = run.get("weight_decay", 0)
    if run["optimizer"] == "adamw":
        return torch.optim.AdamW(parameters, lr=run["lr"], weight_decay=decay)
    momentum = run.get("momentum", 0)
    return torch.optim.SGD(parameters, lr=run["lr"], momentum=momentum, weight_decay=decay)


def clip(parameters, limit):
    """g *= min(1, limit / norm). PyTorch's own clipping adds 1e-6 to the norm: not used."""
    norm = torch.sqrt(sum((p.grad**2).sum() for p in parameters))
    assert norm > limit, "a clipped run must clip in its first steps"
    for parameter in parameters:
        parameter.grad *= limit / norm


def train(run, layer, x, label, row_weight):
    """Returns a and b after the run's steps from the layer's own a and b."""
    factors = [layer[name].detach().clone().requires_grad_() for name in ("a", "b")]
    moved = {**layer, "a": factors[0], "b": factors[1]}
    optimizer = optimizer_for(run, factors)
    for _ in range(run["steps"]):
        optimizer.zero_grad()
        batch_loss("mse", layer_output(moved, x), label, row_weight).backward()
        if "clip_norm" in run:
            clip(factors, run["clip_norm"])
        optimizer.step()
    return {**run, "a": factors[0], "b": factors[1]}


def lora_case(name, seed, sizes, alpha, with_base, fresh=False):
    rows, inputs, outputs, rank = sizes
    draw = Draw(seed)
    x = draw.normal(rows, inputs)
    label = draw.normal(rows, outputs)
    row_weight = draw.positive(rows)
    layer = {"input_size": inputs, "output_size": outputs, "rank": rank, "alpha": alpha}
    if with_base:
        layer["weight"] = draw.normal(outputs, inputs, scale=inputs**-0.5)
        layer["bias"] = draw.normal(outputs, scale=0.5)
    layer["a"] = draw.normal(rank, inputs, scale=(2 / inputs) ** 0.5).requires_grad_()
    layer["b"] = draw.normal(outputs, rank, scale=0 if fresh else 0.5).requires_grad_()
    output = layer_output(layer, x)
    loss = batch_loss("mse", output, label, row_weight)
    d_a, d_b = torch.autograd.grad(loss, [layer["a"], layer["b"]])
    runs = [train(run, layer, x, label, row_weight) for run in RUNS]
    return {"name": name, "rows": rows, "input": x, "label": label, "row_weight": row_weight,
            "layer": layer, "output": output, "loss": loss.item(), "d_a": d_a, "d_b": d_b,
            "runs": runs}


def lora_section():
    small, square, odd = (6, 5, 3, 2), (20, 4, 4, 2), (9, 17, 13, 5)
    return [
        lora_case("adapter-6x5x3-r2", 1, small, 4, with_base=False),
        lora_case("base-6x5x3-r2", 2, small, 4, with_base=True),
        lora_case("fresh-6x5x3-r2", 3, small, 4, with_base=True, fresh=True),
        lora_case("adapter-20x4x4-r2", 4, square, 2, with_base=False),
        lora_case("base-20x4x4-r2", 5, square, 2, with_base=True),
        lora_case("adapter-9x17x13-r5", 6, odd, 8, with_base=False),
        lora_case("base-9x17x13-r5", 7, odd, 8, with_base=True),
    ]


# Networks: every activation with every loss.


def dense_layer(draw, inputs, outputs, rank=0):
    layer = {"input_size": inputs, "output_size": outputs}
    layer["weight"] = draw.normal(outputs, inputs, scale=1.5 * inputs**-0.5)
    layer["bias"] = draw.normal(outputs, scale=0.5)
    if rank:
        layer.update(rank=rank, alpha=3)
        layer["a"] = draw.normal(rank, inputs, scale=(2 / inputs) ** 0.5)
        layer["b"] = draw.normal(outputs, rank, scale=0.5)
    return require_gradients(layer)


def mlp_case(model, layers, activations, loss_name, x, label, row_weight):
    z, output = forward(layers, activations, x)
    on_logits = loss_name == "binary-cross-entropy" and activations[-1] == "sigmoid"
    loss = batch_loss(loss_name, z if on_logits else output, label, row_weight)
    return {"model": model, "activations": activations, "loss": loss_name, "output": output,
            "value": loss.item(), "gradients": gradients_of(loss, layers)}


def mlp_section():
    draw = Draw(10)
    rows, (i, h1, h2, o) = 8, (5, 6, 4, 3)
    x = draw.normal(rows, i)
    row_weight = draw.positive(rows)
    labels = {"mse": draw.normal(rows, o), "softmax-cross-entropy": draw.distributions(rows, o),
              "binary-cross-entropy": draw.bits(rows, o), "huber": draw.normal(rows, o, scale=1.5),
              "negative-sharpe": draw.normal(rows, o, scale=0.125)}
    models = {
        "plain": [dense_layer(draw, i, h1), dense_layer(draw, h1, h2), dense_layer(draw, h2, o)],
        "adapted": [dense_layer(draw, i, h1, rank=2), dense_layer(draw, h1, h2),
                    dense_layer(draw, h2, o, rank=2)],
    }
    plans = [("plain", [a, a, "identity"], loss)
             for a, loss in itertools.product(ACTIVATIONS, LOSSES)]
    plans += [("plain", ["gelu", "gelu", "sigmoid"], "binary-cross-entropy"),
              ("plain", ["gelu", "gelu", "sigmoid"], "mse"),
              ("plain", ["tanh", "relu", "tanh"], "negative-sharpe")]
    plans += [("adapted", ["tanh", "gelu", "identity"], loss) for loss in LOSSES]
    cases = [mlp_case(model, models[model], activations, loss, x, labels[loss], row_weight)
             for model, activations, loss in plans]
    return {"rows": rows, "input": x, "row_weight": row_weight, "labels": labels, "cost": COST,
            "sequence_rows": SEQUENCE_ROWS, "models": models, "cases": cases}


# Fisher: the mean over rows of squared gradients of single rows.


def squared_gradients(layers, activations, x, label):
    _, output = forward(layers, activations, x)
    gradients = gradients_of(row_losses("softmax-cross-entropy", output, label).sum(), layers)
    return [{name[2:]: value**2 for name, value in layer.items()} for layer in gradients]


def add_scaled(total, part, scale):
    for total_layer, part_layer in zip(total, part):
        for name, value in part_layer.items():
            total_layer[name] = total_layer.get(name, 0) + scale * value


def fisher_section():
    draw = Draw(20)
    rows, i, h, o = 7, 4, 5, 3
    activations = ["tanh", "identity"]
    layers = [dense_layer(draw, i, h, rank=2), dense_layer(draw, h, o)]
    x = draw.normal(rows, i)
    label = draw.distributions(rows, o)
    empirical, exact = [{}, {}], [{}, {}]
    for row in range(rows):
        one = slice(row, row + 1)
        own = squared_gradients(layers, activations, x[one], label[one])
        add_scaled(empirical, own, 1 / rows)
        probabilities = torch.softmax(forward(layers, activations, x[one])[1].detach(), 1)[0]
        for index, probability in enumerate(probabilities.tolist()):
            one_hot = F.one_hot(torch.tensor([index]), o).double()
            part = squared_gradients(layers, activations, x[one], one_hot)
            add_scaled(exact, part, probability / rows)
    return {"rows": rows, "input": x, "label": label, "loss": "softmax-cross-entropy",
            "activations": activations, "layers": layers, "empirical": empirical, "exact": exact}


def ewc_section():
    draw = Draw(30)
    theta = draw.normal(37).requires_grad_()
    baseline, fisher, lam = draw.normal(37), draw.positive(37), 2.5
    penalty = lam / 2 * (fisher * (theta - baseline) ** 2).sum()
    (gradient,) = torch.autograd.grad(penalty, [theta])
    return {"theta": theta, "baseline": baseline, "fisher": fisher, "lambda": lam,
            "penalty": penalty.item(), "gradient": gradient}


def one_line(match):
    return re.sub(r"\s+", "", match.group(0)).replace(",", ", ")


def main():
    sections = {"lora": lora_section(), "mlp": mlp_section(), "fisher": fisher_section(),
                "ewc": ewc_section()}
    content = {"torch_version": torch.__version__, **listed(sections)}
    text = json.dumps(content, indent=1)
    text = re.sub(r"\[[-+.e\d,\s]+\]", one_line, text)
    Path(__file__).with_name("pytorch.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
