"""Keras 3 on the backend of KERAS_BACKEND, or else on the first that is installed."""

import importlib.util
import os

from task import ADAM_EPSILON, EPOCHS_BEFORE, GRID, Data, contend, read_program, time_calls, time_epochs, time_once


def start(task):
    if "KERAS_BACKEND" not in os.environ:
        backends = [b for b in ("tensorflow", "jax", "torch") if importlib.util.find_spec(b)]
        if not backends:
            raise SystemExit("Keras has no backend: install tensorflow, jax or torch")
        os.environ["KERAS_BACKEND"] = backends[0]
    backend = os.environ["KERAS_BACKEND"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if task.threads is not None and backend == "jax":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task.threads])
    import keras

    if task.threads is not None and backend == "torch":
        import torch

        torch.set_num_threads(task.threads)
    if task.threads is not None and backend == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(task.threads)
    return keras


def make_model(keras, task, data=None, l2=None):
    last = len(task.widths) - 2
    final = "linear" if task.regression else "softmax"
    layers = [keras.Input((task.widths[0],))]
    for i, units in enumerate(task.widths[1:]):
        penalty = None if l2 is None else keras.regularizers.L2(l2)
        activation = task.activation if i < last else final
        layers.append(keras.layers.Dense(units, activation, kernel_regularizer=penalty))
    model = keras.Sequential(layers)
    if data is not None:
        model.set_weights([w for pair in zip(data.kernels, data.biases) for w in pair])
    if task.optimizer == "adam":
        optimizer = keras.optimizers.Adam(task.learning_rate, epsilon=ADAM_EPSILON)
    else:
        optimizer = keras.optimizers.SGD(task.learning_rate)
    loss = "mean_squared_error" if task.regression else "sparse_categorical_crossentropy"
    model.compile(optimizer, loss)
    return model


def step(task):
    keras = start(task)
    data = Data(task)
    model = make_model(keras, task, data)
    x, y = data.x[data.order], data.y[data.order]

    def epoch():
        model.fit(x, y, task.batch, epochs=1, shuffle=False, verbose=0)

    for _ in range(EPOCHS_BEFORE):
        epoch()
    loss = data.loss(model.predict(data.x, verbose=0))
    steps = -(-data.rows // task.batch)
    note = f"on {keras.backend.backend()}; a call of fit per epoch"
    return {"value": time_epochs(task.seconds, epoch) / steps, "loss": loss, "note": note}


def predict(task):
    keras = start(task)
    import numpy

    data = Data(task)
    model = make_model(keras, task, data)

    def call():
        return keras.ops.convert_to_numpy(model(data.x, training=False))

    value = time_calls(task.seconds, call)
    note = f"on {keras.backend.backend()}"
    return {"value": value, "loss": data.loss(numpy.asarray(call())), "note": note}


def train_program(keras, task, arrays, l2=None):
    x, labels, test_x, test_labels = arrays
    keras.utils.set_random_seed(0)
    model = make_model(keras, task, l2=l2)
    model.fit(x, labels, task.batch, task.epochs, verbose=0)
    accuracy = (model.predict(test_x, verbose=0).argmax(1) == test_labels).mean()
    return model, float(accuracy)


def program(task):
    keras = start(task)
    model, accuracy = train_program(keras, task, read_program(task))
    model.save(task.path("network.keras"))
    return {"accuracy": accuracy, "note": f"on {keras.backend.backend()}"}


def grid(task):
    keras = start(task)
    arrays = read_program(task)
    best = 0.0
    for learning_rate, l2 in GRID:
        task.learning_rate = learning_rate
        best = max(best, train_program(keras, task, arrays, l2)[1])
    return {"accuracy": best, "note": f"on {keras.backend.backend()}"}


def import_package(task):
    return time_once(lambda: start(task))


contend(
    "keras",
    "given",
    {"step": step, "predict": predict, "program": program, "grid": grid, "import": import_package},
)
