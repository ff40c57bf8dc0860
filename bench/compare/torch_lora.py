"""The LoRA step in PyTorch on the processor, one thread, gradients by hand, in place.

Reads a case as JSON from standard input: shapes n, i, o, r; scale, lr; x, labels, A, Bt; steps to
take, ms to measure. Prints loss, A, Bt after the steps and the nanoseconds of single steps as JSON.
"""

import json
import sys
import time

import torch

torch.set_num_threads(1)
torch.set_grad_enabled(False)

case = json.load(sys.stdin)
n, i, o, r = (case[name] for name in ("n", "i", "o", "r"))
scale, lr = case["scale"], case["lr"]


def tensor(name, *shape):
    return torch.tensor(case[name], dtype=torch.float32).reshape(shape)


x, labels = tensor("x", n, i), tensor("labels", n, o)
A, Bt = tensor("A", r, i), tensor("Bt", r, o)


def step():
    h = x @ A.T
    error = torch.addmm(labels, h, Bt, beta=-1, alpha=scale)
    loss = error.square().sum().item() / n
    d = error.mul_(2 * scale / n)
    dH = d @ Bt.T
    dBt = h.T @ d
    dA = dH.T @ x
    A.sub_(dA, alpha=lr)
    Bt.sub_(dBt, alpha=lr)
    return loss


loss = 0.0
for _ in range(case["steps"]):
    loss = step()
result = {"loss": loss, "A": A.flatten().tolist(), "Bt": Bt.flatten().tolist(), "samples": []}

if case["ms"] > 0:
    end = time.perf_counter_ns() + case["ms"] * 2e5
    while time.perf_counter_ns() < end:
        step()
    end = time.perf_counter_ns() + case["ms"] * 1e6
    while len(result["samples"]) < 2 or time.perf_counter_ns() < end:
        start = time.perf_counter_ns()
        step()
        result["samples"].append(time.perf_counter_ns() - start)

json.dump(result, sys.stdout)
