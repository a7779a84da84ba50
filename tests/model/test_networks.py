import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from koopcli.model.networks import LayerNorm, Linear, Network, shrink, small_output


def test_linear_by_hand(key):
    layer = Linear(2, 1, key=key)
    layer = eqx.tree_at(
        lambda m: (m.weight, m.bias), layer, (jnp.array([[2.0], [3.0]]), jnp.ones(1))
    )
    assert jnp.array_equal(layer(jnp.array([1.0, 1.0])), jnp.array([6.0]))


def test_leading_axes_change_nothing(key):
    network = Network(3, 2, width=5, depth=2, skip=True, key=key)
    x = jnp.arange(24.0).reshape(2, 4, 3)
    assert jnp.allclose(network(x)[1, 2], network(x[1, 2]), atol=1e-5)


@pytest.mark.parametrize("skip", [True, False])
def test_a_transformed_network_gives_the_map_of_the_output(skip, key):
    network = Network(3, 4, width=5, depth=1, skip=skip, key=key)
    network = eqx.tree_at(lambda n: n.layers[-1].bias, network, jnp.arange(4.0))
    x = jnp.array([[1.0, -2.0, 0.5]])
    found = network.transformed(lambda rows: 2 * rows[..., ::-1])(x)
    assert jnp.allclose(found, 2 * network(x)[:, ::-1], atol=1e-5)


def test_the_skip_path_is_linear_and_added(key):
    network = Network(3, 2, width=5, depth=1, skip=True, key=key)
    without = eqx.tree_at(lambda n: n.skip, network, None)
    x = jnp.array([1.0, -2.0, 0.5])
    assert jnp.allclose(network(x), without(x) + x @ network.skip.weight)


def plain(network, x):
    for layer in network.layers[:-1]:
        x = jax.nn.silu(layer(x))
    return network.layers[-1](x)


def test_gradients_are_those_of_a_perceptron_that_keeps_everything(key):
    network = Network(3, 2, width=5, depth=2, skip=False, key=key)
    x = jax.random.normal(key, (7, 3))

    def gradient(forward):
        return jax.grad(lambda n, x: jnp.sum(forward(n, x) ** 2), (0, 1))(network, x)

    found, expected = gradient(lambda n, x: n(x)), gradient(plain)
    for one, other in zip(
        jax.tree.leaves(found), jax.tree.leaves(expected), strict=True
    ):
        assert jnp.allclose(one, other, atol=1e-5)


def test_the_gradient_keeps_one_array_for_each_hidden_layer(key):
    network = Network(3, 2, width=5, depth=2, skip=False, key=key)

    def kept(forward):
        pullback = jax.eval_shape(
            lambda n, x: jax.vjp(forward, n, x)[1], network, jnp.zeros((100, 3))
        )
        return sum(leaf.shape == (100, 5) for leaf in jax.tree.leaves(pullback))

    assert kept(lambda n, x: n(x)) == 2 < kept(plain)


@pytest.mark.parametrize(("depth", "layers"), [(0, 1), (3, 4)])
def test_depth_counts_hidden_layers_and_zero_needs_no_skip(key, depth, layers):
    network = Network(3, 2, width=5, depth=depth, skip=True, key=key)
    assert len(network.layers) == layers
    assert (network.skip is None) == (depth == 0)


def test_layer_norm_standardises_then_scales_and_shifts():
    norm = eqx.tree_at(
        lambda n: (n.scale, n.offset), LayerNorm(2), (jnp.full(2, 3.0), jnp.ones(2))
    )
    x = jnp.array([[[2.0, 6.0]], [[-1.0, -3.0]]])
    expected = jnp.array([[[-2.0, 4.0]], [[4.0, -2.0]]])
    assert jnp.allclose(norm(x), expected, atol=1e-4)


def test_shrinking_a_layer_shrinks_its_output(key):
    layer, x = Linear(3, 2, key=key), jnp.array([1.0, -2.0, 0.5])
    layer = eqx.tree_at(lambda m: m.bias, layer, jnp.ones(2))
    assert jnp.allclose(shrink(layer, 0.25)(x), 0.25 * layer(x))


@pytest.mark.parametrize("skip", [True, False])
def test_a_small_output_is_the_same_function_scaled(key, skip):
    network = Network(3, 2, width=5, depth=2, skip=skip, key=key)
    x = jnp.array([1.0, -2.0, 0.5])
    small = small_output(network, 0.1)
    assert jnp.allclose(small(x), 0.1 * network(x), atol=1e-6)
    assert jnp.array_equal(small.layers[0].weight, network.layers[0].weight)
