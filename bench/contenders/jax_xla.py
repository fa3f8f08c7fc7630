"""JAX: a step written by hand and compiled whole."""

import os

from task import ADAM_EPSILON, EPOCHS_BEFORE, GRID, Data, contend, read_program, time_calls, time_epochs, time_once

BETA1, BETA2 = 0.9, 0.999


def start(task):
    if task.threads is not None:  # XLA counts the processors it may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task.threads])
    import jax

    jax.config.update("jax_platforms", "cpu")
    return jax


def make_forward(jax, task):
    activate = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[task.activation]

    def forward(layers, x):
        for kernel, bias in layers[:-1]:
            x = activate(x @ kernel + bias)
        kernel, bias = layers[-1]
        return x @ kernel + bias

    return forward


def make_step(jax, task):
    import jax.numpy as jnp

    forward = make_forward(jax, task)

    def cost(layers, x, y):
        outputs = forward(layers, x)
        if task.regression:
            return jnp.mean((outputs[:, 0] - y) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], 1))

    # Rate and decay are constants of the compiled step unless it is given them.
    def step(state, x, y, rows, learning_rate=task.learning_rate, decay=0.0):
        layers, first, second, count = state
        gradients = jax.grad(cost)(layers, x[rows], y[rows])
        each = jax.tree_util.tree_map
        if task.optimizer == "sgd":
            move = lambda w, g: w - learning_rate * (g + decay * w)
            return each(move, layers, gradients), first, second, count
        count = count + 1
        first = each(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradients)
        second = each(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradients)
        rate = learning_rate * jnp.sqrt(1 - BETA2**count) / (1 - BETA1**count)
        move = lambda w, m, v: w - rate * m / (jnp.sqrt(v) + ADAM_EPSILON)
        return each(move, layers, first, second), first, second, count

    return jax.jit(step, donate_argnums=0)


def outputs_of(jax, task, forward, layers, x):
    import numpy

    outputs = forward(layers, x)
    return numpy.asarray(outputs if task.regression else jax.nn.softmax(outputs))


def layers_of(jax, data):
    import jax.numpy as jnp

    return [(jnp.array(k), jnp.array(b)) for k, b in zip(data.kernels, data.biases)]


def begin(jax, layers):
    """What a step goes on from: the layers, Adam's two averages and its count of steps."""
    import jax.numpy as jnp

    zeros = lambda: jax.tree_util.tree_map(jnp.zeros_like, layers)
    return layers, zeros(), zeros(), jnp.array(0, "float32")


def step(task):
    jax = start(task)
    import jax.numpy as jnp

    data = Data(task)
    state = list(begin(jax, layers_of(jax, data)))
    train = make_step(jax, task)
    x, y = jnp.array(data.x), jnp.array(data.y)
    order = data.order.astype("int32")
    batches = [jnp.array(order[i : i + task.batch]) for i in range(0, data.rows, task.batch)]

    def epoch():
        for rows in batches:
            state[:] = train(tuple(state), x, y, rows)
        jax.block_until_ready(state)

    for _ in range(EPOCHS_BEFORE):
        epoch()
    loss = data.loss(outputs_of(jax, task, make_forward(jax, task), state[0], x))
    return {"value": time_epochs(task.seconds, epoch) / len(batches), "loss": loss}


def predict(task):
    jax = start(task)
    data = Data(task)
    layers = layers_of(jax, data)
    forward = make_forward(jax, task)
    compiled = jax.jit(lambda layers, x: jax.nn.softmax(forward(layers, x)))

    def call():
        import numpy

        return numpy.asarray(compiled(layers, data.x))

    return {"value": time_calls(task.seconds, call), "loss": data.loss(call())}


def train_program(jax, task, train, arrays, rates=()):
    """Trains from Glorot's weights in a new order each epoch; `train` is the compiled step."""
    import jax.numpy as jnp
    import numpy

    x, labels, test_x, test_labels = arrays
    draws = numpy.random.default_rng(0)
    layers = []
    for inputs, units in zip(task.widths, task.widths[1:]):
        limit = (6 / (inputs + units)) ** 0.5
        kernel = draws.uniform(-limit, limit, (inputs, units)).astype("float32")
        layers.append((jnp.array(kernel), jnp.zeros(units, "float32")))
    state = begin(jax, layers)
    for _ in range(task.epochs):
        order = draws.permutation(len(x)).astype("int32")
        for first in range(0, len(x), task.batch):
            state = train(state, x, labels, order[first : first + task.batch], *rates)
    outputs = outputs_of(jax, task, make_forward(jax, task), state[0], test_x)
    return state[0], float((outputs.argmax(1) == test_labels).mean())


def program(task):
    jax = start(task)
    import numpy

    arrays = [jax.numpy.array(array) for array in read_program(task)]
    layers, accuracy = train_program(jax, task, make_step(jax, task), arrays)
    numpy.savez(task.path("network.npz"), *(array for layer in layers for array in layer))
    return {"accuracy": accuracy}


def grid(task):
    jax = start(task)
    arrays = [jax.numpy.array(array) for array in read_program(task)]
    train = make_step(jax, task)
    best = 0.0
    for rates in GRID:
        best = max(best, train_program(jax, task, train, arrays, rates)[1])
    return {"accuracy": best}


def import_package(task):
    return time_once(lambda: start(task))


contend(
    "jax",
    "given",
    {"step": step, "predict": predict, "program": program, "grid": grid, "import": import_package},
)
