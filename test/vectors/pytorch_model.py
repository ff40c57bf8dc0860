"""What generate_pytorch.py draws and differentiates: seeded inputs, dense layers, losses."""

import torch
import torch.nn.functional as F

GRID = 1024
ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "sigmoid": torch.sigmoid,
}
COST = 1 / 512
SEQUENCE_ROWS = 6
# A kink (relu at 0, huber at 1, |x| at 0) must be farther away than float32 rounding can reach.
KINK_MARGIN = 1 / 256


class Draw:
    """Seeded tensors on the grid."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        values = torch.randn(*shape, generator=self.generator, dtype=torch.float64)
        return torch.round(values * scale * GRID) / GRID

    def positive(self, *shape):
        """Uniform in [1/4, 5/4)."""
        values = torch.rand(*shape, generator=self.generator, dtype=torch.float64)
        return torch.floor(values * GRID) / GRID + 0.25

    def distributions(self, rows, classes):
        """Rows of non-negative numbers that sum to exactly 1; the first half are one-hot."""
        values = torch.zeros(rows, classes, dtype=torch.float64)
        for row in range(rows):
            draws = 1 if row < rows // 2 else GRID
            chosen = torch.randint(classes, (draws,), generator=self.generator)
            for index in chosen.tolist():
                values[row, index] += 1 / draws
        return values

    def bits(self, rows, outputs):
        """0 or 1, except in the last row: 1/4 or 3/4."""
        values = torch.randint(2, (rows, outputs), generator=self.generator).double()
        values[-1] = values[-1] / 2 + 0.25
        return values


def away_from_kink(distance):
    assert distance.abs().min() > KINK_MARGIN, "choose another seed"


def layer_output(layer, x):
    """W x + b + (alpha/r) B (A x), without the tensors the layer lacks."""
    z = torch.zeros(x.shape[0], layer["output_size"], dtype=torch.float64)
    if "weight" in layer:
        z = z + F.linear(x, layer["weight"], layer["bias"])
    if "a" in layer:
        scale = layer["alpha"] / layer["rank"]
        z = z + scale * F.linear(F.linear(x, layer["a"]), layer["b"])
    return z


def forward(layers, activations, x):
    """Returns the last pre-activation and the last output."""
    for layer, activation in zip(layers, activations):
        z = layer_output(layer, x)
        if activation == "relu":
            away_from_kink(z.detach())
        x = ACTIVATIONS[activation](z)
    return z, x


def negative_sharpe(output, label, row_weight):
    """Minus mean / population std of the weighted P&L after the cost of moving."""
    pnl = (output * label).sum(1)
    moves = output[1:SEQUENCE_ROWS] - output[: SEQUENCE_ROWS - 1]
    away_from_kink(moves.detach())
    cost = torch.zeros(output.shape[0], dtype=torch.float64)
    cost[1:SEQUENCE_ROWS] = COST * moves.abs().sum(1)
    pnl = row_weight * (pnl - cost)
    return -pnl.mean() / pnl.std(unbiased=False)


def row_losses(name, output, label):
    """The loss of every row, unweighted. The cross-entropies take logits."""
    if name == "mse":
        return F.mse_loss(output, label, reduction="none").sum(1)
    if name == "softmax-cross-entropy":
        return F.cross_entropy(output, label, reduction="none")
    if name == "binary-cross-entropy":
        return F.binary_cross_entropy_with_logits(output, label, reduction="none").sum(1)
    assert name == "huber"
    away_from_kink((output - label).abs().detach() - 1)
    return F.huber_loss(output, label, reduction="none", delta=1.0).sum(1)


def batch_loss(name, output, label, row_weight):
    if name == "negative-sharpe":
        return negative_sharpe(output, label, row_weight)
    return (row_weight * row_losses(name, output, label)).sum() / output.shape[0]


def tensors_of(layer):
    return [name for name in ("weight", "bias", "a", "b") if name in layer]


def gradients_of(loss, layers):
    """Gradients of every tensor, a dictionary per layer."""
    names = [(index, name) for index, layer in enumerate(layers) for name in tensors_of(layer)]
    leaves = [layers[index][name] for index, name in names]
    gradients = [{} for _ in layers]
    for (index, name), gradient in zip(names, torch.autograd.grad(loss, leaves)):
        gradients[index]["d_" + name] = gradient
    return gradients


def require_gradients(layer):
    for name in tensors_of(layer):
        layer[name].requires_grad_()
    return layer
