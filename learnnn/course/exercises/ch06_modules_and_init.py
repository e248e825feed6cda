"""Lesson 06, modules and initialization: what is asked, what learners get wrong, and a truth of its own.

Most questions are small programs, which a learner can paste into a cell: they are run with the learner's class, and the
answers were worked out by hand. The numbers of layers come from loops and central differences; random weights are
judged by their mean, their spread, and how many of them lie near the middle.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import copy
import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import numpy as np

import learnnn as torch
from learnnn import nn
from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch05_tensor_autograd import drawn, gradients, judged, layer, saying, spelled
from learnnn.course.source import surroundings
from learnnn.nn._containers import Sequential as ShippedSequential
from learnnn.nn._linear import Linear as ShippedLinear
from learnnn.nn.init import calculate_gain
from learnnn.training.randomness import Randomness

kaiming_shipped, xavier_shipped = nn.init.kaiming_normal_, nn.init.xavier_uniform_


def lesson(id: str, code: Callable, **parts: Any) -> Exercise:
    return register(Exercise(id=f"nn.{id}", lesson=6, solution=code, **parts))


# --------------------------------------------------------------------------------------- questions as programs
@contextmanager
def fixed(seed: int = 0) -> Iterator[None]:
    """float64, and random numbers that can be repeated; all as before afterwards."""
    randomness, dtype = Randomness([]), torch.get_default_dtype()
    before = randomness.state()
    torch.set_default_dtype(np.float64)
    torch.manual_seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        randomness.restore(before)


@contextmanager
def as_it_was(cls: type) -> Iterator[None]:
    """Dictionaries that a class keeps for all its objects are afterwards as before: no question hears of another."""
    kept = [(value, dict(value)) for value in vars(cls).values() if isinstance(value, dict)]
    try:
        yield
    finally:
        for value, before in kept:
            value.clear()
            value.update(before)


def parameter_of(cls: type) -> type:
    """The Parameter that a learner's class knows; the bank's own where it knows none."""
    found = surroundings(cls).get("Parameter")
    return found if inspect.isclass(found) else Parameter


def module_of(cls: type) -> type:
    """The learner's Module, from which a learner's layer is derived; the bank's own where it is derived from none."""
    base = cls.__mro__[-2]
    return base if hasattr(base, "named_parameters") else Module


def played(program: str, asked: str, name: str, cls: Any) -> Any:
    """What an expression gives after a program in which the learner's object goes by `name`."""
    space = {"torch": torch, "Parameter": parameter_of(cls), "Module": Module, name: cls}
    if name == "Sequential":
        space["Module"] = module_of(cls)
        space["Parameter"] = parameter_of(space["Module"])
    with fixed(), as_it_was(cls):
        exec(compile(program, f"{__file__}: a trial", "exec"), space)
        return eval(compile(asked, f"{__file__}: a trial", "eval"), space)


def played_trials(name: str, cases: tuple, helpers: dict[str, str] | None = None) -> Iterator[Trial]:
    """`helpers`: beginnings of programs that a learner need not read, and what to say of them."""
    for program, asked, expected in cases:
        shown, label = program, ""
        for code, words in (helpers or {}).items():
            if program.startswith(code):
                shown, label = program.removeprefix(code), words
        yield Trial(label, f"{shown}; {asked}", partial(played, program, asked, name), expected)


# ------------------------------------------------------------------------------------------------- Parameter
PARAMETER_CASES = (
    ("p = Parameter(torch.tensor([1.0, 2.0]))", "isinstance(p, torch.Tensor)", True),
    ("p = Parameter(torch.tensor([1.0, 2.0]))", "p.tolist()", [1.0, 2.0]),
    ("p = Parameter(torch.tensor([[1.0], [2.0]]))", "p.tolist()", [[1.0], [2.0]]),
    ("p = Parameter(torch.tensor(5.0))", "p.item(), p.shape", (5.0, ())),
    ("p = Parameter([1.0, 2.0])", "p.tolist()", [1.0, 2.0]),
    ("p = Parameter(torch.ones(2))", "p.requires_grad", True),
    ("p = Parameter(torch.ones(2), requires_grad=False)", "p.requires_grad", False),
    ("p = Parameter(torch.ones(2), False)", "p.requires_grad", False),
    ("p = Parameter(torch.ones(2), requires_grad=True)", "p.requires_grad", True),
    ("p = Parameter(torch.ones(2))", "p.grad is None", True),
    ("p = Parameter(torch.tensor([1.0, 2.0])); (p * p).sum().backward()", "p.grad.tolist()", [2.0, 4.0]),
    ("x = torch.tensor([1.0], requires_grad=True); p = Parameter(x * 3)", "p.tolist(), p.is_leaf", ([3.0], True)),
    ("x = torch.ones(2); p = Parameter(x)", "x.requires_grad", False),
    ("p = Parameter(torch.zeros(0, 3))", "p.shape", (0, 3)),
)


class Parameter(torch.Tensor):
    """A tensor that a module keeps, and that training changes."""

    def __init__(self, data, requires_grad=True):
        super().__init__(data)
        self.requires_grad = requires_grad


class ParameterByMethod(torch.Tensor):
    def __init__(self, data, requires_grad=True):
        torch.Tensor.__init__(self, data)
        self.requires_grad_(requires_grad)


class ParameterOfDetached(torch.Tensor):
    def __init__(self, data, requires_grad=True):
        super().__init__(data.detach().clone() if isinstance(data, torch.Tensor) else data)
        if requires_grad:
            self.requires_grad_()


class ParameterSharing(torch.Tensor):
    """Keeps the memory of its data, as PyTorch's does."""

    def __init__(self, data, requires_grad=True):
        self.array = torch.as_tensor(data).detach().array
        self.requires_grad = requires_grad


def parameter_with(begin: Callable, default: bool = True) -> type:
    """A Parameter with another `__init__`."""
    if default:
        return type("Parameter", (torch.Tensor,), {"__init__": lambda self, data, requires_grad=True: begin(self, data, requires_grad)})
    return type("Parameter", (torch.Tensor,), {"__init__": lambda self, data, requires_grad=False: begin(self, data, requires_grad)})


def begun(self: Any, data: Any, requires_grad: Any = None) -> None:
    torch.Tensor.__init__(self, data)
    if requires_grad is not None:
        self.requires_grad = requires_grad


def asking_the_data(self, data, requires_grad):
    if isinstance(data, torch.Tensor) and data.is_leaf:
        data.requires_grad = requires_grad
    begun(self, data)


def zeros_of_that_shape(self, data, requires_grad):
    torch.Tensor.__init__(self, np.zeros(torch.as_tensor(data).shape))
    self.requires_grad = requires_grad


def with_zero_grad(self, data, requires_grad):
    begun(self, data, requires_grad)
    self.grad = torch.zeros_like(self)


class Box:
    def __init__(self, data, requires_grad=True):
        self.data, self.requires_grad, self.grad = torch.as_tensor(data), requires_grad, None


lesson(
    "Parameter",
    Parameter,
    title="Parameter: a tensor that training changes",
    statement="A kind of tensor of its own: `Parameter(data)` holds the numbers of data, asks for a gradient (unless told `requires_grad=False`), and has none yet. Data may be a tensor or a list.",
    signature="class Parameter(torch.Tensor): Parameter(data, requires_grad=True)",
    trials=lambda rng: played_trials("Parameter", PARAMETER_CASES),
    variants=(ParameterByMethod, ParameterOfDetached, ParameterSharing),
    hints=(
        "A Parameter is a torch.Tensor that begins like one, and then does one thing more. How does a class call the `__init__` of the class it is derived from?",
        "`super().__init__(data)` makes a tensor of the numbers. What is left is an attribute of every tensor, which says whether it asks for a gradient.",
        "The second line sets `self.requires_grad` to the argument of that name. `grad` need not be set: a new tensor's is None.",
    ),
    mistakes=(
        Mistake("gradient-not-asked-for", parameter_with(lambda self, data, requires_grad: begun(self, data)), "Your parameter holds the right numbers, but asks for no gradient: backward will pass it by. Set self.requires_grad."),
        Mistake("flag-ignored", parameter_with(lambda self, data, requires_grad: begun(self, data, True)), "You always ask for a gradient, also when told `requires_grad=False`. That is how somebody freezes a layer: hand the argument on."),
        Mistake("flag-turned-over", parameter_with(lambda self, data, requires_grad: begun(self, data, not requires_grad)), "Asking and not asking are the wrong way round: for {inputs} it is {expected}."),
        Mistake("frozen-unless-asked", parameter_with(begun, default=False), "Parameters ask for a gradient unless told otherwise: the default is `requires_grad=True`. (For tensors it is the other way round.)"),
        Mistake("asks-at-the-data", parameter_with(asking_the_data), "You set requires_grad of `data`, the tensor you were given. That one is not yours; set it on self."),
        Mistake("zeros-of-that-shape", parameter_with(zeros_of_that_shape), "The shape is right, and all numbers are 0: you made a tensor of the shape of data. Hand the data itself to super().__init__."),
        Mistake("grad-begins-with-zeros", parameter_with(with_zero_grad), "Your parameter has a gradient of zeros before anybody called backward. In PyTorch `grad` is None until then, and optimizers skip what has none."),
        Mistake("not-a-tensor", Box, "Yours is an object with a tensor inside, and no tensor: `p * p` does not work. Derive the class: `class Parameter(torch.Tensor)`, and begin with `super().__init__(data)`."),
        Mistake("flattened", parameter_with(lambda self, data, requires_grad: begun(self, torch.as_tensor(data).reshape(-1), requires_grad)), "The numbers are right, the shape is lost: it has to be that of data, here {inputs}."),
        Mistake("takes-no-list", parameter_with(lambda self, data, requires_grad: begun(self, data.detach(), requires_grad)), "A list such as [1.0, 2.0] has no `.detach()`. `super().__init__(data)` takes tensors and lists alike, and drops the history by itself."),
    ),
)


# ---------------------------------------------------------------------------------------------------- Module
NAMES, ONE, TWO = "[name for name, p in m.named_parameters()]", "m = Module(); m.a = Parameter([1.0])", "m, inner = Module(), Module(); inner.w = Parameter([1.0]); m.body = inner"
THREE = f"{TWO}; inner.deep = Module(); inner.deep.v = Parameter([2.0])"
MODES = "m.training, inner.training, inner.deep.training"
MODULE_CASES = (
    (ONE, NAMES, ["a"]),
    (f"{ONE}; m.b = Parameter([2.0, 3.0])", NAMES, ["a", "b"]),
    (f"{ONE}; m.b = Parameter([2.0, 3.0])", "[p.tolist() for p in m.parameters()]", [[1.0], [2.0, 3.0]]),
    (ONE, "m.a is [*m.parameters()][0]", True),
    (f"{ONE}; m.rate = 0.1", "m.a.tolist(), m.rate", ([1.0], 0.1)),
    (f"{ONE}; m.table = torch.zeros(3); m.rate = 0.1", NAMES, ["a"]),
    (TWO, NAMES, ["body.w"]),
    (TWO, "m.body is inner, m.body.w.item()", (True, 1.0)),
    (f"{TWO}; m.b = Parameter([2.0])", NAMES, ["b", "body.w"]),
    (THREE, NAMES, ["body.w", "body.deep.v"]),
    (f"{THREE}; m.head = Module(); m.head.w = Parameter([3.0])", NAMES, ["body.w", "body.deep.v", "head.w"]),
    (f"{ONE}; m.b = m.a; m.c = Parameter([2.0])", NAMES, ["a", "c"]),
    (f"{TWO}; m.again = inner", NAMES, ["body.w"]),
    (f"{TWO}; m.tied = inner.w", NAMES, ["tied"]),
    (f"{ONE}; m.b = Parameter([1.0])", NAMES, ["a", "b"]),
    (f"{ONE}; m.a = None", NAMES, []),
    (f"{ONE}; m.a = Parameter([5.0])", "[p.tolist() for p in m.parameters()]", [[5.0]]),
    (f"{TWO}; m.body = 3", f"{NAMES}, m.body", ([], 3)),
    (f"{TWO}; m.body = Parameter([4.0])", NAMES, ["body"]),
    (f"{ONE}; m.a = Module(); m.a.w = Parameter([4.0])", NAMES, ["a.w"]),
    (f"{ONE}; other = Module()", "[*other.parameters()]", []),
    (f"{ONE}; before = [*m.parameters()]; m.b = Parameter([2.0])", NAMES, ["a", "b"]),
    ("m = Module()", "m.training", True),
    (f"{THREE}; m.eval()", MODES, (False, False, False)),
    (f"{THREE}; m.eval(); m.train()", MODES, (True, True, True)),
    (f"{THREE}; m.train(False)", MODES, (False, False, False)),
    (f"{THREE}; inner.eval()", MODES, (True, False, False)),
    ("m = Module()", "m.train() is m, m.eval() is m", (True, True)),
    (f"{ONE}; m.zero_grad()", "m.a.grad is None", True),
    (f"{ONE}; (m.a * 2).sum().backward(); m.zero_grad()", "m.a.grad is None, m.a.tolist()", (True, [1.0])),
    (f"{THREE}; (inner.w * inner.deep.v).sum().backward(); m.zero_grad()", "[p.grad is None for p in m.parameters()]", [True, True]),
    ("class Line(Module): forward = lambda self, x, scale=1: x * scale", "Line()(2), Line()(2, 3)", (2, 6)),
    ("class Line(Module): forward = lambda self, x, scale=1: x * scale", "Line()(2, scale=3)", 6),
    ("class Line(Module): forward = lambda self, x: x + self.a\nm = Line(); m.a = Parameter([1.0])", "m(torch.ones(1)).tolist()", [2.0]),
)


class Module:
    """Something with parameters that can be called; models are trees of them."""

    def __init__(self):
        vars(self).update(_parameters={}, _modules={}, training=True)

    def __setattr__(self, name, value):
        for registry, kind in ((self._parameters, Parameter), (self._modules, Module)):
            if isinstance(value, kind):
                registry[name] = value
            else:
                registry.pop(name, None)
        super().__setattr__(name, value)

    def named_parameters(self):
        found = list(self._parameters.items())
        for child, module in self._modules.items():
            found += [(f"{child}.{name}", parameter) for name, parameter in module.named_parameters()]
        seen = set()
        for name, parameter in found:
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def parameters(self):
        return [parameter for _, parameter in self.named_parameters()]

    def train(self, mode=True):
        self.training = mode
        for module in self._modules.values():
            module.train(mode)
        return self

    def eval(self):
        return self.train(False)

    def zero_grad(self):
        for parameter in self.parameters():
            parameter.grad = None

    def __call__(self, *inputs, **options):
        return self.forward(*inputs, **options)


