"""scikit-learn's MLPClassifier and MLPRegressor."""

import warnings

from task import ADAM_EPSILON, EPOCHS_BEFORE, GRID, Data, contend, read_program, time_calls, time_epochs, time_once


def make_model(task, **options):
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.filterwarnings("ignore")  # of too few iterations, which are as many as were asked for
    settings = {
        "hidden_layer_sizes": task.widths[1:-1],
        "activation": {"relu": "relu", "sigmoid": "logistic"}[task.activation],
        "solver": task.optimizer,
        "learning_rate_init": task.learning_rate,
        "batch_size": task.batch,
        "alpha": 0.0,
        "momentum": 0.0,
        "nesterovs_momentum": False,
        "epsilon": ADAM_EPSILON,
        **options,
    }
    return (MLPRegressor if task.regression else MLPClassifier)(**settings)


def make_trained(task, data, epochs):
    """A model after so many epochs from the given weights; more of them go on from there."""
    x, y = data.x[data.order], data.y[data.order]

    class Given(type(make_model(task))):
        def _init_coef(self, fan_in, fan_out, dtype):
            place = self.placed = getattr(self, "placed", -1) + 1
            return data.kernels[place].copy(), data.biases[place].copy()

    model = Given(**make_model(task, shuffle=False, max_iter=epochs, n_iter_no_change=10**9).get_params())
    model.fit(x, y)

    def epochs_more(count):
        model.set_params(warm_start=True, max_iter=count)
        model.fit(x, y)

    return model, epochs_more


def outputs_of(task, model, x):
    return model.predict(x) if task.regression else model.predict_proba(x)


def step(task):
    data = Data(task)
    model, epochs_more = make_trained(task, data, EPOCHS_BEFORE)
    loss = data.loss(outputs_of(task, model, data.x))
    several = 3  # a call of fit checks and binarizes the labels anew
    steps = several * -(-data.rows // task.batch)
    return {"value": time_epochs(task.seconds, lambda: epochs_more(several)) / steps, "loss": loss}


def predict(task):
    data = Data(task)
    # Fitted once to have its attributes, on labels that hold every class; then the given weights.
    import numpy

    classes = task.widths[-1]
    model = make_model(task, max_iter=1)
    model.fit(numpy.zeros((classes, task.widths[0]), "float32"), numpy.arange(classes))
    model.coefs_, model.intercepts_ = data.kernels, data.biases
    value = time_calls(task.seconds, lambda: model.predict_proba(data.x))
    return {"value": value, "loss": data.loss(model.predict_proba(data.x))}


def fit_program(task, **options):
    x, labels, test_x, test_labels = read_program(task)
    model = make_model(task, max_iter=task.epochs, tol=0, n_iter_no_change=10**9, **options)
    model.fit(x, labels)
    return model, float(model.score(test_x, test_labels))


def program(task):
    import pickle

    model, accuracy = fit_program(task)
    with open(task.path("network.pickle"), "wb") as file:
        pickle.dump(model, file)
    return {"accuracy": accuracy}


def grid(task):
    best, diverged = 0.0, 0
    for learning_rate, alpha in GRID:
        options = {"learning_rate_init": learning_rate, "alpha": alpha, "random_state": 0}
        try:
            best = max(best, fit_program(task, **options)[1])
        except ValueError:
            diverged += 1
    return {"accuracy": best, "note": f"{diverged} diverged, and were stopped there"}


def import_package(_):
    return time_once(lambda: __import__("sklearn.neural_network"))


contend(
    "scikit-learn",
    "given",
    {"step": step, "predict": predict, "program": program, "grid": grid, "import": import_package},
)
