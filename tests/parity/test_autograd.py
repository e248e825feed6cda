"""backward, grad, hooks, Function, grad mode, detaching and changes in place: the same code under both libraries."""

import copy
import io
import pickle
import threading

import numpy as np
import pytest

from tests.parity.both import collect, same

pytestmark = pytest.mark.parity


def leaf(t, *values, **kwargs):
    return t.tensor(list(values) or 3.0, dtype=t.float64, requires_grad=True, **kwargs)


def grads(*tensors):
    return [x.grad for x in tensors]


def after(action, *tensors):
    """What the tensors' gradients are, once the action has run."""
    action()
    return grads(*tensors)


# ------------------------------------------------------------------------------------------------- backward
def accumulates(t):
    x = leaf(t, 1.0, 2.0)
    (x * x).sum().backward()
    (3 * x).sum().backward()
    return x.grad, x.grad.requires_grad, x.grad.is_leaf


def twice(t, **kwargs):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    y.backward(**kwargs)
    y.backward()
    return x.grad


def twice_without_saved(t):
    x = leaf(t, 1.0, 2.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


def shared_part_twice(t):
    x = leaf(t, 1.0, 2.0)
    h = x * x
    h.sum().backward()
    h.exp().sum().backward()


def of_a_leaf(t):
    x = leaf(t, 5.0)
    x.backward()
    return x.grad


def with_gradient(t, gradient):
    x = leaf(t, 1.0, 2.0)
    (x * x).backward(gradient(t))
    return x.grad


def only_inputs(t, pick):
    x, w = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    h = x * w
    h.retain_grad()
    (h * h).sum().backward(inputs=pick(x, w, h))
    return grads(x, w, h)


def zero_grads(t):
    x = leaf(t, 2.0)
    (x * x).backward()
    kept = x.grad
    x.grad = None
    (x * 3).backward()
    return kept, x.grad, kept is x.grad


def grad_in_place(t):
    x = leaf(t, 2.0)
    (x * x).backward()
    kept = x.grad
    (x * 3).backward()
    return kept, kept is x.grad


def two_leaves_do_not_share(t):
    a, b = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    (a + b).sum().backward()
    a.grad.zero_()
    return grads(a, b)


def two_leaves_do_not_share_recorded(t):
    a, b = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    (a + b).sum().backward(create_graph=True)
    with t.no_grad():
        a.grad.zero_()
    return grads(a, b)


def gradient_not_shared_with_the_users(t):
    x, g = leaf(t, 1.0, 2.0), t.ones(2, dtype=t.float64)
    x.backward(g)
    g.zero_()
    return x.grad


def several_outputs(t):
    x = leaf(t, 1.0, 2.0)
    t.autograd.backward([(x * x).sum(), x * 3], [None, t.ones(2, dtype=t.float64)])
    return x.grad


def same_output_twice(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    t.autograd.backward([y, y])
    return x.grad


def diamond(t):
    x = leaf(t, 0.5, -1.0)
    for _ in range(10):
        x2 = x * x
        x = x + x2 * 0.1 + x2.sin()
    return x.requires_grad


BACKWARD = {
    "accumulates": accumulates,
    "second time": twice,
    "second time, retained": lambda t: twice(t, retain_graph=True),
    "second time, create_graph": lambda t: twice(t, create_graph=True).detach(),
    "second time, create_graph without retain": lambda t: twice(t, create_graph=True, retain_graph=False),
    "second time without saved values": twice_without_saved,
    "shared part a second time": shared_part_twice,
    "of a leaf": of_a_leaf,
    "not a scalar": lambda t: (leaf(t, 1.0, 2.0) * 2).backward(),
    "one element": lambda t: (leaf(t, 1.0) * 2).backward(),
    "no gradient": lambda t: t.ones(()).backward(),
    "right gradient": lambda t: with_gradient(t, lambda t: t.tensor([1.0, 2.0], dtype=t.float64)),
    "gradient of another dtype": lambda t: with_gradient(t, lambda t: t.ones(2)),
    "gradient of another shape": lambda t: with_gradient(t, lambda t: t.ones(3)),
    "gradient that would broadcast": lambda t: with_gradient(t, lambda t: t.ones(1)),
    "gradient a number": lambda t: with_gradient(t, lambda t: 1.0),
    "inputs=x": lambda t: only_inputs(t, lambda x, w, h: x),
    "inputs=[x, w]": lambda t: only_inputs(t, lambda x, w, h: [x, w]),
    "inputs=[h]": lambda t: only_inputs(t, lambda x, w, h: [h]),
    "inputs=[]": lambda t: only_inputs(t, lambda x, w, h: []),
    "inputs constant": lambda t: only_inputs(t, lambda x, w, h: [x.detach()]),
    "grad set to None": zero_grads,
    "grad added to in place": grad_in_place,
    "two leaves do not share": two_leaves_do_not_share,
    "two leaves do not share, recorded": two_leaves_do_not_share_recorded,
    "the user's gradient is copied": gradient_not_shared_with_the_users,
    "several outputs": several_outputs,
    "same output twice": same_output_twice,
    "diamond": diamond,
}


@pytest.mark.parametrize("label", BACKWARD)
def test_backward(label):
    same(BACKWARD[label], label)


# ----------------------------------------------------------------------------------------------------- grad
def unused(t, **kwargs):
    x, w = leaf(t, 1.0), leaf(t, 2.0)
    return t.autograd.grad((x * x).sum(), (x, w), **kwargs)


def intermediate(t):
    x = leaf(t, 1.0, 2.0)
    h = x * x
    y = (h.exp() + x).sum()
    return t.autograd.grad(y, (h, x)), x.grad


def third(t):
    x = leaf(t, 0.7)
    y = (x**4).sum() + x.sin().sum()
    out = [y]
    for _ in range(4):
        (g,) = t.autograd.grad(out[-1], x, create_graph=True)
        out.append(g.sum())
    return [o.detach() for o in out]


def penalty(t):
    w, x = leaf(t, 1.0, -2.0, 0.5), leaf(t, 0.3, 0.1, -0.7)
    (g,) = t.autograd.grad((w * x).tanh().sum(), x, create_graph=True)
    ((g.norm() if hasattr(g, "norm") else (g * g).sum().sqrt()) - 1).pow(2).backward()
    return grads(w, x)


def retained_by_grad(t):
    x = leaf(t, 1.0)
    y = (x * x).sum()
    t.autograd.grad(y, x)
    return t.autograd.grad(y, x)


def pruned(t):
    """Only what lies between is walked, so the rest is not freed."""
    x, w = leaf(t, 1.0), leaf(t, 2.0)
    a, b = x.exp(), w.exp()
    y = (a * 1 + b * 1).sum()
    t.autograd.grad(y, x)
    return t.autograd.grad(b.sum(), w)


def recorded_in_no_grad(t):
    x = leaf(t, 2.0)
    y = (x * x * x).sum()
    with t.no_grad():
        (g,) = t.autograd.grad(y, x, create_graph=True)
    return g.requires_grad, t.autograd.grad(g.sum(), x)


GRAD = {
    "unused": unused,
    "unused allowed": lambda t: unused(t, allow_unused=True),
    "intermediate": intermediate,
    "the output itself": lambda t: (lambda y: t.autograd.grad(y, y))(leaf(t, 1.0).exp()),
    "a leaf itself": lambda t: (lambda x: t.autograd.grad(x, x))(leaf(t, 1.0)),
    "an input twice": lambda t: (lambda x: t.autograd.grad((x * x).sum(), (x, x)))(leaf(t, 3.0)),
    "up to the fourth": third,
    "gradient penalty": penalty,
    "second time": retained_by_grad,
    "only the path is freed": pruned,
    "constant input": lambda t: t.autograd.grad(leaf(t, 1.0).sum(), t.ones(1)),
    "constant output": lambda t: t.autograd.grad(t.ones(()), leaf(t, 1.0)),
    "not a scalar": lambda t: (lambda x: t.autograd.grad(x * 2, x))(leaf(t, 1.0, 2.0)),
    "grad_outputs": lambda t: (lambda x: t.autograd.grad(x * x, x, t.tensor([1.0, 2.0], dtype=t.float64)))(
        leaf(t, 1.0, 2.0)
    ),
    "grad_outputs list": lambda t: (lambda x: t.autograd.grad([x * x, x.sum()], [x], [t.ones(2).double(), None]))(
        leaf(t, 1.0, 2.0)
    ),
    "create_graph inside no_grad": recorded_in_no_grad,
    "returns": lambda t: (lambda x: type(t.autograd.grad(x.sum(), [x])).__name__)(leaf(t, 1.0)),
}


@pytest.mark.parametrize("label", GRAD)
def test_grad(label):
    same(GRAD[label], label)


# ---------------------------------------------------------------------------------------------------- hooks
def hook(t, change=lambda g: None, on="h"):
    x = leaf(t, 1.0, 2.0)
    h = x * x
    seen = []

    def f(g):
        seen.append(g.detach().clone())
        return change(g)

    handle = (h if on == "h" else x).register_hook(f)
    (h * 3).sum().backward(retain_graph=True)
    handle.remove()
    (h * 3).sum().backward()
    return seen, x.grad


def hook_order(t):
    x, seen = leaf(t, 1.0), []
    x.register_hook(lambda g: seen.append(1) or g * 2)
    x.register_hook(lambda g: seen.append(g.item()) or g * 5)
    (x * x).sum().backward()
    return seen, x.grad


def leaf_hook_sees_the_sum(t):
    x, seen = leaf(t, 3.0), []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * x + x).sum().backward()
    return seen


def retained(t):
    x = leaf(t, 1.0, 2.0)
    h = x * x
    h.retain_grad()
    h.retain_grad()
    (h * 3).sum().backward(retain_graph=True)
    first = h.grad.clone()
    (h * 3).sum().backward()
    return first, h.grad, h.is_leaf


HOOKS = {
    "sees": hook,
    "changes": lambda t: hook(t, lambda g: g * 10),
    "on a leaf": lambda t: hook(t, lambda g: g * 10, on="x"),
    "order": hook_order,
    "sum at a leaf": leaf_hook_sees_the_sum,
    "on a constant": lambda t: t.ones(2).register_hook(print),
    "retain_grad": retained,
    "retain_grad of a leaf": lambda t: (lambda x: (x.retain_grad(), (x * 2).sum().backward(), x.grad)[2])(leaf(t, 1.0)),
    "retain_grad of a constant": lambda t: t.ones(2).retain_grad(),
    "no grad on what is no leaf": lambda t: (lambda x: (lambda h: (h.sum().backward(), h.grad)[1])(x * 2))(
        leaf(t, 1.0)
    ),
}


@pytest.mark.parametrize("label", HOOKS)
def test_hooks(label):
    same(HOOKS[label], label)


# ------------------------------------------------------------------------------------------------- Function
def functions(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    class Exp(t.autograd.Function):  # saves its output
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    class Both(t.autograd.Function):  # two inputs, two outputs, a number besides
        @staticmethod
        def forward(ctx, x, y, k):
            ctx.save_for_backward(x, y)
            ctx.k = k
            return x * y, x + k * y

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return g * y + h, g * x + ctx.k * h, None

    class Late(t.autograd.Function):  # forward and context apart
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, y = inputs
            ctx.save_for_backward(x, y)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * y if ctx.needs_input_grad[0] else None, g * x if ctx.needs_input_grad[1] else None

    class Wrong(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g

    class Shape(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sum()

        @staticmethod
        def backward(ctx, g):
            return t.ones(7, dtype=t.float64)

    class Raw(t.autograd.Function):  # outputs that were not used arrive as None
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return (g * 2 if g is not None else 0) + (h * 3 if h is not None else 0)

    class Index(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            i = x > 1
            ctx.mark_non_differentiable(i)
            return x * 2, i

        @staticmethod
        def backward(ctx, g, _):
            return g * 2

    class Same(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 5

    class Silent(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g, None

    class Half(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    return locals()


def twice_through(t, name):
    f = functions(t)[name]
    x = leaf(t, 0.5, 2.0)
    y = f.apply(x)
    (g,) = t.autograd.grad((y * y).sum(), x, create_graph=True)
    return y, g.detach(), t.autograd.grad(g.sum(), x)


def both(t, pick):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    a, b = functions(t)["Both"].apply(x, y, 10)
    pick(a, b).sum().backward()
    return a, b, grads(x, y)


def both_twice(t):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    a, b = functions(t)["Both"].apply(x, y, 10)
    gs = t.autograd.grad((a * a * b).sum(), (x, y), create_graph=True)
    return [g.detach() for g in gs], t.autograd.grad(sum((g * g).sum() for g in gs), (x, y))


def run(t, name, *make, pick=lambda y: y):
    xs = [leaf(t, 0.5, 2.0) for _ in range(make[0] if make else 1)]
    y = pick(functions(t)[name].apply(*xs))
    y.sum().backward()
    return y, grads(*xs)


def saved_overwritten(t):
    x = leaf(t, 1.0, 2.0) * 1
    y = functions(t)["Square"].apply(x)
    x.add_(1)
    y.sum().backward()


def second_time(t):
    y = functions(t)["Square"].apply(leaf(t, 1.0)).sum()
    y.backward()
    y.backward()


def needs(t):
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, n, y):
            seen.append(tuple(ctx.needs_input_grad))
            return x * y

        @staticmethod
        def backward(ctx, g):
            seen.append(tuple(ctx.needs_input_grad))
            return g, None, None

    F.apply(leaf(t, 1.0), 3, t.ones(1).double()).sum().backward()
    return seen


FUNCTION = {
    "square": lambda t: twice_through(t, "Square"),
    "saved output": lambda t: twice_through(t, "Exp"),
    "first output": lambda t: both(t, lambda a, b: a),
    "second output": lambda t: both(t, lambda a, b: b),
    "both outputs": lambda t: both(t, lambda a, b: a * b),
    "both outputs twice": both_twice,
    "setup_context": lambda t: run(t, "Late", 2),
    "needs_input_grad": needs,
    "too few gradients": lambda t: run(t, "Wrong", 2),
    "gradient of the wrong shape": lambda t: run(t, "Shape"),
    "None for an output": lambda t: run(t, "Raw", pick=lambda y: y[1]),
    "not differentiable": lambda t: (lambda y: (y[0].requires_grad, y[1].requires_grad))(
        functions(t)["Index"].apply(leaf(t, 0.5, 2.0))
    ),
    "backward beside one that is not differentiable": lambda t: run(t, "Index", pick=lambda y: y[0]),
    "returns its input": lambda t: run(t, "Same"),
    "None for an input": lambda t: run(t, "Silent", 2),
    "no backward": lambda t: run(t, "Half"),
    "constant input": lambda t: functions(t)["Square"].apply(t.ones(2)).requires_grad,
    "in no_grad": lambda t: t.no_grad()(lambda: functions(t)["Square"].apply(leaf(t, 1.0)).requires_grad)(),
    "saved and overwritten": saved_overwritten,
    "second time": second_time,
    "is_leaf": lambda t: functions(t)["Square"].apply(leaf(t, 1.0)).is_leaf,
}


@pytest.mark.parametrize("label", FUNCTION)
def test_function(label):
    same(FUNCTION[label], label)


# ---------------------------------------------------------------------------------------------------- modes
def modes(t):
    x, seen = leaf(t, 1.0), []

    def now():
        seen.append((t.is_grad_enabled(), (x * 2).requires_grad))

    with t.no_grad():
        now()
        with t.enable_grad():
            now()
            with t.set_grad_enabled(False):
                now()
            now()
        now()
    now()
    t.set_grad_enabled(False)
    now()
    t.set_grad_enabled(True)
    now()

    @t.no_grad()
    def f():
        now()

    @t.enable_grad()
    def g():
        now()

    @t.no_grad
    def bare():
        now()

    @t.set_grad_enabled(False)
    def h():
        now()

    @t.inference_mode()
    def i():
        seen.append(t.is_grad_enabled())

    f(), g(), bare(), h(), i(), now()
    with t.no_grad():
        g()
        now()
    return seen


def mode_after_an_error(t):
    try:
        with t.no_grad():
            raise KeyError
    except KeyError:
        pass
    return t.is_grad_enabled()


def other_thread(t):
    seen = []
    with t.no_grad():
        thread = threading.Thread(target=lambda: seen.append(t.is_grad_enabled()))
        thread.start()
        thread.join()
    return seen


def test_modes():
    collect([("modes", modes), ("error", mode_after_an_error), ("thread", other_thread)])


# --------------------------------------------------------------------------------- detach, data, leaves, copies
def shares(t):
    x = leaf(t, 1.0, 2.0)
    d = x.detach()
    d.mul_(10)
    return x, d, d.requires_grad, d.is_leaf


def data_after_saving(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    x.data.mul_(10)
    y.backward()
    return x.grad


def detach_after_saving(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    x.detach().mul_(10)
    y.backward()
    return x.grad


def data_set(t):
    x = leaf(t, 1.0, 2.0)
    x.data = t.ones(3).double()
    return x, x.is_leaf


def sgd(t):
    w = leaf(t, 1.0, 2.0)
    for _ in range(3):
        (w * w).sum().backward()
        with t.no_grad():
            w -= 0.1 * w.grad
        w.grad.zero_()
    return w, w.grad, w.is_leaf, w.requires_grad


def sgd_by_data(t):
    w = leaf(t, 1.0, 2.0)
    for _ in range(3):
        (w * w).sum().backward()
        w.data -= 0.1 * w.grad.data
        w.grad = None
    return w, w.is_leaf


def copied(t, by):
    x = leaf(t, 1.0, 2.0)
    (x * x).sum().backward()
    y = by(x)
    y.data.zero_()
    return x, y, y.grad, y.requires_grad, y.is_leaf


def pickled(x):
    buffer = io.BytesIO()
    pickle.dump(x, buffer)
    buffer.seek(0)
    return pickle.load(buffer)


DETACHED = {
    "shares": shares,
    "data does not count as a change": data_after_saving,
    "detach does": detach_after_saving,
    "data set": data_set,
    "sgd": sgd,
    "sgd by data": sgd_by_data,
    "requires_grad_ of integers": lambda t: t.tensor([1]).requires_grad_(),
    "tensor of integers with gradient": lambda t: t.tensor([1], requires_grad=True),
    "requires_grad of a result": lambda t: setattr(leaf(t, 1.0) * 2, "requires_grad", False),
    "requires_grad of a result, True": lambda t: (leaf(t, 1.0) * 2).requires_grad_().is_leaf,
    "requires_grad off and on": lambda t: (lambda x: (x.requires_grad_(False), (x * 2).requires_grad))(leaf(t, 1.0))[1],
    "leaves": lambda t: [x.is_leaf for x in (t.ones(2), leaf(t, 1.0), leaf(t, 1.0) * 2, t.ones(2) * 2)],
    "numpy of a leaf": lambda t: leaf(t, 1.0).numpy(),
    "numpy shares": lambda t: (lambda x: (x.numpy().__setitem__(0, 7.0), x)[1])(t.zeros(2)),
    "from_numpy shares": lambda t: (lambda a: (lambda x: (a.__setitem__(0, 7.0), x)[1])(t.from_numpy(a)))(np.zeros(2)),
    "tensor copies": lambda t: (lambda a: (lambda x: (a.__setitem__(0, 7.0), x)[1])(t.tensor(a)))(np.zeros(2)),
    "np.asarray of a leaf": lambda t: np.asarray(leaf(t, 1.0)),
    "deepcopy": lambda t: copied(t, copy.deepcopy),
    "pickle": lambda t: copied(t, pickled)[1],
    "copy": lambda t: copy.copy(leaf(t, 1.0)).requires_grad,
    "deepcopy of a result": lambda t: copy.deepcopy(leaf(t, 1.0) * 2),
    "deepcopy keeps sharing": lambda t: (lambda d: d[0] is d[1])(copy.deepcopy([x := leaf(t, 1.0), x])),
    "clone": lambda t: (lambda x: (x.clone().sum().backward(), x.grad)[1])(leaf(t, 1.0)),
    "detach_": lambda t: (lambda y: (y.detach_(), y.requires_grad, y.is_leaf)[1:])(leaf(t, 1.0) * 2),
    "to keeps the graph": lambda t: (lambda x: (x.float().sum().backward(), x.grad)[1])(leaf(t, 1.0)),
    "float of float is itself": lambda t: (lambda x: x.double() is x)(leaf(t, 1.0)),
    "integer result": lambda t: (leaf(t, 1.5) > 1).requires_grad,
    "argmax": lambda t: leaf(t, 1.5, 2.0).argmax().requires_grad,
}


@pytest.mark.parametrize("label", DETACHED)
def test_detached(label):
    same(DETACHED[label], label)


# ------------------------------------------------------------------------------------------ changes in place
def changed(t, change, base=lambda x: x * 1):
    """base(x) changed in place by change(y); then everything that can be asked of it."""
    x = t.tensor(np.linspace(0.5, 2.0, 6).reshape(2, 3), requires_grad=True)
    y = base(x)
    before = y._version
    change(t, y)
    weight = t.tensor(np.linspace(1.0, 2.0, int(np.prod(y.shape))).reshape(tuple(y.shape)))
    (y * y * weight).sum().backward()
    return y, y._version > before, x.grad


IN_PLACE = {
    "add_": lambda t, y: y.add_(1),
    "+=": lambda t, y: y.__iadd__(2.5),
    "-= row": lambda t, y: y.__isub__(t.tensor([1.0, 2.0, 3.0]).double()),
    "*=": lambda t, y: y.__imul__(3),
    "/=": lambda t, y: y.__itruediv__(4),
    "**=": lambda t, y: y.__ipow__(2),
    "mul_ by a leaf": lambda t, y: y.mul_(t.ones(3, requires_grad=True).double()),
    "lerp_": lambda t, y: y.lerp_(y * y, 0.5),
    "exp_": lambda t, y: y.exp_(),
    "relu_": lambda t, y: y.sub_(1).relu_(),
    "sigmoid_": lambda t, y: y.sigmoid_(),
    "tanh_": lambda t, y: y.tanh_(),
    "sqrt_": lambda t, y: y.sqrt_(),
    "clamp_": lambda t, y: y.clamp_(0.7, 1.5),
    "neg_": lambda t, y: y.neg_(),
    "zero_": lambda t, y: y.zero_(),
    "fill_": lambda t, y: y.fill_(3.0),
    "fill_ tensor": lambda t, y: y.fill_(t.tensor(3.0)),
    "copy_": lambda t, y: y.copy_(t.arange(3.0)),
    "copy_ itself": lambda t, y: y.copy_(y * 2),
    "copy_ integers": lambda t, y: y.copy_(t.arange(3)),
    "masked_fill_": lambda t, y: y.masked_fill_(y > 1, 0.0),
    "chain": lambda t, y: y.mul_(2).add_(1).tanh_(),
    "[0] = number": lambda t, y: y.__setitem__(0, 7.0),
    "[0, 1] = number": lambda t, y: y.__setitem__((0, 1), 7),
    "[:, 1] = itself": lambda t, y: y.__setitem__((slice(None), 1), y[:, 0] * 2),
    "[:, ::2] = broadcast": lambda t, y: y.__setitem__((slice(None), slice(None, None, 2)), t.tensor([1.0, 2.0])),
    "[...] =": lambda t, y: y.__setitem__(..., 1.5),
    "[mask] =": lambda t, y: y.__setitem__(y > 1, 0.0),
    "[mask] = values": lambda t, y: y.__setitem__(y > 1, y[y > 1] * 2),
    "[[1, 0]] =": lambda t, y: y.__setitem__([1, 0], y.clone()),
    "[rows, columns] =": lambda t, y: y.__setitem__((t.tensor([0, 1]), t.tensor([2, 0])), y[0, :2] * 3),
    "[tensor] =": lambda t, y: y.__setitem__(t.tensor([1]), 5.0),
    "[None] =": lambda t, y: y.__setitem__((None, 0), 5.0),
    "row of it": lambda t, y: y[0].mul_(3),
    "element of it": lambda t, y: y[1, 2].mul_(3),
    "column of it": lambda t, y: y[:, 1].exp_(),
    "transposed": lambda t, y: y.T.mul_(t.tensor([1.0, 2.0]).double()),
    "view of it": lambda t, y: y.view(6)[::2].mul_(5),
    "view of a view": lambda t, y: y.view(3, 2)[1:][0].add_(y.sum()),
    "unbind": lambda t, y: y.reshape(6)[2].mul_(4),
    "two views": lambda t, y: (lambda a, b: (a.mul_(2), b.add_(1)))(y[0], y[:, 0]),
    "row += row": lambda t, y: y[0].add_(y[1]),
    "squeeze": lambda t, y: y.unsqueeze(0).squeeze(0)[1].mul_(2),
    "setitem through a view": lambda t, y: y[0].__setitem__(slice(1, None), y[1, :2] * 2),
    "y[0] += 1": lambda t, y: y.__setitem__(0, y[0].__iadd__(1)),
    "expanded": lambda t, y: y[0, 0].expand(2).add_(1),
    "wrong shape": lambda t, y: y.add_(t.ones(2, 2, 3)),
    "wrong index": lambda t, y: y.__setitem__(5, 1.0),
    "too many indices": lambda t, y: y.__setitem__((0, 0, 0), 1.0),
    "wrong value shape": lambda t, y: y.__setitem__(0, t.ones(2)),
    "wrong copy_": lambda t, y: y.copy_(t.ones(2)),
    "detached view": lambda t, y: y.detach()[0].zero_(),
    "no_grad": lambda t, y: t.no_grad()(lambda: y.mul_(2))(),
    "no_grad view": lambda t, y: t.no_grad()(lambda: y[0].mul_(2))(),
}


@pytest.mark.parametrize("label", IN_PLACE)
def test_changes_in_place(label):
    same(lambda t: changed(t, IN_PLACE[label]), label)
    same(lambda t: changed(t, IN_PLACE[label], lambda x: x.detach().clone() + 0 * x), f"{label}, of a sum")


def into_constant(t, change):
    """A constant that takes in values with a history."""
    x = t.tensor([1.0, 2.0, 3.0], dtype=t.float64, requires_grad=True)
    buffer = t.zeros(2, 3, dtype=t.float64)
    row = buffer[1]
    change(t, buffer, row, x)
    (buffer * buffer).sum().backward()
    return buffer, buffer.is_leaf, row, row.is_leaf, x.grad


INTO = {
    "row": lambda t, buffer, row, x: buffer.__setitem__(0, x * 2),
    "the view": lambda t, buffer, row, x: row.copy_(x * 2),
    "element": lambda t, buffer, row, x: buffer.__setitem__((1, 1), x[0] * x[1]),
    "through a view": lambda t, buffer, row, x: row.__setitem__(0, x[2]),
    "add_": lambda t, buffer, row, x: buffer.add_(x),
    "loop": lambda t, buffer, row, x: [buffer.__setitem__((i % 2, i), x[i] * i) for i in range(3)],
    "mask": lambda t, buffer, row, x: buffer.__setitem__(buffer == 0, x[1] * 3),
    "fill_": lambda t, buffer, row, x: row.fill_(x[0] * 2),
    "zero first": lambda t, buffer, row, x: (buffer.copy_(x), buffer.zero_(), buffer.add_(x)),
}


@pytest.mark.parametrize("label", INTO)
def test_values_with_history_into_constants(label):
    same(lambda t: into_constant(t, INTO[label]), label)


def saved_then(t, use, change):
    x = leaf(t, 1.0, 2.0)
    a = x * 1
    y = use(a)
    change(a)
    y.sum().backward()
    return x.grad


def view_in_no_grad(t):
    x = leaf(t, 1.0, 2.0) * 1
    with t.no_grad():
        v = x[0]
    v.mul_(2)


LEAVES = {
    "leaf add_": lambda t: leaf(t, 1.0).add_(1),
    "leaf +=": lambda t: leaf(t, 1.0).__iadd__(1),
    "leaf [0] =": lambda t: leaf(t, 1.0).__setitem__(0, 1.0),
    "view of a leaf": lambda t: leaf(t, 1.0, 2.0)[0].zero_(),
    "view of a view of a leaf": lambda t: leaf(t, 1.0, 2.0)[0:2][0].zero_(),
    "leaf in no_grad": lambda t: t.no_grad()(lambda: leaf(t, 1.0).add_(1))(),
    "view of a leaf in no_grad": lambda t: (lambda x: (t.no_grad()(lambda: x[0].add_(1))(), x)[1])(leaf(t, 1.0)),
    "view made in no_grad": view_in_no_grad,
    "mul saved its input": lambda t: saved_then(t, lambda a: a * a, lambda a: a.add_(1)),
    "add saved nothing": lambda t: saved_then(t, lambda a: a + 1, lambda a: a.add_(1)),
    "mul by a number saved nothing": lambda t: saved_then(t, lambda a: a * 3, lambda a: a.add_(1)),
    "sin saved its input": lambda t: saved_then(t, lambda a: a.sin(), lambda a: a.zero_()),
    "exp saved its output only": lambda t: saved_then(t, lambda a: a.exp(), lambda a: a.zero_()),
    "changed through a view": lambda t: saved_then(t, lambda a: a * a, lambda a: a[0].add_(1)),
    "changed through detach": lambda t: saved_then(t, lambda a: a * a, lambda a: a.detach().add_(1)),
    "changed through data": lambda t: saved_then(t, lambda a: a * a, lambda a: a.data.add_(1)),
    "changed in no_grad": lambda t: saved_then(t, lambda a: a * a, lambda a: t.no_grad()(lambda: a.add_(1))()),
    "float into integers": lambda t: t.tensor([1, 2]).add_(0.5),
    "float into integers by +=": lambda t: t.tensor([1, 2]).__iadd__(0.5),
    "divide integers": lambda t: t.tensor([1, 2]).div_(2),
    "float32 += float64": lambda t: t.ones(2).add_(t.ones(2).double()),
    "int32 += int64": lambda t: t.ones(2, dtype=t.int32).add_(t.tensor([1, 2])),
    "uint8 += int64": lambda t: t.ones(2, dtype=t.uint8).add_(t.tensor([1, 2])),
    "bool &=": lambda t: t.tensor([True, False]).__iand__(t.tensor([True, True])),
    "integers [0] = float": lambda t: (lambda x: (x.__setitem__(0, 2.7), x)[1])(t.tensor([1, 2])),
    "bool [0] = 2": lambda t: (lambda x: (x.__setitem__(0, 2), x)[1])(t.tensor([False, False])),
    "integers fill_ float": lambda t: t.tensor([1, 2]).fill_(2.7),
    "returns itself": lambda t: (lambda x: x.add_(1) is x)(t.ones(2)),
    "comparison in place makes no bool": lambda t: t.ones(2).__iadd__(True),
    "version": lambda t: (lambda x: (x.add_(1), x[0].add_(1), x._version)[2])(t.ones(2)),
    "version of a view": lambda t: (lambda x: (lambda v: (x.add_(1), v._version)[1])(x[0]))(t.ones(2)),
    "version of zero_": lambda t: (lambda x: (x.zero_(), x.fill_(1), x.copy_(x), x._version)[3])(t.ones(2)),
    "version in no_grad": lambda t: (lambda x: (t.no_grad()(lambda: x.add_(1))(), x._version)[1])(t.ones(2)),
    "overlap": lambda t: (lambda x: (x[1:].copy_(x[:-1].clone()), x)[1])(t.arange(5.0)),
}


@pytest.mark.parametrize("label", LEAVES)
def test_rules_of_changes_in_place(label):
    same(LEAVES[label], label)