class WalkingModule:
    """A right variant without a registry: it looks through its attributes whenever it is asked."""

    training = True

    def named_parameters(self, prefix="", seen=None):
        seen = set() if seen is None else seen
        for name, value in vars(self).items():
            if isinstance(value, Parameter) and id(value) not in seen:
                seen.add(id(value))
                yield prefix + name, value
        for name, value in vars(self).items():
            if isinstance(value, WalkingModule):
                yield from value.named_parameters(f"{prefix}{name}.", seen)

    def parameters(self):
        for _, parameter in self.named_parameters():
            yield parameter

    def modules(self):
        yield self
        for value in vars(self).values():
            if isinstance(value, WalkingModule):
                yield from value.modules()

    def train(self, mode=True):
        for module in self.modules():
            module.training = mode
        return self

    eval = lambda self: self.train(False)

    def zero_grad(self):
        for module in self.modules():
            for value in vars(module).values():
                if isinstance(value, Parameter):
                    value.grad = None

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)


class KeepingModule:
    """A right variant in PyTorch's way: parameters and parts live in the registries alone."""

    def __init__(self):
        object.__setattr__(self, "_parameters", {})
        object.__setattr__(self, "_modules", {})
        object.__setattr__(self, "training", True)

    def __setattr__(self, name, value):
        for store in (self._parameters, self._modules, self.__dict__):
            store.pop(name, None)
        kinds = ((Parameter, self._parameters), (KeepingModule, self._modules), (object, self.__dict__))
        next(store for kind, store in kinds if isinstance(value, kind))[name] = value

    def __getattr__(self, name):
        for kind in ("_parameters", "_modules"):
            if name in self.__dict__.get(kind, {}):
                return self.__dict__[kind][name]
        raise AttributeError(name)

    def named_parameters(self):
        names = {}
        for name, parameter in self._parameters.items():
            names.setdefault(id(parameter), (name, parameter))
        for child, module in self._modules.items():
            for name, parameter in module.named_parameters():
                names.setdefault(id(parameter), (f"{child}.{name}", parameter))
        return list(names.values())

    parameters = lambda self: [pair[1] for pair in self.named_parameters()]

    def train(self, mode=True):
        self.training = mode
        [module.train(mode) for module in self._modules.values()]
        return self

    eval = lambda self: self.train(mode=False)

    def zero_grad(self):
        for parameter in self.parameters():
            del parameter.grad

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)


def variation(**methods: Any) -> type:
    """The class with some of its methods replaced."""
    return type("Module", (Module,), methods)


def registering(parameter: Any = Parameter, module: Any = Module, forget: bool = True, keep: bool = True) -> Callable:
    """`__setattr__` with other kinds to look for; without forgetting what was there; without setting the attribute."""

    def __setattr__(self, name, value):
        for registry, kind in ((self._parameters, parameter), (self._modules, module)):
            if isinstance(value, kind):
                registry[name] = value
            elif forget:
                registry.pop(name, None)
        if keep:
            object.__setattr__(self, name, value)

    return __setattr__


def naming(below: Callable, own: Callable = lambda self: [*self._parameters.items()], known: Callable | None = None, turned: bool = False) -> Callable:
    """`named_parameters` with another way to go down the tree, and another way to tell what was met before."""

    def named_parameters(self):
        found = own(self) + below(self) if not turned else below(self) + own(self)
        seen = []
        for name, parameter in found:
            if not (known or any_is)(parameter, seen):
                seen.append(parameter)
                yield name, parameter

    return named_parameters


def any_is(parameter: Any, seen: list) -> bool:
    return any(parameter is other for other in seen)


def whole_tree(self):
    return [(f"{child}.{name}", p) for child, module in self._modules.items() for name, p in module.named_parameters()]


def one_level(self):
    return [(f"{child}.{name}", p) for child, module in self._modules.items() for name, p in module._parameters.items()]


def begun_without_registries(self):
    self.training = True


def remembered(self):
    if "_found" not in vars(self):
        vars(self)["_found"] = [*Module.named_parameters(self)]
    return self._found


def train_here(self, mode=True):
    self.training = mode
    return self


def train_and_forget(self, mode=True):
    Module.train(self, mode)


def train_parts(self, mode=True):
    for module in self._modules.values():
        module.training = mode
    self.training = mode
    return self


def called_in_vain(self, *inputs, **options):
    self.forward(*inputs, **options)


def zero_own(self):
    for parameter in self._parameters.values():
        parameter.grad = None


def zero_in_place(self):
    for parameter in self.parameters():
        parameter.grad.zero_()


def zero_to_zeros(self):
    for parameter in self.parameters():
        parameter.grad = torch.zeros_like(parameter)


def zero_numbers(self):
    with torch.no_grad():
        for parameter in self.parameters():
            parameter.zero_()
            parameter.grad = None


lesson(
    "Module",
    Module,
    title="Module: a tree of parameters",
    statement="`m.w = Parameter(...)` and `m.body = Module()` are noticed and kept by name, and stay ordinary attributes. `named_parameters()` gives (name, parameter): own ones first, then those of the parts, with a dot: 'body.w'; one that is kept twice comes once, under its first name. `parameters()` gives them without names. `train(mode)` and `eval()` set `training` in the whole tree and return the module. `zero_grad()` sets every grad to None. Calling the module calls its `forward`.",
    signature="class Module: Module()",
    trials=lambda rng: played_trials("Module", MODULE_CASES),
    variants=(WalkingModule, KeepingModule, variation(named_parameters=naming(whole_tree))),
    hints=(
        "`__setattr__(self, name, value)` runs for every `m.name = value`. Ask what value is: a Parameter goes into one dictionary, a Module into the other. What is neither must leave both. Last, let python set the attribute as usual.",
        "`named_parameters` is a recursion: your own, then for each part all of *its* named_parameters, with the part's name and a dot before each. To give one that is shared only once, remember the id() of what was given.",
        "train: set self.training, call module.train(mode) for every value of self._modules, return self. eval is train(False). zero_grad: for every parameter of the whole tree (self.parameters()), grad becomes None. __call__: return self.forward with everything you were given, *inputs and **options.",
    ),
    points=3,
    mistakes=(
        Mistake("parts-left-out", variation(named_parameters=naming(lambda self: [])), "Only a module's own parameters are found. It should be {expected}: go on into the parts, and call named_parameters() of each."),
        Mistake("one-level-only", variation(named_parameters=naming(one_level)), "The parts' own parameters are found, but not those of their parts. Ask each part for its named_parameters(), not for its _parameters: then it goes as deep as the tree."),
        Mistake("path-lost", variation(named_parameters=naming(lambda self: [pair for module in self._modules.values() for pair in module.named_parameters()])), "The parameters are right; their names have lost the way. The part's name and a dot belong in front: {expected} here."),
        Mistake("shared-given-twice", variation(named_parameters=naming(whole_tree, known=lambda parameter, seen: False)), "One parameter under two names is given twice. Training would then step twice with it. Remember what has been given, and give it once."),
        Mistake("equal-taken-for-the-same", variation(named_parameters=naming(whole_tree, known=lambda parameter, seen: parameter in seen)), "Two different parameters that happen to hold equal numbers are taken for one. (`in` on a list asks with ==.) Compare identities: a set of id(parameter)."),
        Mistake("parts-before-own", variation(named_parameters=naming(whole_tree, turned=True)), "The order: a module's own parameters first, then its parts'. {expected} comes first here."),
        Mistake("found-once-for-all", variation(named_parameters=remembered), "The list of parameters is made once and kept. A parameter that is added later is missed: look anew each time."),
        Mistake("one-registry-for-all", variation(_parameters={}, _modules={}, __init__=begun_without_registries), "All modules share one dictionary: it was made outside __init__, once for the class. So one module has what was given to another. Each needs its own, made in __init__."),
        Mistake("parts-not-registered", variation(__setattr__=registering(module=())), "Parameters are noticed, parts are not: a value that is a Module goes into self._modules."),
        Mistake("parameters-not-registered", variation(__setattr__=registering(parameter=())), "Parts are noticed, parameters are not: a value that is a Parameter goes into self._parameters."),
        Mistake("every-tensor-registered", variation(__setattr__=registering(parameter=torch.Tensor)), "A plain tensor is taken for a parameter. Training would change tables and masks that are meant to stay. Ask for Parameter, not for torch.Tensor."),
        Mistake("old-one-kept", variation(__setattr__=registering(forget=False)), "The attribute has a new value, and the registry still has the old one. What is no Parameter any more has to leave: `pop(name, None)`."),
        Mistake("attribute-not-set", variation(__setattr__=registering(keep=False)), "The registry knows it, and `m.a` raises AttributeError: after registering, set the attribute too, with super().__setattr__(name, value)."),
        Mistake("mode-stays-at-the-top", variation(train=train_here), "train and eval change the module itself, and its parts never hear of it. Call train(mode) of each."),
        Mistake("mode-one-level-deep", variation(train=train_parts), "The mode reaches the parts, but not their parts: you set `training` of each part. Call its train(mode) instead."),
        Mistake("eval-trains", variation(eval=lambda self: self.train()), "eval() leaves training on: it has to hand False on, self.train(False)."),
        Mistake("mode-ignored", variation(train=lambda self, mode=True: Module.train(self), eval=lambda self: Module.train(self, False)), "train(False) sets training to True: use the argument."),
        Mistake("train-returns-nothing", variation(train=train_and_forget), "train() returns None. It should return the module, so that `model = make().eval()` works."),
        Mistake("own-gradients-only", variation(zero_grad=zero_own), "Gradients of the parts stay, and the next backward adds to them. Go through self.parameters(), which has the whole tree."),
        Mistake("no-gradient-yet", variation(zero_grad=zero_in_place), "Before the first backward, grad is None, and None has no zero_(). Set it: `parameter.grad = None`."),
        Mistake("zeros-for-none", variation(zero_grad=zero_to_zeros), "You set the gradients to zeros. PyTorch sets None: it costs no memory, and shows afterwards who got a gradient and who did not."),
        Mistake("weights-zeroed", variation(zero_grad=zero_numbers), "You set the parameters themselves to 0. Only their gradients are to be forgotten."),
        Mistake("options-dropped", variation(__call__=lambda self, *inputs: self.forward(*inputs)), "Calling with a named argument, as in m(2, scale=3), raises TypeError. Take `**options` too, and hand them on."),
        Mistake("one-input-only", variation(__call__=lambda self, x, **options: self.forward(x, **options)), "Calling with two inputs raises TypeError. Take `*inputs`, and hand them all on."),
        Mistake("result-not-returned", variation(__call__=called_in_vain), "forward is called, and its result is lost: `return self.forward(...)`."),
    ),
)


# --------------------------------------------------------------------------------------- judging random numbers
def spread(tensor: Any) -> tuple:
    """Where the numbers lie. A mean that chance explains, six standard errors, counts as 0."""
    x = np.asarray(tensor.detach().array, float)
    mean, std = float(x.mean()), float(x.std())
    near = np.abs(x - mean) < std
    return spreading(std, float(near.mean()), mean if abs(mean) > 6 * std / math.sqrt(x.size) else 0.0)


EVEN, NORMAL = 1 / math.sqrt(3), math.erf(1 / math.sqrt(2))
SPREAD = "mean, deviation, share within one deviation"
EVENLY, BELL = "which is 0.58 for evenly spread numbers", "which is 0.68 for normal numbers"


def spreading(std: float, share: float, mean: float = 0.0) -> tuple:
    """(mean, standard deviation, share within one deviation), as far as a reader wants them."""
    return round(mean, 4), round(std, 5), round(share, 3)


# ---------------------------------------------------------------------------------------------------- Linear
class Linear(Module):
    """y = x @ weight.T + bias."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None

    def forward(self, x):
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias


class LinearByRand(Module):
    def __init__(self, in_features, out_features, bias=True):
        Module.__init__(self)
        self.inputs, self.outputs = in_features, out_features
        self.weight = Parameter(self.even(out_features, in_features))
        self.bias = Parameter(self.even(out_features)) if bias else None

    def even(self, *shape):
        return (2 * torch.rand(*shape) - 1) * self.inputs**-0.5

    def forward(self, x):
        return (x @ self.weight.T) + (self.bias if self.bias is not None else 0.0)


class LinearByF(Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = Parameter(torch.empty(out_features, in_features))
        self.bias = Parameter(torch.empty(out_features)) if bias else None
        with torch.no_grad():
            for parameter in self.parameters():
                nn.init.uniform_(parameter, -((1 / in_features) ** 0.5), (1 / in_features) ** 0.5)

    def forward(self, input):
        return nn.functional.linear(input, self.weight, self.bias)


class LinearByEinsum(Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        draw = lambda *shape: Parameter((torch.rand(*shape) - 0.5) * (2 / math.sqrt(in_features)))
        self.weight, self.bias = draw(out_features, in_features), draw(out_features) if bias else None

    def forward(self, x):
        y = torch.einsum("...k,mk->...m", x, self._parameters["weight"])
        return y + self._parameters["bias"] if "bias" in self._parameters else y


def linear_like(weight: Callable | None = None, bias: Callable | None = None, forward: Callable = Linear.forward, ready: bool = True) -> type:
    """A Linear that begins otherwise, or computes otherwise. `weight(k, m)` and `bias(k, m, wanted)` give what is kept."""
    weight, bias = weight or even_weight, bias or even_bias

    def __init__(self, in_features, out_features, bias_wanted=True):
        if ready:
            Module.__init__(self)
        self.weight = weight(in_features, out_features)
        self.bias = bias(in_features, out_features, bias_wanted)

    return type("Linear", (Module,), {"__init__": __init__, "forward": forward})


def even(bound: float, *shape: int) -> Any:
    return Parameter(torch.empty(*shape).uniform_(-bound, bound))


def even_weight(k: int, m: int) -> Any:
    return even(1 / math.sqrt(k), m, k)


def even_bias(k: int, m: int, wanted: bool) -> Any:
    return even(1 / math.sqrt(k), m) if wanted else None


def bounded(bound: Callable) -> type:
    """A Linear whose first numbers reach to bound(k, m)."""
    return linear_like(lambda k, m: even(bound(k, m), m, k), lambda k, m, wanted: even(bound(k, m), m) if wanted else None)


def same_each_time(k: int, m: int) -> Any:
    torch.manual_seed(0)
    return even_weight(k, m)


def numpys_own(k: int, m: int) -> Any:
    bound = 1 / math.sqrt(k)
    return Parameter(torch.tensor(np.random.uniform(-bound, bound, (m, k))))


def drawn_anew(self, x):
    m, k = self.weight.shape
    return x @ even_weight(k, m).T + (0 if self.bias is None else self.bias)


def off_the_graph(self, x):
    return x @ self.weight.detach().T + (0 if self.bias is None else self.bias)


def through_numpy(self, x):
    out = x.detach().numpy() @ self.weight.detach().numpy().T
    return torch.tensor(out) + (0 if self.bias is None else self.bias)


def given(cls: type, weight: np.ndarray, bias: np.ndarray | None) -> Any:
    """A learner's layer with these numbers."""
    layer = cls(weight.shape[1], weight.shape[0], bias is not None)
    for parameter, numbers in ((layer.weight, weight), (layer.bias, bias)):
        if numbers is not None:
            parameter.data = torch.tensor(numbers)
    return layer


