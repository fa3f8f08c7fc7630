"""PyTorch: rows preloaded as tensors, the plain training loop."""

from task import ADAM_EPSILON, EPOCHS_BEFORE, GRID, Data, contend, read_program, time_calls, time_epochs, time_once


def start(task):
    import torch

    if task.threads is not None:
        torch.set_num_threads(task.threads)
    return torch


def make_network(torch, task, data=None):
    hidden = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[task.activation]
    layers = []
    for i, (inputs, units) in enumerate(zip(task.widths, task.widths[1:])):
        layer = torch.nn.Linear(inputs, units)
        if data is not None:
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(data.kernels[i].T))
                layer.bias.copy_(torch.from_numpy(data.biases[i]))
        layers += [layer] + ([hidden()] if i < len(task.widths) - 2 else [])
    return torch.nn.Sequential(*layers)


def make_optimizer(torch, task, network, l2=0.0):
    if task.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), task.learning_rate, eps=ADAM_EPSILON)
    return torch.optim.SGD(network.parameters(), task.learning_rate, weight_decay=l2)


def train_epoch(network, loss_of, optimizer, x, y, order, batch):
    for first in range(0, len(order), batch):
        rows = order[first : first + batch]
        optimizer.zero_grad()
        loss_of(network(x[rows]), y[rows]).backward()
        optimizer.step()


def outputs_of(torch, task, network, x):
    with torch.inference_mode():
        outputs = network(x)
        return (outputs if task.regression else torch.softmax(outputs, 1)).numpy()


def step(task):
    torch = start(task)
    data = Data(task)
    network = make_network(torch, task, data)
    optimizer = make_optimizer(torch, task, network)
    loss_of = torch.nn.MSELoss() if task.regression else torch.nn.CrossEntropyLoss()
    x, order = torch.from_numpy(data.x), torch.from_numpy(data.order)
    y = torch.from_numpy(data.targets.reshape(-1, 1) if task.regression else data.labels)

    def epoch():
        train_epoch(network, loss_of, optimizer, x, y, order, task.batch)

    for _ in range(EPOCHS_BEFORE):
        epoch()
    loss = data.loss(outputs_of(torch, task, network, x))
    steps = -(-data.rows // task.batch)
    return {"value": time_epochs(task.seconds, epoch) / steps, "loss": loss}


def predict(task):
    torch = start(task)
    data = Data(task)
    network = make_network(torch, task, data)
    x = torch.from_numpy(data.x)
    value = time_calls(task.seconds, lambda: outputs_of(torch, task, network, x))
    return {"value": value, "loss": data.loss(outputs_of(torch, task, network, x))}


def train_program(torch, task, tensors, l2=0.0):
    x, labels, test_x, test_labels = tensors
    torch.manual_seed(0)
    network = make_network(torch, task)
    optimizer = make_optimizer(torch, task, network, l2)
    loss_of = torch.nn.CrossEntropyLoss()
    for _ in range(task.epochs):
        order = torch.randperm(len(x))
        train_epoch(network, loss_of, optimizer, x, labels, order, task.batch)
    with torch.inference_mode():
        accuracy = (network(test_x).argmax(1) == test_labels).float().mean().item()
    return network, accuracy


def program(task):
    torch = start(task)
    tensors = [torch.from_numpy(array) for array in read_program(task)]
    network, accuracy = train_program(torch, task, tensors)
    torch.save(network.state_dict(), task.path("network.pt"))
    return {"accuracy": accuracy}


def grid(task):
    torch = start(task)
    tensors = [torch.from_numpy(array) for array in read_program(task)]
    best = 0.0
    for learning_rate, l2 in GRID:
        task.learning_rate = learning_rate
        best = max(best, train_program(torch, task, tensors, l2)[1])
    return {"accuracy": best}


def import_package(_):
    return time_once(lambda: __import__("torch"))


contend(
    "torch",
    "given",
    {"step": step, "predict": predict, "program": program, "grid": grid, "import": import_package},
)
