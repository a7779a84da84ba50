"""The building blocks of the models in float64 NumPy, on single vectors: the oracle."""

import numpy as np


def array(leaf):
    return np.asarray(leaf, np.float64)


def linear(layer, x):
    return x @ array(layer.weight) + array(layer.bias)


def network(net, x):
    hidden = x
    for layer in net.layers[:-1]:
        hidden = linear(layer, hidden)
        hidden = hidden * sigmoid(hidden)
    output = linear(net.layers[-1], hidden)
    return output if net.skip is None else output + linear(net.skip, x)


def layer_norm(norm, x):
    normal = (x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean() + 1e-5)
    return normal * array(norm.scale) + array(norm.offset)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