def answered(weight: np.ndarray, bias: np.ndarray | None, x: np.ndarray, cls: type) -> Any:
    with fixed():
        return given(cls, weight, bias)(torch.tensor(x))


def sent_back(weight: np.ndarray, bias: np.ndarray, x: np.ndarray, g: np.ndarray, cls: type) -> Any:
    with fixed():
        layer, inputs = given(cls, weight, bias), torch.tensor(x, requires_grad=True)
        layer(inputs).backward(torch.tensor(g))
        return tuple(t.grad for t in (inputs, layer.weight, layer.bias))


def shapes(k: int, m: int, bias: bool, cls: type) -> Any:
    with fixed():
        layer = cls(k, m) if bias else cls(k, m, False)
        return {name: tuple(p.shape) for name, p in layer.named_parameters()}


def first_numbers(name: str, k: int, m: int, seed: int, cls: type) -> Any:
    with fixed(seed):
        return spread(getattr(cls(k, m), name))


def two_in_a_row(seed: int, again: bool, cls: type) -> bool:
    """Are the weights of two layers the same?"""
    with fixed():
        torch.manual_seed(seed)
        one = cls(4, 3)
        if again:
            torch.manual_seed(seed)
        return bool((one.weight == cls(4, 3).weight).all())


def rows(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A layer's output for inputs of any number of axes, a row at a time."""
    return layer(x.reshape(-1, x.shape[-1]), weight, bias).reshape(*x.shape[:-1], len(weight))


def linear_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    cases = [(small, np.array([10.0, 20.0, 30.0]), np.array([[1.0, 1.0]])), (small, None, np.array([[1.0, 0.0], [0.0, 1.0]])), (small[:2], np.array([1.0, 0.0]), np.array([[1.0, 10.0]]))]
    cases += [(drawn(rng, m, k), drawn(rng, m), drawn(rng, *axes, k)) for m, k, *axes in ((3, 4, 5), (2, 3, 2, 4), (4, 1, 3), (1, 3, 0), (3, 2))]
    for weight, bias, x in cases:
        text = f"Linear({weight.shape[1]}, {len(weight)}{', bias=False' if bias is None else ''}) with weight = {spelled(weight)}, bias = {spelled(bias)}; x = {spelled(x)}"
        expected = rows(x, weight, np.zeros(len(weight)) if bias is None else bias)
        yield Trial("the output", text, partial(answered, weight, bias, x), expected)
    weight, bias, x, g = drawn(rng, 2, 3), drawn(rng, 2), drawn(rng, 4, 3), drawn(rng, 4, 2)
    text = f"Linear(3, 2), x of shape (4, 3), gradient of the output {spelled(g)}"
    yield Trial("the gradients of x, weight and bias", text, partial(sent_back, weight, bias, x, g), gradients(layer, (x, weight, bias), g))
    for k, m, wanted in ((3, 2, True), (3, 2, False), (1, 4, True)):
        expected = {"weight": (m, k), **({"bias": (m,)} if wanted else {})}
        yield Trial("names and shapes of its parameters", f"Linear({k}, {m}{'' if wanted else ', bias=False'})", partial(shapes, k, m, wanted), expected)
    seed = int(rng.integers(2**31))
    for name, k, m in (("weight", 300, 100), ("weight", 16, 2000), ("bias", 4, 40000)):
        expected = spreading(1 / math.sqrt(3 * k), EVEN)
        yield Trial(f"{SPREAD}, {EVENLY}", f"Linear({k}, {m}).{name}", partial(first_numbers, name, k, m, seed), expected, 0.03)
    yield Trial("the same weights?", "two layers, one after the other", partial(two_in_a_row, seed, False), False)
    yield Trial("the same weights?", "torch.manual_seed(seed) before each of two layers", partial(two_in_a_row, seed, True), True)


# ------------------------------------------------------------------ what the framework runs of a learner's layers
class AsShipped(type):
    """The type of a class that stands where a shipped one stood: what was made by that one counts as its own."""

    stands_for: type

    def __instancecheck__(cls, thing: Any) -> bool:
        if "stands_for" in vars(cls):
            return isinstance(thing, cls.stands_for)
        return super().__instancecheck__(thing)


def rebuilt(name: str) -> Any:
    """An empty layer of the class that now goes by that name: the first half of unpickling."""
    cls = getattr(nn, name)
    return cls.__new__(cls)


class Hosting:
    """A framework layer that holds an object of the learner's, and lets it compute.

    The framework's part keeps names, hooks and modes; copies and pickles carry that part alone.
    """

    learners: type

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_yours"}

    def __deepcopy__(self, memo: dict) -> Any:
        new = memo[id(self)] = type(self).__new__(type(self))
        vars(new).update(copy.deepcopy(self.__getstate__(), memo))
        return new

    def __reduce_ex__(self, protocol: Any) -> Any:
        if "stands_for" in vars(type(self)):
            return rebuilt, (type(self).__name__,), self.__getstate__()
        return super().__reduce_ex__(protocol)

    def hosted(self, make: Callable, key: Any = None) -> Any:
        """The learner's object, made when it is first needed and whenever the key is another one."""
        kept = vars(self).get("_yours")
        if kept is None or kept[0] != key:
            kept = vars(self)["_yours"] = key, make()
        return kept[1]


def quietly(make: Callable) -> Any:
    """Make something without using up random numbers."""
    randomness = Randomness([])
    before = randomness.state()
    try:
        return make()
    finally:
        randomness.restore(before)


class HostingLinear(Hosting, ShippedLinear):
    """nn.Linear with the learner's first numbers and the learner's forward."""

    def reset_parameters(self) -> None:
        """The numbers with which the learner's layer begins."""
        if not self.weight.numel():  # without inputs there is no bound
            return super().reset_parameters()
        yours = self.another()
        with torch.no_grad():
            for name, parameter in self.named_parameters(recurse=False):
                parameter.copy_(getattr(yours, name))
        return None

    def another(self) -> Any:
        return self.learners(self.in_features, self.out_features, self.bias is not None)

    def forward(self, input: Any) -> Any:
        if not self.weight.numel():
            return super().forward(input)
        yours = self.hosted(lambda: quietly(self.another))
        hand_over(yours, weight=self.weight, bias=self.bias, training=self.training)
        try:
            return yours(input)
        except Exception:
            super().forward(input)  # bad input: its error says more
            raise


def hand_over(yours: Any, **attributes: Any) -> None:
    """Put the framework's parameters into the learner's layer, as attributes and where its registry has them."""
    vars(yours).update(attributes)
    registry = vars(yours).get("_parameters", {})
    registry.update({name: value for name, value in attributes.items() if name in registry})


class HostingSequential(Hosting, ShippedSequential):
    """nn.Sequential whose modules run in the learner's order and are found by the learner's index."""

    def row(self) -> Any:
        parts = tuple(self._modules.values())
        return self.hosted(lambda: self.learners(*guests(parts, module_of(self.learners))), parts)

    def forward(self, input: Any) -> Any:
        return self.row()(input)

    def __len__(self) -> int:
        return len(self.row())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) or not -len(self._modules) <= int(index) < len(self._modules):
            return super().__getitem__(index)
        return self.row()[int(index)].host


def guests(parts: tuple, base: type) -> list:
    """The framework's modules, each in a module of the learner's kind."""

    class Guest(base):  # type: ignore[misc,valid-type]
        def forward(self, *inputs: Any, **options: Any) -> Any:
            return self.host(*inputs, **options)

    made = {id(part): Guest() for part in parts}
    for part in parts:
        vars(made[id(part)])["host"] = part
    return [made[id(part)] for part in parts]


def hosting(host: type, shipped: type) -> Callable:
    """How a learner's class becomes the framework's of the same name."""

    def adapt(cls: type) -> type:
        looks = {"__module__": "learnnn.nn", "__qualname__": shipped.__name__, "__doc__": shipped.__doc__}
        return AsShipped(shipped.__name__, (host,), {**looks, "learners": cls, "stands_for": shipped})

    return adapt


lesson(
    "Linear",
    Linear,
    title="Linear: a layer of neurons",
    statement="A Module with `weight` (out_features, in_features) and `bias` (out_features,), both Parameters, drawn evenly between -1/sqrt(in_features) and 1/sqrt(in_features) with torch's random numbers. `forward(x)` is x @ weight.T + bias, for x with any axes in front. With bias=False, `self.bias` is None and nothing is added.",
    signature="class Linear(Module): Linear(in_features, out_features, bias=True)",
    trials=linear_trials,
    variants=(LinearByRand, LinearByF, LinearByEinsum),
    hints=(
        "Three things in __init__: super().__init__() first (without it there is no registry), then weight, then bias. The weight has a row for each neuron: (out_features, in_features).",
        "`torch.empty(m, k).uniform_(-bound, bound)` fills a new tensor with even random numbers. Put a Parameter around it. The bound is 1 / sqrt(in_features), for the bias too.",
        "forward: `x @ self.weight.T`, plus self.bias where that is not None.",
    ),
    points=2,
    replaces="learnnn.nn.Linear",
    adapt=hosting(HostingLinear, ShippedLinear),
    mistakes=(
        Mistake("weight-turned-over", linear_like(lambda k, m: even(1 / math.sqrt(k), k, m), forward=lambda self, x: x @ self.weight + (0 if self.bias is None else self.bias)), "You keep the weight as (in, out). That works by itself, but PyTorch keeps a row for each neuron, (out, in), and files of weights from elsewhere would not fit. So (out, in), and `x @ weight.T`."),
        Mistake("transpose-forgotten", linear_like(forward=lambda self, x: x @ self.weight + (0 if self.bias is None else self.bias)), "x @ weight: the weight is (out, in), so it has to be turned over first, `.T`. (On a square weight there is no error, and the numbers are wrong.)"),
        Mistake("bound-from-the-outputs", bounded(lambda k, m: 1 / math.sqrt(m)), "The bound is 1 / sqrt(in_features), which is how many numbers each neuron adds up. You took the number of neurons."),
        Mistake("root-forgotten", bounded(lambda k, m: 1 / k), "{inputs}: the numbers are too small. The bound is 1 / sqrt(in_features); yours lacks the root."),
        Mistake("bound-taken-for-deviation", linear_like(lambda k, m: Parameter(torch.randn(m, k) / math.sqrt(k)), lambda k, m, wanted: Parameter(torch.randn(m) / math.sqrt(k)) if wanted else None), "You draw normal numbers. Here they are even ones between two bounds: uniform_ (or rand, stretched and moved)."),
        Mistake("normal-weight", linear_like(lambda k, m: Parameter(torch.randn(m, k) / math.sqrt(k))), "Your weight has normal numbers (68 % of them within one deviation). Here they are even ones between two bounds: uniform_, or rand, stretched and moved."),
        Mistake("only-positive", linear_like(lambda k, m: Parameter(torch.rand(m, k) / math.sqrt(k)), lambda k, m, wanted: Parameter(torch.rand(m) / math.sqrt(k)) if wanted else None), "Your numbers lie between 0 and the bound. They should lie on both sides of 0: from -bound to bound."),
        Mistake("unscaled", bounded(lambda k, m: 1.0), "Your numbers reach to 1, for every size of layer. The bound is 1 / sqrt(in_features): the more inputs are added up, the smaller."),
        Mistake("all-zeros", linear_like(lambda k, m: Parameter(torch.zeros(m, k)), lambda k, m, wanted: Parameter(torch.zeros(m)) if wanted else None), "All weights begin at 0. Then all neurons of the layer are the same, get the same gradient, and stay the same for ever."),
        Mistake("bias-from-zero", linear_like(bias=lambda k, m, wanted: Parameter(torch.zeros(m)) if wanted else None), "The weight is right. PyTorch's Linear draws its bias too, within the same bound; yours begins at 0."),
        Mistake("bias-always", linear_like(bias=lambda k, m, wanted: even_bias(k, m, True)), "With bias=False there should be none: `self.bias = None`."),
        Mistake("bias-of-the-inputs", linear_like(bias=lambda k, m, wanted: even(1 / math.sqrt(k), k) if wanted else None), "Your bias has one number for each input. It is added to the output: one for each neuron."),
        Mistake("bias-forgotten-in-forward", linear_like(forward=lambda self, x: x @ self.weight.T), "There is a bias, and forward does not add it: got {actual}, {expected} is right."),
        Mistake("no-bias-not-handled", linear_like(forward=lambda self, x: x @ self.weight.T + self.bias), "With bias=False, self.bias is None, and a tensor + None is an error. Ask before you add."),
        Mistake("begin-of-module-forgotten", linear_like(ready=False), "Python says that there is no `_parameters`: Module's __init__ has not run. The first line of your __init__ is super().__init__()."),
        Mistake("plain-tensors", linear_like(lambda k, m: even_weight(k, m).detach().requires_grad_(), lambda k, m, wanted: even_bias(k, m, True).detach().requires_grad_() if wanted else None), "Your weight is a tensor that asks for a gradient, but no Parameter: the module does not register it, and nobody will train it."),
        Mistake("drawn-anew-in-forward", linear_like(forward=drawn_anew), "forward draws new weights at each call. They belong to __init__; forward uses those that are kept."),
        Mistake("off-the-graph", linear_like(forward=off_the_graph), "The output is right, and no gradient reaches the weight: something in forward cuts it off (detach, .data, numpy). Use the Parameter itself."),
        Mistake("through-numpy", linear_like(forward=through_numpy), "forward goes through numpy, which leaves no graph behind: the gradient stops there. Compute with the tensors themselves."),
        Mistake("same-seed-in-every-layer", linear_like(same_each_time), "Two layers of one size begin with the same weights: there is a seed inside your __init__. Leave the seed to whoever runs the experiment."),
        Mistake("numpys-generator", linear_like(numpys_own), "After torch.manual_seed the same weights should come again. Yours come from numpy's random numbers, which know nothing of that seed. Use torch's."),
    ),
)


