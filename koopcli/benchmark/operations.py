"""Floating point operations of a program, by XLA's account, loops counted in full.

XLA's cost analysis counts the body of a loop once, however often it runs (as its
documentation says), so a model that steps through time would seem to do almost nothing.
With X what XLA says, the operations of a program P with loops of n rounds of bodies B are

    F(P) = X(P) + Σ (n F(B) - X(B)).

Loops whose number of rounds is only known at run time count once: the loop over gradient
steps is one of these, which makes the result that of one step.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, jaxpr_as_fun


def operations(function: Callable[..., Any], *arguments: Any) -> float:
    """Return the floating point operations of `function(*arguments)`."""
    return _full(jax.make_jaxpr(function)(*arguments))


def _full(program: ClosedJaxpr) -> float:
    total = _once(program)
    for rounds, body in _loops(program.jaxpr):
        total += rounds * _full(body) - _once(body)
    return total


def _once(program: ClosedJaxpr) -> float:
    shapes = [
        jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in program.jaxpr.invars
    ]
    found = jax.jit(jaxpr_as_fun(program)).lower(*shapes).cost_analysis() or {}
    if isinstance(found, list):  # older JAX: one per device
        found = found[0]
    return float(found.get("flops", 0.0))


def _loops(program: Jaxpr) -> Iterator[tuple[int, ClosedJaxpr]]:
    # The outermost ones; those inside belong to their bodies.
    for equation in program.eqns:
        if equation.primitive.name == "scan":
            yield equation.params["length"], equation.params["jaxpr"]
            continue
        for inner in equation.params.values():
            for each in inner if isinstance(inner, tuple | list) else (inner,):
                if isinstance(each, ClosedJaxpr):
                    yield from _loops(each.jaxpr)
                elif isinstance(each, Jaxpr):
                    yield from _loops(each)
