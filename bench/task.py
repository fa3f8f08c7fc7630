"""What every contender in Python needs: see docs/benchmark.md, and task.ts for the words' meaning."""

import json
import os
import statistics
import sys
import time
from importlib import metadata

EPOCHS_BEFORE = 2
FEWEST = 3
STRETCH = 0.005
ADAM_EPSILON = 1e-10  # see data.ts
# Learning rate and strength of L2 of each network of the grid.
GRID = [(10.0**i, 10.0**j) for i in range(-5, 2) for j in range(-5, 2)]


class Task:
    """The task of the command line."""

    def __init__(self, words):
        values = dict(word.split("=", 1) for word in words)
        self.kind = values["kind"]
        self.case = values["case"]
        self.widths = [int(width) for width in values["widths"].split(",")]
        self.batch = int(values["batch"])
        self.optimizer = values["optimizer"]
        self.learning_rate = float(values["learningRate"])
        self.activation = values["activation"]
        self.epochs = int(values["epochs"])
        self.scale = float(values["scale"])
        self.threads = int(values["threads"]) if "threads" in values else None
        self.seconds = float(values["seconds"])
        self.folder = values["folder"]
        self.regression = self.widths[-1] == 1

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name, dtype):
        import numpy

        return numpy.fromfile(self.path(f"{name}.bin"), dtype)


class Data:
    """Rows, their order and the initial weights, as data.ts wrote them."""

    def __init__(self, task):
        self.order = task.read("order", "uint32").astype("int64")
        self.rows = len(self.order)
        self.x = task.read("x", "float32").reshape(self.rows, task.widths[0])
        self.labels = task.read("labels", "int32").astype("int64")
        self.targets = task.read("targets", "float32")
        shapes = list(zip(task.widths, task.widths[1:]))
        self.kernels = [task.read(f"kernel{i}", "float32").reshape(s) for i, s in enumerate(shapes)]
        self.biases = [task.read(f"bias{i}", "float32") for i in range(len(shapes))]
        self.y = self.targets if task.regression else self.labels

    def loss(self, outputs):
        """The same formula as lossOf in data.ts; outputs are probabilities, or predictions."""
        import numpy

        if outputs.ndim == 1 or outputs.shape[1] == 1:
            return float(numpy.mean((outputs.reshape(-1).astype("float64") - self.targets) ** 2))
        chosen = outputs[numpy.arange(self.rows), self.labels].astype("float64")
        return float(-numpy.mean(numpy.log(numpy.maximum(1e-7, chosen))))


def read_program(task):
    """Training rows, training labels, test rows, test labels of a program, rows as float32."""
    arrays = []
    for part in ("train", "test"):
        labels = task.read(f"{part}_labels", "uint8").astype("int64")
        x = task.read(f"{part}_x", "uint8").reshape(len(labels), task.widths[0])
        arrays += [x.astype("float32") * task.scale, labels]
    return arrays


def time_epochs(seconds, epoch):
    """The median time of an epoch; slow ones are timed fewer times."""
    times = []
    began = time.perf_counter()
    while True:
        spent = time.perf_counter() - began
        if spent >= seconds and (len(times) >= FEWEST or spent >= 4 * seconds):
            return statistics.median(times)
        start = time.perf_counter()
        epoch()
        times.append(time.perf_counter() - start)


def time_calls(seconds, call):
    """The median time of a call, in stretches that the clock can tell apart; the first is dropped."""
    began = time.perf_counter()
    count = 0
    while time.perf_counter() - began < min(0.3, seconds):
        call()
        count += 1
    calls = max(1, round(count * STRETCH / min(0.3, seconds)))

    def stretch():
        for _ in range(calls):
            call()

    return time_epochs(seconds, stretch) / calls


def time_once(call):
    """The seconds of a call that cannot be repeated, as an answer."""
    start = time.perf_counter()
    call()
    return {"value": time.perf_counter() - start}


def contend(package, threads, run):
    """The whole of a contender's process: answers `probe`, or runs the task of the command line."""
    if sys.argv[1:] == ["probe"]:
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            sys.exit(f"not installed: {sys.executable} -m pip install -r bench/requirements.txt")
        print(json.dumps({"version": version, "threads": threads, "kinds": list(run)}))
        return
    task = Task(sys.argv[1:])
    if task.threads is not None:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(task.threads)
    answer = run[task.kind](task)
    # JSON has no NaN.
    print(json.dumps({name: None if value != value else value for name, value in answer.items()}))