# ------------------------------------------------------------------------------------------------- Sequential
STEPS = "class Times(Module):\n    def __init__(self, k): super().__init__(); self.k = Parameter([float(k)])\n    def forward(self, x): return x * self.k\nclass Plus(Times):\n    def forward(self, x): return x + self.k\n"
BOTH = f"{STEPS}s = Sequential(Times(2), Plus(3))"
S_NAMES = "[name for name, p in s.named_parameters()]"
COUNTED = "class Counted(Module):\n    def __call__(self, x): return x + 1\n"
SEQUENTIAL_CASES = (
    (BOTH, "s(torch.tensor([5.0])).tolist()", [13.0]),
    (f"{STEPS}s = Sequential(Plus(3), Times(2))", "s(torch.tensor([5.0])).tolist()", [16.0]),
    (f"{STEPS}s = Sequential(Times(2))", "s(torch.tensor([5.0])).tolist()", [10.0]),
    ("s = Sequential()", "s(torch.tensor([5.0])).tolist(), len(s)", ([5.0], 0)),
    (BOTH, S_NAMES, ["0.k", "1.k"]),
    (BOTH, "len(s)", 2),
    (BOTH, "[m.k.item() for m in (s[0], s[1], s[-1])]", [2.0, 3.0, 3.0]),
    (f"{STEPS}a, b = Times(2), Times(2); s = Sequential(a, b)", "s[0] is a, s[1] is b", (True, True)),
    (BOTH, "[m.k.item() for m in s]", [2.0, 3.0]),
    (BOTH, "s[2]", IndexError),
    (f"{STEPS}t = Times(2); s = Sequential(t, Plus(1), t)", f"s(torch.tensor([1.0])).tolist(), len(s), {S_NAMES}", ([6.0], 3, ["0.k", "1.k"])),
    (f"{STEPS}s = Sequential(Sequential(Times(2), Plus(1)), Times(3))", f"s(torch.tensor([1.0])).tolist(), {S_NAMES}", ([9.0], ["0.0.k", "0.1.k", "1.k"])),
    (f"{STEPS}s = Sequential(*[Plus(i) if i else Times(0) for i in range(12)], Times(2))", f"s(torch.tensor([1.0])).item(), {S_NAMES}[9:]", (132.0, ["9.k", "10.k", "11.k", "12.k"])),
    (f"{BOTH}; s.eval()", "[m.training for m in s]", [False, False]),
    (f"{BOTH}; s(torch.ones(2)).sum().backward()", "[p.grad.item() for p in s.parameters()]", [2.0, 2.0]),
    (f"{COUNTED}s = Sequential(Counted(), Counted())", "s(0)", 2),
    (f"{STEPS}s = Sequential(Times(2), torch.tanh)", "s(torch.ones(1))", TypeError),
)


class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *modules):
        super().__init__()
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"{module} is no Module")
            setattr(self, str(i), module)

    def forward(self, x):
        for module in self._modules.values():
            x = module(x)
        return x

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        return list(self._modules.values())[index]


class SequentialOfList(Module):
    def __init__(self, *modules):
        super().__init__()
        self.layers = modules
        for i, module in enumerate(modules):
            assert_module(module)
            self.__setattr__(str(i), module)

    def forward(self, x):
        for part in self.layers:
            x = part(x)
        return x

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, i):
        return self.layers[i]


def assert_module(module: Any) -> None:
    if not callable(getattr(module, "named_parameters", None)):
        raise TypeError(f"Sequential takes modules, not {type(module).__name__}")


class SequentialByRecursion(Module):
    def __init__(self, *modules):
        super().__init__()
        if not all(isinstance(module, Module) for module in modules):
            raise TypeError("modules only")
        self._modules.update({str(i): module for i, module in enumerate(modules)})

    def forward(self, x, start=0):
        return x if start == len(self) else self.forward(self[start](x), start + 1)

    __len__ = lambda self: len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._modules[str(index % len(self))]


class SequentialByReduce(Module):
    def __init__(self, *modules):
        super().__init__()
        self.n = 0
        for module in modules:
            if not isinstance(module, Module):
                raise TypeError(type(module))
            setattr(self, f"{self.n}", module)
            self.n += 1

    def __iter__(self):
        return (getattr(self, str(i)) for i in range(self.n))

    def forward(self, x):
        for step in self:
            x = step(x)
        return x

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return [*self][index]


def sequential_like(**methods: Any) -> type:
    return type("Sequential", (Sequential,), methods)


def filled_by(keep: Callable, ready: bool = True) -> Callable:
    """`__init__` that keeps its modules otherwise."""

    def __init__(self, *modules):
        if ready:
            Module.__init__(self)
        for module in modules:
            assert_module(module)
        keep(self, modules)

    return __init__


def kept_from_one(self, modules):
    for i, module in enumerate(modules, 1):
        setattr(self, str(i), module)


def kept_by_kind(self, modules):
    for module in modules:
        setattr(self, type(module).__name__.lower(), module)


def kept_once(self, modules):
    for i, module in enumerate(dict.fromkeys(modules)):
        setattr(self, str(i), module)


def kept_unasked(self, *modules):
    Module.__init__(self)
    for i, module in enumerate(modules):
        setattr(self, str(i), module)


def kept_in_list(self, modules):
    self.layers = list(modules)


def run_list(self, x):
    for part in self.layers:
        x = part(x)
    return x


def all_get_the_input(self, x):
    out = x
    for module in self._modules.values():
        out = module(x)
    return out


def first_only(self, x):
    for module in self._modules.values():
        return module(x)
    return x


def result_lost(self, x):
    for module in self._modules.values():
        module(x)
    return x


def backwards(self, x):
    for module in reversed(list(self._modules.values())):
        x = module(x)
    return x


def by_name(self, x):
    for name in sorted(self._modules):
        x = self._modules[name](x)
    return x


def forward_of_each(self, x):
    for module in self._modules.values():
        x = module.forward(x)
    return x


def without_return(self, x):
    for module in self._modules.values():
        x = module(x)


lesson(
    "Sequential",
    Sequential,
    title="Sequential: modules one after the other",
    statement="A Module that keeps its modules under the names '0', '1', ... `forward` hands x through all of them in order; without any it gives x back. `len(s)` is how many they are, `s[i]` is the i-th, `s[-1]` the last, with an IndexError beyond the end. What is no Module is refused with a TypeError.",
    signature="class Sequential(Module): Sequential(*modules)",
    trials=lambda rng: played_trials("Sequential", SEQUENTIAL_CASES, {STEPS: "Times(k) and Plus(k) are modules with a parameter k: x * k and x + k", COUNTED: "Counted is a module with a __call__ of its own, which adds 1"}),
    variants=(SequentialOfList, SequentialByRecursion, SequentialByReduce),
    hints=(
        "An attribute whose name is made at run time is set with setattr(self, name, value). Your Module then registers it, under that name, as if you had written self.0 = module (which python's grammar does not allow).",
        "forward: for each module of self._modules.values(), x becomes module(x). The dictionary has them in the order in which they came.",
        "For len and [ ] let python's own containers work: len(self._modules), and list(self._modules.values())[index], which knows about -1 and raises IndexError. Before setattr: `if not isinstance(module, Module): raise TypeError(...)`.",
    ),
    points=2,
    replaces="learnnn.nn.Sequential",
    adapt=hosting(HostingSequential, ShippedSequential),
    mistakes=(
        Mistake("kept-in-a-list", sequential_like(__init__=filled_by(kept_in_list), forward=run_list, __len__=lambda self: len(self.layers), __getitem__=lambda self, i: self.layers[i]), "It computes the right thing, and has no parameters: __setattr__ sees a list, and a list is no Module. Set each module as an attribute of its own, or nothing will ever be trained."),
        Mistake("backwards", sequential_like(forward=backwards), "The last module runs first. From the left to the right, it is {expected}."),
        Mistake("every-module-gets-the-input", sequential_like(forward=all_get_the_input), "Each module gets x itself, and the last one wins. Hand on what the one before gave: x = module(x)."),
        Mistake("result-lost", sequential_like(forward=result_lost), "The modules run, and what they give is dropped: x comes back as it went in. Write x = module(x)."),
        Mistake("return-inside-the-loop", sequential_like(forward=first_only), "Only the first module runs: the return stands inside the loop. One step to the left."),
        Mistake("nothing-returned", sequential_like(forward=without_return), "forward ends without a return: after the loop, x is what the last module gave."),
        Mistake("sorted-by-name", sequential_like(forward=by_name), "As texts, '10' comes before '2'. With more than ten modules your order is wrong. The dictionary already has the order in which they came."),
        Mistake("counted-from-one", sequential_like(__init__=filled_by(kept_from_one)), "Your names begin with '1'. PyTorch counts from '0', and a file of weights made there would not fit."),
        Mistake("named-by-kind", sequential_like(__init__=filled_by(kept_by_kind)), "You name the modules by their class. Two of the same class then have one name, and the second throws out the first."),
        Mistake("each-module-once", sequential_like(__init__=filled_by(kept_once)), "A module that is given twice should run twice (with the same weights): {expected}. You keep it once."),
        Mistake("index-as-a-name", sequential_like(__getitem__=lambda self, index: self._modules[str(index)]), "s[-1] looks for a module named '-1', and s[2] raises KeyError where python's loops wait for IndexError. Make a list of the modules, and index that."),
        Mistake("parameters-for-modules", sequential_like(__len__=lambda self: len([*self.parameters()])), "len gives the number of parameters. It is the number of modules."),
        Mistake("call-bypassed", sequential_like(forward=forward_of_each), "You call module.forward(x). Call the module itself, module(x): whatever else happens at a call (hooks, later on) would be skipped."),
        Mistake("functions-left-out", sequential_like(__init__=kept_unasked), "A plain function such as torch.tanh is no Module: it is not registered, and forward silently leaves it out. Refuse it with a TypeError."),
        Mistake("begin-of-module-forgotten", sequential_like(__init__=filled_by(lambda self, modules: [setattr(self, str(i), module) for i, module in enumerate(modules)], ready=False)), "Python says that there is no `_modules`: Module's __init__ has not run. The first line of your __init__ is super().__init__()."),
    ),
)


# -------------------------------------------------------------------------------------------------- state dict
def tree(**numbers: Any) -> Any:
    """A module made of nested dictionaries of numbers."""
    module = Module()
    for name, value in numbers.items():
        setattr(module, name, tree(**value) if isinstance(value, dict) else Parameter(value))
    return module


def small_tree() -> Any:
    return tree(a=[1.0, 2.0], body={"w": [[3.0], [4.0]], "b": [5.0]})


def deep_tree() -> Any:
    return tree(body={"first": {"w": [1.0]}, "last": {"w": [2.0], "b": [3.0]}}, head={"w": [4.0]})


def tied_tree() -> Any:
    module = tree(first={"w": [1.0]}, last={"b": [2.0]})
    module.last.w = module.first.w
    return module


def frozen_tree() -> Any:
    module = tree(a=[1.0], b=[2.0])
    module.a.requires_grad = False
    return module


def taken(make: Callable, f: Callable) -> Any:
    with fixed():
        return {name: t.tolist() for name, t in f(make()).items()}


def about_state(asked: Callable, make: Callable, f: Callable) -> Any:
    with fixed():
        module = make()
        return asked(module, f(module))


def sees_changes(module: Any, state: Any) -> list:
    with torch.no_grad():
        module.a.fill_(9.0)
    return np.asarray(state["a"]).tolist()


TREES = (
    (lambda: tree(a=[1.0, 2.0]), "m.a = [1, 2]", {"a": [1.0, 2.0]}),
    (small_tree, "m.a = [1, 2], m.body.w = [[3], [4]], m.body.b = [5]", {"a": [1.0, 2.0], "body.w": [[3.0], [4.0]], "body.b": [5.0]}),
    (deep_tree, "m.body.first.w = [1], m.body.last.w = [2], m.body.last.b = [3], m.head.w = [4]", {"body.first.w": [1.0], "body.last.w": [2.0], "body.last.b": [3.0], "head.w": [4.0]}),
    (tied_tree, "m.first.w = [1], m.last.b = [2], m.last.w = m.first.w", {"first.w": [1.0], "last.b": [2.0], "last.w": [1.0]}),
    (frozen_tree, "m.a = [1], which asks for no gradient, m.b = [2]", {"a": [1.0], "b": [2.0]}),
    (tree, "a module without parameters", {}),
)


def state_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for make, text, expected in TREES:
        yield Trial("", text, partial(taken, make), expected)
    a = "m.a = [1, 2]"
    yield Trial("a tensor, and no Parameter?", a, partial(about_state, lambda m, state: isinstance(state["a"], torch.Tensor) and not isinstance(state["a"], Parameter), TREES[0][0]), True)
    yield Trial("does it ask for a gradient?", a, partial(about_state, lambda m, state: state["a"].requires_grad, TREES[0][0]), False)
    yield Trial("no copy: it sees what training does to m.a afterwards", f"{a}; then m.a is set to [9, 9]; state['a']", partial(about_state, sees_changes, TREES[0][0]), [9.0, 9.0])
    yield Trial("the module itself afterwards", f"{a}; m.a.requires_grad", partial(about_state, lambda m, state: m.a.requires_grad, TREES[0][0]), True)


def state_dict(module):
    state = {name: parameter.detach() for name, parameter in module._parameters.items()}
    for child, part in module._modules.items():
        for name, tensor in state_dict(part).items():
            state[f"{child}.{name}"] = tensor
    return state


def state_dict_with_prefix(module, prefix=""):
    out = {}
    for name, parameter in module._parameters.items():
        out[prefix + name] = parameter.detach()
    for child, part in module._modules.items():
        out.update(state_dict_with_prefix(part, prefix + child + "."))
    return out


def state_dict_by_stack(module):
    state, waiting = {}, [("", module)]
    while waiting:
        path, part = waiting.pop()
        state |= {f"{path}{name}": p.data for name, p in part._parameters.items()}
        waiting += [(f"{path}{name}.", child) for name, child in part._modules.items()]
    return state


def state_dict_by_union(module):
    parts = [{f"{child}.{name}": t for name, t in state_dict_by_union(m).items()} for child, m in module._modules.items()]
    whole = {name: p.detach() for name, p in module._parameters.items()}
    for part in parts:
        whole = {**whole, **part}
    return whole


def gathered(take: Callable = lambda p: p.detach(), joint: str = ".", wanted: Callable = lambda p: True) -> Callable:
    """A state_dict that takes parameters otherwise, joins names otherwise, or leaves some out."""

    def state_dict(module):
        state = {name: take(p) for name, p in module._parameters.items() if wanted(p)}
        for child, part in module._modules.items():
            state |= {f"{child}{joint}{name}": t for name, t in state_dict(part).items()}
        return state

    return state_dict


def nested(module):
    state = {name: p.detach() for name, p in module._parameters.items()}
    return state | {child: nested(part) for child, part in module._modules.items()}


def path_lost(module):
    state = {name: p.detach() for name, p in module._parameters.items()}
    for part in module._modules.values():
        state |= path_lost(part)
    return state


def direct_parts_only(module):
    state = {name: p.detach() for name, p in module._parameters.items()}
    for child, part in module._modules.items():
        state |= {f"{child}.{name}": p.detach() for name, p in part._parameters.items()}
    return state


def detached_in_place(p: Any) -> Any:
    p.requires_grad = False
    return torch.Tensor.detach(p)


lesson(
    "state_dict",
    state_dict,
    title="state_dict: all that a module has learned, by name",
    statement="A dictionary from name to numbers, for the whole tree: 'a', 'body.w'. Unlike named_parameters it has *every* name, also two for one shared parameter. The numbers are detached tensors that share the parameters' memory. A module has `_parameters` and `_modules`, two dictionaries.",
    signature="state_dict(module) -> {name: tensor}",
    trials=state_trials,
    variants=(state_dict_with_prefix, state_dict_by_stack, state_dict_by_union),
    hints=(
        "Once more a recursion: the module's own parameters by their names, then for each part its state_dict, with the part's name and a dot before each name.",
        "`parameter.detach()` gives a tensor with the same numbers, in the same memory, that asks for no gradient.",
        "Start with a dictionary of module._parameters. For child, part in module._modules.items(): for name, tensor in state_dict(part).items(): the entry f'{child}.{name}' is the tensor.",
    ),
    mistakes=(
        Mistake("own-only", lambda module: {name: p.detach() for name, p in module._parameters.items()}, "Only the module's own parameters are there. The parts have some too: {expected}."),
        Mistake("direct-parts-only", direct_parts_only, "The parts are there, and their parts are not. Call state_dict for each part: then it goes as deep as the tree."),
        Mistake("path-lost", path_lost, "The names have lost the way, so that several parts write under one name. The part's name and a dot belong in front: 'body.w'."),
        Mistake("nested-dictionaries", nested, "You build a dictionary of dictionaries. It should be a flat one, with dots in its names."),
        Mistake("joined-otherwise", gathered(joint="_"), "The joint between the names is a dot, as in {expected}. (With '_', a part 'a_b' and a part 'a' with a 'b' would be the same.)"),
        Mistake("shared-listed-once", lambda module: {name: p.detach() for name, p in module.named_parameters()}, "A shared parameter has two names, and a state dict has both: whoever loads it need not know about the sharing. named_parameters() gives it once."),
        Mistake("parameters-themselves", gathered(lambda p: p), "You hand out the Parameters themselves. Detach them: what is done with a state dict should not be recorded in a graph."),
        Mistake("copies", gathered(lambda p: p.detach().clone()), "You copy the numbers. PyTorch's state dict shares them: saving a large model must not need its memory twice. (Whoever wants a snapshot copies; see the text.)"),
        Mistake("arrays", gathered(lambda p: p.detach().numpy()), "Your entries are numpy arrays. They should be tensors: detach() is enough."),
        Mistake("gradient-switched-off", gathered(detached_in_place), "Looking at a module has changed it: its parameters ask for no gradient any more. `p.detach()` makes a new tensor and leaves p alone."),
        Mistake("trainable-only", gathered(wanted=lambda p: p.requires_grad), "What is frozen is left out. A state dict has all parameters, or the model could not be rebuilt from it."),
        Mistake("names-only", lambda module: [*state_dict(module)], "You give back {actual}. It should be a dictionary: name to tensor."),
    ),
)


# --------------------------------------------------------------------------------------------- load_state_dict
def tensors(state: dict) -> dict:
    return {name: torch.tensor(numbers) for name, numbers in state.items()}


def loaded(make: Callable, state: dict, f: Callable) -> Any:
    """The numbers of the module after loading."""
    with fixed():
        module = make()
        f(module, tensors(state))
        return {name: t.tolist() for name, t in state_dict(module).items()}


def refused(make: Callable, state: dict, f: Callable) -> Any:
    with fixed():
        f(make(), tensors(state))


def left_alone(make: Callable, state: dict, f: Callable) -> Any:
    """The numbers of the module after a loading that fails."""
    with fixed():
        module = make()
        try:
            f(module, tensors(state))
        except Exception:
            return {name: t.tolist() for name, t in state_dict(module).items()}
        return "no error"


def names_it(make: Callable, state: dict, name: str, f: Callable) -> Any:
    with fixed():
        try:
            f(make(), tensors(state))
        except Exception as error:
            return name in str(error)
        return "no error"


def same_parameters(make: Callable, state: dict, f: Callable) -> Any:
    """Are they the same objects, with the same memory, that ask for a gradient as before?"""
    with fixed():
        module = make()
        before = [(p, p.detach()) for p in module.parameters()]
        f(module, tensors(state))
        after = [*module.parameters()]
        same = all(p is q for (p, _), q in zip(before, after, strict=True))
        seen = all(bool((view == p.detach()).all()) for p, view in before)
        return {"same objects": same, "same memory": seen, "ask for a gradient": all(q.requires_grad for q in after)}


def state_changed_later(make: Callable, state: dict, f: Callable) -> Any:
    with fixed():
        module, given = make(), tensors(state)
        f(module, given)
        for numbers in given.values():
            numbers.fill_(99.0)
        return {name: t.tolist() for name, t in state_dict(module).items()}


NEW = {"a": [10.0, 20.0], "body.w": [[30.0], [40.0]], "body.b": [50.0]}
OLD = {"a": [1.0, 2.0], "body.w": [[3.0], [4.0]], "body.b": [5.0]}
M = "m.a = [1, 2], m.body.w = [[3], [4]], m.body.b = [5]"
BAD_STATES = (
    ({"body.w": NEW["body.w"], "body.b": NEW["body.b"]}, "a", "without 'a'"),
    ({**NEW, "extra": [1.0]}, "extra", "with an 'extra'"),
    ({**NEW, "body.w": [30.0, 40.0]}, "body.w", "with body.w of shape (2,) for (2, 1)"),
    ({**NEW, "body.w": [[30.0]]}, "body.w", "with body.w of shape (1, 1) for (2, 1)"),
    ({**NEW, "body.b": [50.0, 60.0]}, "body.b", "with body.b of shape (2,) for (1,)"),
)


def load_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small, turned = TREES[0][0], {name: NEW[name] for name in reversed(NEW)}
    yield Trial("", "m.a = [1, 2]; state = {'a': [8, 9]}", partial(loaded, small, {"a": [8.0, 9.0]}), {"a": [8.0, 9.0]})
    yield Trial("", f"{M}; state = {NEW}", partial(loaded, small_tree, NEW), NEW)
    yield Trial("", f"{M}; state = {turned}", partial(loaded, small_tree, turned), NEW)
    sevens = {name: [7.0] for name in TREES[2][2]}
    yield Trial("", "three deep: m.body.first.w, m.body.last.w, m.body.last.b, m.head.w; a state of sevens", partial(loaded, deep_tree, sevens), sevens)
    tied = {"first.w": [6.0], "last.b": [7.0], "last.w": [6.0]}
    yield Trial("a shared parameter, under both its names", "m.first.w = [1], m.last.b = [2], m.last.w = m.first.w", partial(loaded, tied_tree, tied), tied)
    yield Trial("the parameters afterwards", f"{M}; state = {NEW}", partial(same_parameters, small_tree, NEW), dict.fromkeys(("same objects", "same memory", "ask for a gradient"), True))
    yield Trial("the module, when the state is changed later", "m.a = [1, 2]; state = {'a': [8, 9]}; then state['a'] is set to [99, 99]", partial(state_changed_later, small, {"a": [8.0, 9.0]}), {"a": [8.0, 9.0]})
    for state, name, text in BAD_STATES:
        yield Trial("", f"{M}; a state {text}", partial(refused, small_tree, state), RuntimeError)
        yield Trial("the module after the error: as it was", f"{M}; a state {text}", partial(left_alone, small_tree, state), OLD)
        yield Trial(f"does the message name {name!r}?", f"{M}; a state {text}", partial(names_it, small_tree, state, name), True)


def load_state_dict(module, state):
    mine = state_dict(module)
    missing = [name for name in mine if name not in state]
    unexpected = [name for name in state if name not in mine]
    misfits = [name for name in mine if name in state and mine[name].shape != state[name].shape]
    if missing or unexpected or misfits:
        raise RuntimeError(f"missing: {missing}; unexpected: {unexpected}; of another shape: {misfits}")
    for name, numbers in mine.items():
        numbers.copy_(state[name])


def load_under_no_grad(module, state):
    own = state_dict_with_prefix(module)
    for name in own.keys() ^ state.keys():
        raise RuntimeError(f"{name} is {'missing' if name in own else 'unexpected'}")
    for name, p in own.items():
        if tuple(p.shape) != tuple(state[name].shape):
            raise RuntimeError(f"size mismatch for {name}: {state[name].shape}, not {p.shape}")
    with torch.no_grad():
        for name, p in own.items():
            p[...] = state[name]


def load_recursively(module, state):
    problems = [*faults(module, state)]
    if problems:
        raise RuntimeError("\n".join(problems))
    for name, p in state_dict(module).items():
        p.array[...] = state[name].array


def faults(module: Any, state: dict) -> Iterator[str]:
    mine = state_dict(module)
    for name in {**mine, **state}:
        if name not in state or name not in mine:
            yield f"{name}: only one side has it"
        elif mine[name].shape != state[name].shape:
            yield f"{name}: {state[name].shape} does not fit"


def load_by_methods(module, state):
    mine, problem = state_dict(module), None
    for name in [*mine, *state]:
        if name not in mine or name not in state or mine[name].ndim != state[name].ndim or mine[name].shape != state[name].shape:
            problem = f"{problem or 'these do not fit:'} {name}"
    if problem is not None:
        raise RuntimeError(problem)
    [mine[name].data.zero_().add_(state[name]) for name in state]


def loading(missing: bool = True, unexpected: bool = True, shape: bool = True, put: Callable = lambda p, given: p.copy_(given), words: Callable = "wrong: {}".format, error: type = RuntimeError) -> Callable:
    """A load_state_dict without some of its questions, or with another way to take numbers over."""

    def load_state_dict(module, state):
        mine = state_dict(module)
        wrong = [name for name in mine if name not in state] if missing else []
        wrong += [name for name in state if name not in mine] if unexpected else []
        wrong += [name for name in mine if name in state and mine[name].shape != state[name].shape] if shape else []
        if wrong:
            raise error(words(wrong))
        for name in mine:
            if name in state:
                put(mine[name], state[name])

    return load_state_dict


def by_position(module, state):
    mine = state_dict(module)
    if len(mine) != len(state):
        raise RuntimeError(f"{[*mine]} and {[*state]}")
    for p, numbers in zip(mine.values(), state.values()):
        if p.shape != numbers.shape:
            raise RuntimeError(f"a shape does not fit: {[*mine]}")
    for p, numbers in zip(mine.values(), state.values()):
        p.copy_(numbers)


def half_loaded(module, state):
    mine = state_dict(module)
    for name in mine:
        if name not in state or mine[name].shape != state[name].shape:
            raise RuntimeError(f"{name} does not fit")
        mine[name].copy_(state[name])
    for name in state:
        if name not in mine:
            raise RuntimeError(f"{name} is unexpected")


def put_parameters(module: Any, state: dict, make: Callable) -> None:
    for name in module._parameters:
        setattr(module, name, make(getattr(module, name), state[name]))
    for child, part in module._modules.items():
        put_parameters(part, {name[len(child) + 1 :]: t for name, t in state.items() if name.startswith(f"{child}.")}, make)


def checked_first(put: Callable) -> Callable:
    """The same questions as the solution; then `put(module, state)`."""

    def load_state_dict(module, state):
        loading(put=lambda p, given: None)(module, state)
        put(module, state)

    return load_state_dict


def exchange(parameter: Any, given: Any) -> Any:
    parameter.data = given
    return parameter


def written_while_recording(module: Any, state: dict) -> None:
    for name, parameter in module.named_parameters():
        parameter.copy_(state[name])


def own_only_loaded(module: Any, state: dict) -> None:
    for name, parameter in module._parameters.items():
        parameter.detach().copy_(state[name])


def assigned_unchecked(module, state):
    for name, parameter in module.named_parameters():
        parameter.data = state[name]


def bare_lookups(module, state):
    for name, p in state_dict(module).items():
        p.copy_(state[name])


lesson(
    "load_state_dict",
    load_state_dict,
    title="load_state_dict: take numbers over, or refuse them all",
    statement="Write the numbers of a state dict into the module's parameters, by name and in place. If a name is missing, if there is one too many, or if a shape differs, raise a RuntimeError whose message names it, and change nothing at all.",
    signature="load_state_dict(module, state)",
    trials=load_trials,
    variants=(load_under_no_grad, load_recursively, load_by_methods),
    hints=(
        "You have state_dict(module): its names are those you need, and its tensors share the parameters' memory. Compare its names with those of `state`.",
        "First look for everything that is wrong, and raise; only then begin to write. That is the way to change nothing where something fails.",
        "Three lists: names in mine and not in state, names in state and not in mine, names in both whose shapes differ. If any is not empty, raise RuntimeError with the lists in the message. Then mine[name].copy_(state[name]) for each.",
    ),
    points=2,
    mistakes=(
        Mistake("by-position", by_position, "You take the numbers over in the order in which they stand. A state dict goes by name: with {inputs} the order is another one."),
        Mistake("nothing-checked", bare_lookups, "A missing name gives a KeyError in the middle, one too many is overlooked, a wrong shape is stretched. Compare names and shapes first, and raise RuntimeError."),
        Mistake("assigned-unchecked", assigned_unchecked, "Nothing is checked, and `.data = ` makes the parameter use the memory of the state dict: if one changes, so does the other. Compare names and shapes first, raise RuntimeError, and then write into the memory that is there: copy_."),
        Mistake("missing-overlooked", loading(missing=False), "A name that the state does not have is passed over in silence: that layer keeps its random numbers, and nobody knows. Raise RuntimeError."),
        Mistake("unexpected-overlooked", loading(unexpected=False), "A name too many is passed over in silence. It is nearly always a sign that file and model do not belong together. Raise RuntimeError."),
        Mistake("shape-overlooked", loading(shape=False), "Shapes are not compared: copy_ stretches a (1, 1) to a (2, 1), as numpy does, and no error tells you. Compare them first."),
        Mistake("reshaped-to-fit", loading(shape=False, put=lambda p, given: p.copy_(given.reshape(p.shape))), "You reshape the numbers until they fit. A (2,) is no (2, 1): somewhere a layer was built otherwise. Raise RuntimeError."),
        Mistake("nothing-taken-over", loading(put=lambda p, given: None), "Names are checked, and then nothing is taken over: the module has its old numbers."),
        Mistake("half-loaded", half_loaded, "After the error some parameters are new and some are old: a model that nobody has trained. Look for all that is wrong first, then write."),
        Mistake("parameters-exchanged", checked_first(lambda module, state: put_parameters(module, state, lambda p, given: type(p)(given))), "You make new parameters. Whoever held the old ones (an optimizer does) now trains what is no longer in the model. Write into the old ones: copy_."),
        Mistake("memory-exchanged", checked_first(lambda module, state: put_parameters(module, state, exchange)), "The parameters now have the memory of the state dict: if one changes, so does the other. Copy the numbers: copy_."),
        Mistake("recorded", checked_first(written_while_recording), "Writing into a parameter that asks for a gradient is refused, since it cannot be recorded. Write into the detached tensors of state_dict(module), or under torch.no_grad()."),
        Mistake("own-only", checked_first(own_only_loaded), "Only the module's own parameters are taken over, and not those of its parts."),
        Mistake("another-error", loading(error=KeyError), "Bad states are refused, and with a KeyError. PyTorch raises RuntimeError, and programs that catch it wait for that one."),
        Mistake("names-untold", loading(words=lambda wrong: "the state dict does not fit"), "The message does not say what is wrong. In a model with two hundred parameters one wants the name: put the lists into the message."),
    ),
)


# --------------------------------------------------------------------------------------------------------- fan
def asked_fan(shape: tuple, f: Callable) -> Any:
    return f(shape)


def fan_trials(rng: np.random.Generator) -> Iterator[Trial]:
    wide = tuple(int(n) for n in rng.integers(2, 9, size=2))
    for shape in ((2, 3), (3, 2), (10, 784), (4, 4), (1, 5), (wide[0], wide[1] + 9)):
        yield Trial("(fan_in, fan_out)", f"shape = {shape}", partial(asked_fan, shape), shape[::-1])
    for out, into, *field in ((8, 3, 5, 5), (4, 2, 3), (6, 5, 2, 3), (2, 7, 1, 1), (3, 4, 2, 3, 5)):
        touched = len([*np.ndindex(*field)])  # places in the field, counted one by one
        yield Trial("(fan_in, fan_out)", f"shape = {(out, into, *field)}", partial(asked_fan, (out, into, *field)), (into * touched, out * touched))
    for shape in ((7,), ()):
        yield Trial("", f"shape = {shape}", partial(asked_fan, shape), ValueError)


def fan(shape):
    if len(shape) < 2:
        raise ValueError(f"a weight has at least two axes, (out, in), this one is {shape}")
    out_features, in_features, *field = shape
    return in_features * math.prod(field), out_features * math.prod(field)


def fan_by_sizes(shape):
    if len(shape) in (0, 1):
        raise ValueError("too few axes")
    size = math.prod(shape)
    return size // shape[0], size // shape[1]


def fan_by_loop(shape):
    out, into, *field = shape  # too few axes: python's own ValueError
    for n in field:
        out, into = out * n, into * n
    return [into, out]


def fan_by_numpy(shape):
    if not len(shape) >= 2:
        raise ValueError(shape)
    return tuple(int(np.prod(shape[2:])) * n for n in (shape[1], shape[0]))


def two_axes(f: Callable) -> Callable:
    """The same, for what has two axes at least."""

    def fan(shape):
        if len(shape) < 2:
            raise ValueError(f"a weight has at least two axes, this one is {shape}")
        return f(shape)

    return fan


lesson(
    "fan",
    fan,
    title="fan_in and fan_out",
    statement="Of a weight of shape (out, in): how many inputs each output adds up, and how many outputs each input goes to. With more axes, (out, in, h, w), each pair of output and input has h * w weights. Fewer than two axes: ValueError.",
    signature="fan(shape) -> (fan_in, fan_out)",
    trials=fan_trials,
    variants=(fan_by_sizes, fan_by_loop, fan_by_numpy),
    hints=(
        "For (out, in): one output adds up `in` products, one input is used by `out` neurons. Mind the order of the answer: fan_in first.",
        "With further axes, both are multiplied by the product of those axes. The product of none is 1: math.prod(shape[2:]) knows that.",
        "First `if len(shape) < 2: raise ValueError(...)`. Then (shape[1] * field, shape[0] * field) with field = math.prod(shape[2:]).",
    ),
    mistakes=(
        Mistake("in-and-out-exchanged", two_axes(lambda shape: fan(shape)[::-1]), "fan_in and fan_out are exchanged. The weight is (out, in): each output adds up shape[1] numbers, so for {inputs} fan_in is {expected}."),
        Mistake("field-left-out", two_axes(lambda shape: (shape[1], shape[0])), "Right for two axes. With {inputs} each output looks at several places of each input: multiply by the further axes."),
        Mistake("field-for-fan-in-only", two_axes(lambda shape: (math.prod(shape[1:]), shape[0])), "The further axes count for both: an input also goes to each output by several weights."),
        Mistake("last-two-axes", two_axes(lambda shape: (shape[-1], shape[-2])), "You count the axes from the end. Out and in are the first two, also where more follow: {inputs}."),
        Mistake("field-added", two_axes(lambda shape: (shape[1] * (sum(shape[2:]) or 1), shape[0] * (sum(shape[2:]) or 1))), "The further axes are multiplied, not added: a field of 5 by 5 has 25 places."),
        Mistake("square-field-taken-for-granted", two_axes(lambda shape: (shape[1] * (shape[2] ** (len(shape) - 2) if shape[2:] else 1), shape[0] * (shape[2] ** (len(shape) - 2) if shape[2:] else 1))), "You take the field to be as wide as it is high. With {inputs} it is not: use the product of all further axes."),
        Mistake("all-weights", two_axes(lambda shape: (math.prod(shape), math.prod(shape))), "That is the number of all weights. fan_in counts those of *one* output."),
        Mistake("too-few-axes-let-through", lambda shape: fan(shape) if len(shape) > 1 else (shape[0] if shape else 1, 1), "A bias has no fan: with {inputs} raise ValueError, or somebody will scale a bias by it."),
        Mistake("too-few-axes-not-explained", lambda shape: (shape[1] * math.prod(shape[2:]), shape[0] * math.prod(shape[2:])), "With {inputs} python raises an IndexError, somewhere in your formula. Ask for the number of axes first, and raise ValueError."),
        Mistake("three-axes-at-most", lambda shape: two_axes(lambda s: (lambda out, into: (into, out))(*s))(shape), "Your code takes the shape apart into exactly two numbers. A weight may have more axes: {inputs}."),
    ),
)


# ---------------------------------------------------------------------------------------- Xavier and Kaiming
def filled(shape: tuple, options: dict, seed: int, f: Callable) -> Any:
    with fixed(seed):
        tensor = torch.zeros(*shape).requires_grad_()
        f(tensor, **options)
        return spread(tensor)


def about_filling(what: str, seed: int, f: Callable) -> Any:
    """One of several questions about a tensor that was filled."""
    with fixed(seed):
        tensor = torch.zeros(6, 4).requires_grad_()
        view, other = tensor.detach(), torch.zeros(6, 4)
        given = f(tensor)
        torch.manual_seed(seed)
        f(other)
        same = bool((other == tensor.detach()).all())
        f(other)
        return {
            "is the tensor itself given back?": given is tensor,
            "does another tensor on the same memory see it?": bool((view == tensor.detach()).all()),
            "does it still ask for a gradient, with no history?": tensor.requires_grad and tensor.is_leaf,
            "the same numbers after the same torch.manual_seed?": same,
            "the same numbers in the next call?": bool((other == tensor.detach()).all()),
        }[what]


QUESTIONS = (
    ("is the tensor itself given back?", True),
    ("does another tensor on the same memory see it?", True),
    ("does it still ask for a gradient, with no history?", True),
    ("the same numbers after the same torch.manual_seed?", True),
    ("the same numbers in the next call?", False),
)


def filling_trials(deviation: Callable, share: float, gain: float) -> Callable:
    """Trials of an initialization; `deviation(fan_in, fan_out)` is that of gain 1, `gain` what goes without saying."""

    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        label = f"{SPREAD}, {EVENLY if share == EVEN else BELL}"
        for shape, options in (((100, 400), {}), ((400, 100), {}), ((100, 400), {"gain": 3.0}), ((100, 400), {"gain": 0.5}), ((40, 30, 5, 5), {})):
            places = len([*np.ndindex(*shape[2:])])
            std = options.get("gain", gain) * deviation(shape[1] * places, shape[0] * places)
            text = f"a tensor of shape {shape}" + "".join(f", {name}={value}" for name, value in options.items())
            yield Trial(label, text, partial(filled, shape, options, int(rng.integers(2**31))), spreading(std, share), 0.03)
        for what, expected in QUESTIONS:
            yield Trial(what, "a tensor of shape (6, 4)", partial(about_filling, what, int(rng.integers(2**31))), expected)

    return trials


def xavier_uniform_(tensor, gain=1.0):
    fan_in, fan_out = fan(tensor.shape)
    bound = gain * math.sqrt(6 / (fan_in + fan_out))
    with torch.no_grad():
        tensor.uniform_(-bound, bound)
    return tensor


def xavier_by_deviation(tensor, gain=1.0):
    std = gain * math.sqrt(2.0 / sum(fan(tensor.shape)))
    with torch.no_grad():
        return tensor.copy_((torch.rand(*tensor.shape) - 0.5) * (std * math.sqrt(12)))


def xavier_detached(tensor, gain=1.0):
    a, b = fan_by_sizes(tensor.shape)
    reach = gain * 6**0.5 / (a + b) ** 0.5
    tensor.detach().uniform_(-reach, reach)
    return tensor


def xavier_by_index(tensor, gain=1.0):
    bound = gain * np.sqrt(3 / np.mean(fan_by_loop(tensor.shape)))
    with torch.no_grad():
        tensor[...] = bound * (1 - 2 * torch.rand(tensor.shape))
    return tensor


def evenly(bound: Callable) -> Callable:
    """Even numbers within bound(fan_in, fan_out, gain)."""

    def xavier_uniform_(tensor, gain=1.0):
        reach = bound(*fan(tensor.shape), gain)
        with torch.no_grad():
            return tensor.uniform_(-reach, reach)

    return xavier_uniform_


def normally(deviation: Callable, gain: float = math.sqrt(2)) -> Callable:
    """Normal numbers of deviation(fan_in, fan_out, gain)."""
    usual = gain

    def kaiming_normal_(tensor, gain=usual):
        with torch.no_grad():
            return tensor.normal_(0.0, deviation(*fan(tensor.shape), gain))

    return kaiming_normal_


def without_field(rule: Callable) -> Callable:
    """The same, with the fans of the first two axes alone."""

    def fill(tensor, **options):
        flat = torch.zeros(*tensor.shape[:2])
        std = rule(flat, **options).array.std()
        return rescaled(rule(tensor, **options), std)

    return fill


def rescaled(tensor: Any, std: float) -> Any:
    with torch.no_grad():
        return tensor.mul_(std / tensor.array.std())


def new_tensor(rule: Callable) -> Callable:
    return lambda tensor, **options: rule(torch.zeros(*tensor.shape), **options)


def silent(rule: Callable) -> Callable:
    def fill(tensor, **options):
        rule(tensor, **options)

    return fill


def recorded(tensor, **options):
    return tensor.uniform_(-1, 1)


def assigned(rule: Callable) -> Callable:
    def fill(tensor, **options):
        tensor.data = rule(torch.zeros(*tensor.shape), **options)
        return tensor

    return fill


def seeded(rule: Callable) -> Callable:
    def fill(tensor, **options):
        torch.manual_seed(42)
        return rule(tensor, **options)

    return fill


def from_numpy(draw: Callable) -> Callable:
    def fill(tensor, **options):
        with torch.no_grad():
            return tensor.copy_(torch.tensor(draw(*fan(tensor.shape), tensor.shape, **options)))

    return fill


def switched_off(rule: Callable) -> Callable:
    """Stops asking for a gradient, and never begins again."""

    def fill(tensor, **options):
        tensor.requires_grad = False
        return rule(tensor, **options)

    return fill


def filling(shipped: Callable, run: Callable, fits: Callable) -> Callable:
    """How a learner's initialization becomes `learnnn.nn.init.<name>`; `run(f, tensor, ...)` calls it for what fits."""
    signature = inspect.signature(shipped)

    def adapt(f: Callable) -> Callable:
        @wraps(shipped)
        def yours(*args: Any, **kwargs: Any) -> Any:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                return shipped(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            if given["generator"] is not None or not is_float_tensor(given["tensor"]) or not fits(**given):
                return shipped(*args, **kwargs)
            run(f, **given)
            return given["tensor"]

        return yours

    return adapt


def is_float_tensor(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.is_floating_point()


def run_xavier(f: Callable, tensor: Any, gain: float, generator: Any) -> None:
    f(tensor, gain)


def run_kaiming(f: Callable, tensor: Any, a: float, mode: str, nonlinearity: str, generator: Any) -> None:
    f(tensor, calculate_gain(nonlinearity, a))


def has_fans(tensor: Any, **rest: Any) -> bool:
    return tensor.ndim >= 2 and tensor.numel() > 0


def is_by_inputs(tensor: Any, mode: str, **rest: Any) -> bool:
    return has_fans(tensor) and mode == "fan_in"


NEW_TENSOR_HINT = "You give back a new tensor; the one you were given keeps its old numbers. The underscore in the name says: in place. Fill the tensor itself."
SILENT_HINT = "The tensor is filled. PyTorch's functions also return it, so that one can write `w = nn.init...(torch.empty(3, 4))`."
RECORDED_HINT = "Writing into a tensor that asks for a gradient is refused: it cannot be recorded. Do it under `with torch.no_grad():`."
ASSIGNED_HINT = "You give the tensor new memory (`.data = `). Others that look at the old one, a shared weight or a state dict, do not see the new numbers. Write into the old memory: copy_, uniform_, normal_."
SEEDED_HINT = "The next call gives the same numbers again: there is a seed inside. All layers of one size would begin alike."
NUMPYS_HINT = "After torch.manual_seed the same numbers should come again. Yours come from numpy's generator, which that seed does not reach. Use the tensor's own uniform_ or normal_, or torch.rand and torch.randn."
SWITCHED_HINT = "The tensor asks for no gradient any more: it will never be trained. Leave requires_grad alone, and write under torch.no_grad()."


lesson(
    "xavier_uniform_",
    xavier_uniform_,
    title="Xavier's first weights",
    statement="Fill a weight in place with even random numbers, of standard deviation gain * sqrt(2 / (fan_in + fan_out)): that is, between -bound and bound, with bound = gain * sqrt(6 / (fan_in + fan_out)). Return the tensor. torch's random numbers; nothing recorded.",
    signature="xavier_uniform_(tensor, gain=1.0) -> the tensor",
    trials=filling_trials(lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)), EVEN, 1.0),
    variants=(xavier_by_deviation, xavier_detached, xavier_by_index),
    hints=(
        "Your fan() gives both numbers. Even numbers between -bound and bound have a standard deviation of bound / sqrt(3): that is how the 2 under the root becomes a 6.",
        "tensor.uniform_(-bound, bound) fills in place. A tensor that asks for a gradient may only be written to under `with torch.no_grad():`.",
        "Three steps: fan_in, fan_out = fan(tensor.shape); bound = gain * math.sqrt(6 / (fan_in + fan_out)); under no_grad, uniform_. Then return the tensor.",
    ),
    replaces="learnnn.nn.init.xavier_uniform_",
    adapt=filling(xavier_shipped, run_xavier, has_fans),
    mistakes=(
        Mistake("deviation-for-bound", evenly(lambda i, o, gain: gain * math.sqrt(2 / (i + o))), "sqrt(2 / (fan_in + fan_out)) is the standard deviation. Numbers spread evenly up to a bound have bound / sqrt(3): your bound is too small by that factor."),
        Mistake("fan-in-only", evenly(lambda i, o, gain: gain * math.sqrt(3 / i)), "You scale by fan_in alone, so the way back is forgotten. Xavier takes the mean of both: {inputs} gives a deviation of {expected}."),
        Mistake("fan-out-only", evenly(lambda i, o, gain: gain * math.sqrt(3 / o)), "You scale by fan_out alone, so the way forward is forgotten. Xavier takes both: {inputs}."),
        Mistake("sum-without-half", evenly(lambda i, o, gain: gain * math.sqrt(3 / (i + o))), "fan_in + fan_out is twice their mean: with 3 under the root your numbers are too small by sqrt(2). It is 6 / (fan_in + fan_out)."),
        Mistake("root-forgotten", evenly(lambda i, o, gain: gain * 6 / (i + o)), "The root is missing: variances are added up, and the bound is a root of one."),
        Mistake("gain-ignored", evenly(lambda i, o, gain: math.sqrt(6 / (i + o))), "Right for gain 1. With {inputs} everything is to be so many times as large."),
        Mistake("gain-under-the-root", evenly(lambda i, o, gain: math.sqrt(gain * 6 / (i + o))), "The gain multiplies the numbers, so it stands before the root; yours stands under it."),
        Mistake("normal-for-even", normally(lambda i, o, gain: gain * math.sqrt(2 / (i + o)), gain=1.0), "The deviation is right, the numbers are normal ones. xavier_uniform_ draws even ones, between two bounds."),
        Mistake("only-positive", lambda tensor, gain=1.0: positive(xavier_uniform_(tensor, gain)), "All your numbers are positive. They lie on both sides of 0: from -bound to bound."),
        Mistake("field-left-out", without_field(xavier_uniform_), "Right for two axes. For {inputs} the fans are larger: use your fan(), which counts the further axes."),
        Mistake("new-tensor", new_tensor(xavier_uniform_), NEW_TENSOR_HINT),
        Mistake("nothing-returned", silent(xavier_uniform_), SILENT_HINT),
        Mistake("recorded", recorded, RECORDED_HINT),
        Mistake("memory-exchanged", assigned(xavier_uniform_), ASSIGNED_HINT),
        Mistake("gradient-switched-off", switched_off(xavier_uniform_), SWITCHED_HINT),
        Mistake("seed-inside", seeded(xavier_uniform_), SEEDED_HINT),
        Mistake("numpys-generator", from_numpy(lambda i, o, shape, gain=1.0: np.random.uniform(-1, 1, shape) * gain * math.sqrt(6 / (i + o))), NUMPYS_HINT),
    ),
)


def positive(tensor: Any) -> Any:
    with torch.no_grad():
        return tensor.copy_(tensor.abs())


def kaiming_normal_(tensor, gain=2**0.5):
    fan_in, _ = fan(tensor.shape)
    with torch.no_grad():
        tensor.normal_(0, gain / math.sqrt(fan_in))
    return tensor


def kaiming_by_randn(tensor, gain=2**0.5):
    fan_in = fan(tensor.shape)[0]
    with torch.no_grad():
        return tensor.copy_(torch.randn(*tensor.shape) * gain * fan_in**-0.5)


def kaiming_by_variance(tensor, gain=2**0.5):
    variance = gain**2 / (math.prod(tensor.shape) // tensor.shape[0])
    with torch.no_grad():
        tensor[:] = torch.normal(0.0, math.sqrt(variance), tuple(tensor.shape))
    return tensor


def kaiming_detached(tensor, gain=2**0.5):
    numbers = tensor.detach()
    numbers.normal_()
    numbers.mul_(gain / np.sqrt(fan_by_loop(tensor.shape)[0]))
    return tensor


def kaiming_evenly(tensor, gain=2**0.5):
    bound = math.sqrt(3) * gain / math.sqrt(fan(tensor.shape)[0])
    with torch.no_grad():
        return tensor.uniform_(-bound, bound)


lesson(
    "kaiming_normal_",
    kaiming_normal_,
    title="Kaiming He's first weights",
    statement="Fill a weight in place with normal random numbers of mean 0 and standard deviation gain / sqrt(fan_in). Return the tensor. The gain for relu, sqrt(2), goes without saying.",
    signature="kaiming_normal_(tensor, gain=2**0.5) -> the tensor",
    trials=filling_trials(lambda fan_in, fan_out: 1 / math.sqrt(fan_in), NORMAL, math.sqrt(2)),
    variants=(kaiming_by_randn, kaiming_by_variance, kaiming_detached),
    hints=(
        "Only one of your two fans is needed: how many numbers does one output add up?",
        "tensor.normal_(mean, std) fills in place. It takes the standard deviation, which is the root of the variance.",
        "fan_in, _ = fan(tensor.shape); under no_grad, tensor.normal_(0, gain / math.sqrt(fan_in)); return the tensor.",
    ),
    replaces="learnnn.nn.init.kaiming_normal_",
    adapt=filling(kaiming_shipped, run_kaiming, is_by_inputs),
    mistakes=(
        Mistake("fan-out-for-fan-in", normally(lambda i, o, gain: gain / math.sqrt(o)), "You divide by the root of fan_out. What is added up in a neuron are its inputs: fan_in. For {inputs} the deviation is {expected}."),
        Mistake("mean-of-both", normally(lambda i, o, gain: gain / math.sqrt((i + o) / 2)), "You take the mean of fan_in and fan_out, as Xavier does. He takes fan_in alone."),
        Mistake("gain-forgotten", normally(lambda i, o, gain: (gain if gain != math.sqrt(2) else 1) / math.sqrt(i)), "relu throws away half of the signal, and you have not made up for it: the gain is sqrt(2) if nobody says otherwise."),
        Mistake("gain-ignored", normally(lambda i, o, gain: math.sqrt(2 / i)), "Right for relu. With {inputs} the gain is another one: use the argument."),
        Mistake("gain-two", normally(lambda i, o, gain: (gain if gain != math.sqrt(2) else 2) / math.sqrt(i)), "The variance is doubled, 2 / fan_in. So the standard deviation is sqrt(2 / fan_in): the gain is sqrt(2), and you took 2."),
        Mistake("variance-for-deviation", normally(lambda i, o, gain: gain**2 / i), "You hand the variance to normal_, which wants the standard deviation: take the root."),
        Mistake("gain-under-the-root", normally(lambda i, o, gain: math.sqrt(gain / i)), "The gain multiplies the numbers, so it stands before the root; yours stands under it."),
        Mistake("even-for-normal", kaiming_evenly, "The deviation is right, the numbers are spread evenly. kaiming_normal_ draws normal ones."),
        Mistake("deviation-for-bound", evenly(lambda i, o, gain: (math.sqrt(2) if gain == 1.0 else gain) / math.sqrt(i)), "You draw even numbers between plus and minus the deviation. Draw normal ones with that deviation."),
        Mistake("only-positive", lambda tensor, gain=2**0.5: positive(kaiming_normal_(tensor, gain)), "All your numbers are positive. The mean is to be 0."),
        Mistake("field-left-out", without_field(kaiming_normal_), "Right for two axes. For {inputs} fan_in is larger: use your fan(), which counts the further axes."),
        Mistake("new-tensor", new_tensor(kaiming_normal_), NEW_TENSOR_HINT),
        Mistake("nothing-returned", silent(kaiming_normal_), SILENT_HINT),
        Mistake("recorded", recorded, RECORDED_HINT),
        Mistake("memory-exchanged", assigned(kaiming_normal_), ASSIGNED_HINT),
        Mistake("gradient-switched-off", switched_off(kaiming_normal_), SWITCHED_HINT),
        Mistake("seed-inside", seeded(kaiming_normal_), SEEDED_HINT),
        Mistake("numpys-generator", from_numpy(lambda i, o, shape, gain=2**0.5: np.random.normal(0, gain / math.sqrt(i), shape)), NUMPYS_HINT),
    ),
)


# ----------------------------------------------------------------------------------------- beyond: Flatten, count
def flattened(x: np.ndarray, cls: type) -> Any:
    with fixed():
        return cls()(torch.tensor(x))


def flattened_back(x: np.ndarray, g: np.ndarray, cls: type) -> Any:
    with fixed():
        tensor = torch.tensor(x, requires_grad=True)
        cls()(tensor).backward(torch.tensor(g))
        return tensor.grad


def in_a_row(x: np.ndarray) -> np.ndarray:
    """Each example's numbers one after the other, the last axis fastest."""
    width = len([*np.ndindex(*x.shape[1:])])
    return np.array([[example[place] for place in np.ndindex(*example.shape)] for example in x], float).reshape(len(x), width)


def flatten_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small = np.array([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    for x in (small, drawn(rng, 2, 3, 4), drawn(rng, 3, 2, 2, 2), drawn(rng, 1, 2, 3), drawn(rng, 4, 3), drawn(rng, 5), drawn(rng, 4, 3, 2).transpose(0, 2, 1), np.zeros((0, 2, 3)), np.zeros((2, 0, 3))):
        yield Trial("", f"x = {spelled(x)}", partial(flattened, x), in_a_row(x))
    x = drawn(rng, 2, 2, 3)
    g = drawn(rng, 2, 6)
    yield Trial("the gradient of x", f"x of shape (2, 2, 3), gradient of the output {spelled(g)}", partial(flattened_back, x, g), g.reshape(x.shape))


class Flatten(Module):
    def forward(self, x):
        return x.reshape(len(x), math.prod(x.shape[1:]))


class FlattenInOneWord(Module):
    def forward(self, x):
        return x.flatten(1) if x.ndim > 1 else x.reshape(len(x), 1)


class FlattenByLoop(Module):
    def forward(self, x):
        width = 1
        for n in x.shape[1:]:
            width *= n
        return x.view(x.shape[0], width) if x.is_contiguous() else x.contiguous().view(x.shape[0], width)


def flattening(f: Callable) -> type:
    return type("Flatten", (Module,), {"forward": lambda self, x: f(x)})


lesson(
    "Flatten",
    Flatten,
    title="Flatten: pictures as rows",
    statement="A Module that makes each example one row: (N, ...) becomes (N, K), where K is the product of all axes but the first. N may be 0, and there may be nothing behind N.",
    signature="class Flatten(Module): Flatten()",
    trials=flatten_trials,
    variants=(FlattenInOneWord, FlattenByLoop, flattening(lambda x: x.reshape(x.shape[0], math.prod(tuple(x.shape)[1:])))),
    hints=(
        "The first axis stays, the others become one. How long is it? math.prod of the rest of the shape (the product of nothing is 1).",
        "reshape(-1) lets the machine work out an axis, from the number of elements. With no elements at all it cannot: say both sizes.",
        "A Module needs no __init__ if it has no parameters. forward: `return x.reshape(len(x), ...)`, with the product as the second size.",
    ),
    mistakes=(
        Mistake("batch-flattened-too", flattening(lambda x: x.reshape(-1)), "The examples have run together: the first axis has to stay. {inputs} becomes {expected}."),
        Mistake("one-row", flattening(lambda x: x.reshape(1, math.prod(x.shape))), "All examples are in one row. Each is to have a row of its own."),
        Mistake("turned-over", flattening(lambda x: x.reshape(math.prod(x.shape[1:]), len(x)).T), "The shape is right, the numbers are in the wrong places: reshape does not turn axes. Put N first."),
        Mistake("first-axis-last", flattening(lambda x: x.reshape(math.prod(x.shape[1:]), len(x))), "N comes first: (N, K), a row for each example. Yours is (K, N)."),
        Mistake("last-axis-kept", flattening(lambda x: x.reshape(math.prod(x.shape[:-1]), x.shape[-1])), "You have kept the last axis. The one to keep is the first."),
        Mistake("axes-turned-around", flattening(lambda x: x.permute(*range(x.ndim))[(slice(None), *[slice(None)] * (x.ndim - 1))].permute(0, *range(x.ndim - 1, 0, -1)).reshape(len(x), math.prod(x.shape[1:]))), "The numbers of an example come in another order. As they stand: the last axis runs fastest. For {inputs} it is {expected}."),
        Mistake("minus-one-for-none", flattening(lambda x: x.reshape(len(x), -1)), "Nearly: with {inputs} there is nothing to work the -1 out from. Say the size: the product of the other axes."),
        Mistake("two-axes-only", flattening(lambda x: x.reshape(len(x), x.shape[1] * x.shape[2]) if x.ndim > 2 else x.reshape(len(x), math.prod(x.shape[1:]))), "Right for one picture of rows and columns. There may be more axes behind: {inputs}."),
        Mistake("vectors-left-alone", flattening(lambda x: x.reshape(len(x), math.prod(x.shape[1:])) if x.ndim > 1 else x), "With {inputs} there is nothing behind N, and each example is one number: a row of one, shape (N, 1)."),
        Mistake("off-the-graph", flattening(lambda x: torch.tensor(x.detach().numpy().reshape(len(x), math.prod(x.shape[1:])))), "The numbers are right, and no gradient comes back through your layer: it went through numpy. Use the tensor's reshape."),
        Mistake("mean-over-the-rest", flattening(lambda x: x.mean(tuple(range(1, x.ndim)), keepdim=False)[:, None] if x.ndim > 1 else x[:, None]), "You have averaged each example away. All its numbers are kept, side by side."),
    ),
)


def counted_model() -> Any:
    """An own parameter, nested parts, one shared, one frozen, one without parameters."""
    module = tree(scale=[1.0], body={"first": {"w": np.ones((4, 3)), "b": np.ones(4)}, "last": {"w": np.ones((2, 4))}}, head={"w": np.ones((5, 2)), "b": np.ones(5)}, frozen={"w": np.ones((3, 3)), "b": np.ones(3)})
    module.tied = tree(b=np.ones(2))
    module.tied.w = module.body.first.w
    module.act = Module()
    for parameter in module.frozen.parameters():
        parameter.requires_grad = False
    return module


COUNTS = (
    (lambda: tree(body={"w": np.ones((2, 3)), "b": np.ones(2)}), "m.body.w (2, 3), m.body.b (2,)", {"body": 8}),
    (lambda: tree(w=np.ones((2, 3)), b=np.ones(2)), "m.w (2, 3), m.b (2,)", {"w": 6, "b": 2}),
    (lambda: tree(one={"w": [0.0]}, two={"w": [0.0]}), "m.one.w = [0], m.two.w = [0]", {"one": 1, "two": 1}),
    (lambda: tree(temperature=1.0, body={"w": np.ones((3, 3))}), "m.temperature = 1.0 (no axis), m.body.w (3, 3)", {"temperature": 1, "body": 9}),
    (lambda: tree(act={}, body={"w": np.ones((1, 4))}), "m.act without parameters, m.body.w (1, 4)", {"act": 0, "body": 4}),
    (frozen_tree, "m.a (1,), which asks for no gradient, m.b (1,)", {"a": 0, "b": 1}),
    (tied_tree, "m.first.w (1,), m.last.b (1,), m.last.w = m.first.w", {"first": 1, "last": 1}),
    (lambda: tree(body={"first": {"w": np.ones((2, 2))}, "last": {"w": np.ones((2, 5)), "b": np.ones(2)}}), "m.body.first.w (2, 2), m.body.last.w (2, 5), m.body.last.b (2,)", {"body": 16}),
    (counted_model, "m.scale (1,); m.body: first.w (4, 3), first.b (4,), last.w (2, 4); m.head: w (5, 2), b (5,); m.frozen: w (3, 3), b (3,), no gradient; m.tied: b (2,), w = m.body.first.w; m.act: nothing", {"scale": 1, "body": 24, "head": 15, "frozen": 0, "tied": 2, "act": 0}),
    (tree, "a module without anything", {}),
)


def counted(make: Callable, f: Callable) -> Any:
    with fixed():
        return f(make())


def count_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for make, text, expected in COUNTS:
        yield Trial("", text, partial(counted, make), expected)


def count(module):
    totals = dict.fromkeys([*module._parameters, *module._modules], 0)
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            totals[name.split(".")[0]] += parameter.numel()
    return totals


def count_with_seen(module):
    seen, totals = set(), {}
    for name, p in module._parameters.items():
        totals[name] = p.numel() * p.requires_grad * (id(p) not in seen)
        seen.add(id(p))
    for name, part in module._modules.items():
        new = [p for p in part.parameters() if id(p) not in seen]
        seen |= set(map(id, new))
        totals[name] = sum(math.prod(p.shape) for p in new if p.requires_grad)
    return totals


def count_by_names(module):
    pairs = [(n.partition(".")[0], p.detach().numpy().size) for n, p in module.named_parameters() if p.requires_grad]
    return {part: sum(size for top, size in pairs if top == part) for part in {**module._parameters, **module._modules}}


def count_by_difference(module):
    def total(parts):
        unique = {id(p): p for part in parts for p in part if p.requires_grad}
        return sum(p.numel() for p in unique.values())

    groups = {name: [p] for name, p in module._parameters.items()} | {name: [*m.parameters()] for name, m in module._modules.items()}
    lists = list(groups.values())
    return {name: total(lists[: i + 1]) - total(lists[:i]) for i, name in enumerate(groups)}


def counting(size: Callable = lambda p: p.numel(), frozen: bool = False, empty: bool = True, own: bool = True, key: Callable = lambda name: name.split(".")[0]) -> Callable:
    """A count that measures, chooses or names otherwise."""

    def count(module):
        totals = dict.fromkeys([*(module._parameters if own else ()), *module._modules], 0) if empty else {}
        for name, p in module.named_parameters():
            if (frozen or p.requires_grad) and (own or "." in name):
                totals[key(name)] = totals.get(key(name), 0) + size(p)
        return totals

    return count


def shared_in_each(module):
    own = {name: p.numel() if p.requires_grad else 0 for name, p in module._parameters.items()}
    return own | {name: sum(p.numel() for p in part.parameters() if p.requires_grad) for name, part in module._modules.items()}


def one_level_counted(module):
    seen = set()

    def total(parameters):
        new = [p for p in parameters if id(p) not in seen]
        seen.update(map(id, new))
        return sum(p.numel() for p in new if p.requires_grad)

    own = {name: total([p]) for name, p in module._parameters.items()}
    return own | {name: total(part._parameters.values()) for name, part in module._modules.items()}


def last_one_counts(module):
    totals = dict.fromkeys([*module._parameters, *module._modules], 0)
    for name, p in module.named_parameters():
        if p.requires_grad:
            totals[name.split(".")[0]] = p.numel()
    return totals


def equal_counted_once(module):
    totals, seen = dict.fromkeys([*module._parameters, *module._modules], 0), []
    for name, p in module.named_parameters():
        if p.requires_grad and p.tolist() not in seen:
            totals[name.split(".")[0]] += p.numel()
        seen.append(p.tolist())
    return totals


lesson(
    "count",
    count,
    title="Count: how many numbers does training change, and where?",
    statement="For a module, a dictionary: for each of its own parameters and each of its direct parts, by name, how many numbers training changes there (everything below counts). A shared parameter counts where it comes first. What asks for no gradient counts 0. Parts without parameters are listed, with 0.",
    signature="count(module) -> {name: number}",
    trials=count_trials,
    variants=(count_with_seen, count_by_names, count_by_difference),
    hints=(
        "named_parameters() already goes through the whole tree and gives what is shared once, under its first name. The part is the first piece of the name: 'body.first.w'.split('.')[0].",
        "Begin with a 0 for every name in module._parameters and module._modules. Then add.",
        "parameter.numel() is the number of its elements; skip it where parameter.requires_grad is False.",
    ),
    mistakes=(
        Mistake("parameters-not-numbers", counting(lambda p: 1), "You count parameters, a weight as 1. What is asked is how many numbers they hold: numel()."),
        Mistake("rows-only", counting(lambda p: p.shape[0] if p.ndim else 1), "You count the rows. A weight of shape (2, 3) has 6 numbers."),
        Mistake("axes-added", counting(lambda p: sum(p.shape)), "You add the axes up. The number of elements is their product (and 1 for no axis at all)."),
        Mistake("frozen-counted", counting(frozen=True), "What asks for no gradient is not changed by training: with {inputs} it is {expected}."),
        Mistake("shared-counted-twice", shared_in_each, "A parameter that two parts share is one set of numbers. It counts where it comes first, and not again."),
        Mistake("equal-taken-for-shared", equal_counted_once, "Two parameters with equal numbers are not one. Shared means: the same object."),
        Mistake("one-level-only", one_level_counted, "You count the parts' own parameters, and not what lies deeper. 'body' includes 'body.first.w'."),
        Mistake("last-one-counts", last_one_counts, "Of the several parameters of a part only the last is counted: add up, `+=`."),
        Mistake("empty-parts-left-out", counting(empty=False), "Parts in which nothing is trained are missing. List them, with 0."),
        Mistake("own-left-out", counting(own=False), "The module's own parameters are missing: they count too, each under its own name."),
        Mistake("full-names", counting(empty=False, key=lambda name: name), "You list every parameter by its full name. Asked is a total for each direct part: 'body'."),
        Mistake("one-total", lambda module: sum(count(module).values()), "That is the total. Asked is a dictionary, part by part."),
    ),
)


# ------------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("how many numbers training changes", "how many entries state_dict(model) has", "the standard deviation after ten layers")
ANSWERS = 130, 8, 2.0**-10


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for place, value in enumerate(ANSWERS):
        yield Trial("", PREDICTED[place], partial(judged, place, value), "right")


def prediction():
    # 4*8 + 8 = 40 in the first layer, 8*8 + 8 = 72 in the one that is there twice, 8*2 + 2 = 18 in the last
    # four layers with two names each: a state dict has both names of what is shared
    # each layer multiplies the deviation by sqrt(100) * 0.05 = 0.5
    return 40 + 72 + 18, 8, 0.5**10


lesson(
    "predict",
    prediction,
    title="Predict, then run: counting, and ten layers deep",
    statement="shared = Linear(8, 8); model = Sequential(Linear(4, 8), shared, ReLU(), shared, Linear(8, 2)). How many numbers does training change, and how many entries has state_dict(model)? And: a signal of deviation 1 goes through ten layers Linear(100, 100, bias=False) whose weights have deviation 0.05, and nothing in between. With which deviation does it come out? On paper.",
    signature="prediction() -> (numbers, entries, deviation)",
    trials=prediction_trials,
    variants=(lambda: [130, 8, 1 / 1024], lambda: np.array([130.0, 8.0, 0.0009765625]), saying(130, 8, 0.05**10 * 10**10)),
    hints=(
        "A Linear(k, m) has m * k weights and m biases. What does named_parameters do with a layer that is there twice, and what does state_dict do?",
        "Each output of a layer adds up 100 products. Their variances add up: 100 times 0.05 squared. By what is the *deviation* multiplied?",
        "sqrt(100) * 0.05 for each layer; ten layers, so ten times that factor.",
    ),
    mistakes=(
        Mistake("shared-counted-twice", saying(202, 8, 2.0**-10), "The shared layer is one layer: its 72 numbers are trained once."),
        Mistake("biases-left-out", saying(112, 8, 2.0**-10), "You have left out the biases: one for each neuron."),
        Mistake("entries-once", saying(130, 6, 2.0**-10), "A state dict lists what is shared under both of its names, unlike named_parameters."),
        Mistake("entries-by-layer", saying(130, 4, 2.0**-10), "A layer has two entries, weight and bias."),
        Mistake("relu-has-entries", saying(130, 10, 2.0**-10), "ReLU has nothing to learn, so it has no entry."),
        Mistake("variance-for-deviation", saying(130, 8, 4.0**-10), "That is the variance: it is multiplied by 100 * 0.05 ** 2 in each layer. The deviation is its root."),
        Mistake("one-layer-only", saying(130, 8, 0.5), "That is after one layer. There are ten."),
        Mistake("halved-ten-times-linearly", saying(130, 8, 0.05), "1/2 ten times is not 1/20: factors multiply."),
        Mistake("inputs-forgotten", saying(130, 8, 0.05**10), "A neuron does not see one input but the sum of 100, which is larger than one of them: by sqrt(100)."),
        Mistake("sum-instead-of-root", saying(130, 8, 5.0**10), "100 random numbers of both signs do not add up to 100 times one: they partly cancel, and the deviation grows by sqrt(100)."),
    ),
)


# ------------------------------------------------------------------------------------------------ find the bug
class Net(Module):
    """A body and a head."""

    def __init__(self, body: Any, head: Any):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x: Any) -> Any:
        return self.head(self.body(x).tanh())


def stale_retrain(model, head, x, wanted, steps, rate):
    knobs = list(model.parameters())
    model.head = head
    for _ in range(steps):
        miss = model(x) - wanted
        loss = (miss * miss).mean()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for knob in knobs:
                if knob.grad is not None:
                    knob -= rate * knob.grad
    return loss.item()


def retraining(knobs: Callable = lambda model, head, old: [*model.parameters()], forget: bool = True, place: bool = True) -> Callable:
    """The same with other knobs."""

    def retrain(model, head, x, wanted, steps, rate):
        old = list(model.parameters())
        if place:
            model.head = head
        turned = knobs(model, head, old)
        for _ in range(steps):
            miss = model(x) - wanted
            loss = (miss * miss).mean()
            if forget:
                model.zero_grad()
            loss.backward()
            step(turned, rate)
        return loss.item()

    return retrain


def step(knobs: list, rate: float) -> None:
    with torch.no_grad():
        for knob in knobs:
            if knob.grad is not None:
                knob -= rate * knob.grad


def asked_each_step(model, head, x, wanted, steps, rate):
    model.head = head
    for _ in range(steps):
        miss = model(x) - wanted
        loss = (miss * miss).mean()
        for knob in model.parameters():
            knob.grad = None
        loss.backward()
        step(model.parameters(), rate)
    return float(loss.item())


def frozen_body(model: Any, head: Any, old: list) -> list:
    return [*head.parameters()]


mended = retraining()


def repair():
    def retrain(model, head, x, wanted, steps, rate):
        model.head = head
        knobs = list(model.parameters())  # only now: with those of the new head
        for _ in range(steps):
            miss = model(x) - wanted
            loss = (miss * miss).mean()
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for knob in knobs:
                    if knob.grad is not None:
                        knob -= rate * knob.grad
        return loss.item()

    return retrain, "C"


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "C" else f"not {letter}"


def retrained(arrays: tuple, x: np.ndarray, wanted: np.ndarray, steps: int, repair: Callable) -> Any:
    """Body and head after so many steps with the repaired function, which gets a model with another head."""
    with fixed():
        body, head = given(Linear, *arrays[:2]), given(Linear, *arrays[2:])
        model = Net(body, Linear(arrays[2].shape[1], 1))
        repair()[0](model, head, torch.tensor(x), torch.tensor(wanted), steps, 0.1)
        kept = (model.body.weight, model.body.bias, model.head.weight, model.head.bias)
        return tuple(np.array(p.array) for p in kept)


def net_loss(x: np.ndarray, wanted: np.ndarray, w: np.ndarray, b: np.ndarray, v: np.ndarray, c: np.ndarray) -> np.ndarray:
    miss = layer(np.tanh(layer(x, w, b)), v, c) - wanted
    return np.asarray((miss * miss).mean())


def stepped(arrays: tuple, x: np.ndarray, wanted: np.ndarray, steps: int) -> tuple:
    """The same by nudging."""
    for _ in range(steps):
        slopes = gradients(partial(net_loss, x, wanted), arrays, 1.0, nudge=1e-4)
        arrays = tuple(a - 0.1 * slope for a, slope in zip(arrays, slopes))
    return arrays


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for k, m, out, steps in ((1, 1, 1, 1), (2, 2, 1, 2), (2, 3, 2, 3)):
        arrays = tuple(drawn(rng, *shape) for shape in ((m, k), (m,), (out, m), (out,)))
        x, wanted = drawn(rng, 3, k), drawn(rng, 3, out) + 5
        text = f"Linear({k}, {m}), then a new head Linear({m}, {out}), {steps} step{'s' * (steps > 1)}"
        yield Trial("body.weight, body.bias, head.weight, head.bias afterwards", text, partial(retrained, arrays, x, wanted, steps), stepped(arrays, x, wanted, steps), 1e-5)
    yield Trial("the letter", "cause", cause_of, CAUSE)


lesson(
    "find_the_bug",
    repair,
    title="Find the bug: a head that does not learn",
    statement="Repair the function that puts a new head on a model and trains both, and name the cause by its letter.",
    signature="repair() -> (the repaired retrain(model, head, x, wanted, steps, rate), the letter of the cause)",
    trials=bug_trials,
    variants=(saying(mended, "C"), saying(asked_each_step, "c"), saying(retraining(lambda model, head, old: [*model.body.parameters(), *head.parameters()]), " C ")),
    hints=(
        "Which tensors does the loop change? Print their shapes, or their id()s, beside those of model.named_parameters() at the end.",
        "The list of knobs holds what the model had when the list was made. What did it have then, and what has it now?",
        "The order of two lines. First the new head, then the list.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", saying(stale_retrain, "C"), "That is the cause; the code still has it: the new head's numbers are those it began with."),
        Mistake("cause-A", saying(mended, "A"), "The repair works. But the head was registered: model.named_parameters() lists it, once it is there."),
        Mistake("cause-B", saying(mended, "B"), "The repair works. But the head did get a gradient: print head.weight.grad after training with the broken version."),
        Mistake("cause-D", saying(mended, "D"), "The repair works. But zero_grad came before backward, so no gradient was lost."),
        Mistake("cause-E", saying(mended, "E"), "The repair works. But the forward pass did use the new head: its output has the new head's width."),
        Mistake("head-only", saying(retraining(frozen_body), "C"), "Now the head learns, and the body does not any more. Both are to be trained."),
        Mistake("body-twice", saying(retraining(lambda model, head, old: [*old, *model.parameters()]), "C"), "Both lists together have the body twice: it makes two steps each time."),
        Mistake("new-head-left-out", saying(retraining(place=False), "C"), "Now the model keeps its old head, and that one is trained. The new one has to go in."),
        Mistake("gradients-pile-up", saying(retraining(forget=False), "C"), "Without zero_grad, gradients of earlier steps are added to the new ones."),
    ),
)
