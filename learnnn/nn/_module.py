"""Module: something with parameters that can be called; models are trees of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import autograd
from ..autograd import RemovableHandle
from ..tensor import Tensor
from ._backward_hooks import BackwardHooks
from .parameter import Parameter


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module:
    """The base of every layer and model: subclass it, set parameters and layers as attributes, write `forward`.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = nn.Parameter(torch.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> Line()(torch.tensor(3.0)).item()
    6.0
    >>> [name for name, parameter in Line().named_parameters()]
    ['slope']
    """

    training: bool = True
    _registered_as: str | None = None  # under which name its parent keeps it, for error messages
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]

    def __init__(self) -> None:
        self.__dict__.update(
            _parameters={}, _buffers={}, _modules={}, _transient=set(), _pre_hooks=[], _hooks=[], _backward_hooks=[]
        )

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes. Call the module itself, `model(x)`, so that hooks run too."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooks or self._pre_hooks or self._backward_hooks:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    # ------------------------------------------------------------------------------- attributes and registries
    def __setattr__(self, name: str, value: Any) -> None:
        for kind, accepted, wanted in _REGISTRIES:
            registry = self.__dict__.get(kind)
            if isinstance(value, accepted):
                if registry is None:
                    raise AttributeError(
                        f"cannot assign {_PLURAL[kind]} before Module.__init__() call: begin {type(self).__name__}'s "
                        "__init__ with super().__init__()"
                    )
                return self._register(kind, name, value)
            if registry is not None and name in registry:
                if value is not None and not (kind == "_buffers" and isinstance(value, Tensor)):
                    given = type(value).__name__
                    raise TypeError(f"cannot assign '{given}' as {_NOUN[kind]} '{name}' ({wanted} expected)")
                registry[name] = value
                return None
        object.__setattr__(self, name, value)
        return None

    def _register(self, kind: str, name: str, value: Any) -> None:
        self.__dict__.pop(name, None)
        for other, _, _ in _REGISTRIES:
            if other != kind:
                self.__dict__[other].pop(name, None)
        self.__dict__[kind][name] = value
        if isinstance(value, Module):
            value.__dict__["_registered_as"] = name

    def __getattr__(self, name: str) -> Any:
        for kind in ("_parameters", "_modules", "_buffers"):
            try:
                return self.__dict__[kind][name]
            except KeyError:
                pass
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        for kind, _, _ in _REGISTRIES:
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        kept = [name for kind, _, _ in _REGISTRIES for name in self.__dict__.get(kind, ())]
        return sorted({*super().__dir__(), *kept})

    def _checked(self, name: str, kind: str) -> str:
        """A name under which something new can be kept."""
        if kind not in self.__dict__:
            raise AttributeError(f"cannot assign {_PLURAL[kind]} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{_NOUN[kind]} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{_NOUN[kind]} name can\'t contain ".", got: {name}')
        if not name:
            raise KeyError(f'{_NOUN[kind]} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists")
        return name

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Keep `param` under `name`; None says that there is none, as for a layer without bias."""
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (nn.Parameter or None required): "
                "wrap it, as in nn.Parameter(tensor)"
            )
        self._register("_parameters", self._checked(name, "_parameters"), param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Keep a tensor that is no parameter, such as a running mean; part of state_dict if `persistent`."""
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._register("_buffers", self._checked(name, "_buffers"), tensor)
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Keep a child under `name`."""
        if module is not None and not isinstance(module, Module):
            shown = module.__name__ if isinstance(module, type) else type(module).__name__
            raise TypeError(f"{shown} is not a Module subclass{_hint_for_non_module(module)}")
        self._register("_modules", self._checked(name, "_modules"), module)

    register_module = add_module

    # ------------------------------------------------------------------------------------------ walking the tree
    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(path, module) for this module and all below it, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for the modules right below this one, each once."""
        seen: set[Module | None] = {None}
        for name, module in self._modules.items():
            if module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules right below this one."""
        return (module for _, module in self.named_children())

    def _named(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]:
            for name, tensor in module.__dict__[kind].items():
                if tensor is None or id(tensor) in seen:
                    continue
                if once:
                    seen.add(id(tensor))
                yield f"{path}.{name}" if path else name, tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter) for all parameters; one that two layers share comes once, under its first path."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once: what an optimizer is given."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer) for all buffers."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path; AttributeError if there is none."""
        module = self
        for name in filter(None, target.split(".")):
            if name not in module._modules:
                raise AttributeError(
                    f"{type(module).__name__} has no attribute `{name}` that is a module: it keeps "
                    f"{', '.join(module._modules) or 'none'}"
                )
            module = module._modules[name]
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path; AttributeError if there is none."""
        return self._get("_parameters", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path; AttributeError if there is none."""
        return self._get("_buffers", target)

    def _get(self, kind: str, target: str) -> Any:
        path, _, name = target.rpartition(".")
        registry = self.get_submodule(path).__dict__[kind]
        if name not in registry:
            there = ", ".join(registry) or "there are none"
            raise AttributeError(f"`{name}` is not one of the {_NOUN[kind]}s: {there}")
        return registry[name]

    # ------------------------------------------------------------------------------------------ saving and loading
    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """Every parameter and persistent buffer by its path, detached; the numbers are shared, not copied."""
        out = OrderedDict() if destination is None else destination
        kept = [(name, b) for name, b in self._buffers.items() if name not in self._transient]
        for name, tensor in [*self._parameters.items(), *kept]:
            if tensor is not None:
                out[prefix + name] = tensor if keep_vars else tensor.detach()
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=out, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return out

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Take over the numbers of a state dict, in place. An error leaves the module as it was.

        RuntimeError that lists missing keys, unexpected keys (both only if `strict`) and sizes that differ.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        mine = self.state_dict(keep_vars=True)
        keys = IncompatibleKeys([k for k in mine if k not in state_dict], [k for k in state_dict if k not in mine])
        problems = [*_key_problems(keys)] if strict else []
        problems += filter(None, [_mismatch(k, mine[k], state_dict[k]) for k in mine if k in state_dict])
        if problems:
            listed = "\n\t".join(problems)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
        with autograd.no_grad():
            for key in state_dict.keys() & mine.keys():
                _take_over(mine[key], state_dict[key], assign)
        return keys

    # -------------------------------------------------------------------------------------------- changing them all
    def train(self, mode: bool = True) -> Any:
        """Training mode for this module and all below it: what makes Dropout drop."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Any:
        """Evaluation mode: `train(False)`."""
        return self.train(False)

    def apply(self, fn: Callable[[Module], Any]) -> Any:
        """Call `fn` on every module, children before their parents."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> Any:
        """Replace the numbers of every parameter, gradient and buffer by `fn` of them."""
        for tensor in [*self.parameters(), *self.buffers()]:
            tensor.data = fn(tensor.data)
            if tensor.grad is not None:
                tensor.grad = fn(tensor.grad)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Floats in another dtype; a device may be named, and is the CPU. TypeError for a dtype that is not a float."""

        def convert(tensor: Tensor) -> Tensor:
            if not tensor.is_floating_point():
                return tensor
            new = tensor.to(*args, **kwargs)
            if not new.is_floating_point():
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={new.dtype}"
                )
            return new

        return self._apply(convert)

    def float(self) -> Any:
        """All floats in float32."""
        return self.to(np.float32)

    def double(self) -> Any:
        """All floats in float64."""
        return self.to(np.float64)

    def half(self) -> Any:
        """All floats in float16."""
        return self.to(np.float16)

    def type(self, dst_type: Any) -> Any:
        """Everything in another dtype."""
        return self._apply(lambda tensor: tensor.to(dst_type))

    def cpu(self) -> Any:
        return self

    def cuda(self, device: Any = None) -> Any:
        return self.to("cuda")

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Ask for the gradients of all parameters, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            _forget_grad(parameter, set_to_none)

    # ------------------------------------------------------------------------------------------------------- hooks
    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward; what it returns, if not None, are the arguments instead."""
        return _add_hook(self._pre_hooks, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; what it returns, if not None, is the output instead."""
        if always_call:
            raise NotImplementedError("always_call=True is not supported: a hook runs after a forward that succeeded")
        return _add_hook(self._hooks, (hook, with_kwargs), prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the module's inputs are ready.

        Both are tuples; what it returns, if not None, is the gradient of the inputs instead.
        """
        return _add_hook(self._backward_hooks, hook, prepend)

    def _call_with_hooks(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in tuple(self._pre_hooks):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is not None and with_kwargs:
                args, kwargs = changed
            elif changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        watch = BackwardHooks(self, tuple(self._backward_hooks)) if self._backward_hooks else None
        args = watch.inputs(args) if watch else args
        out = self.forward(*args, **kwargs)
        for hook, with_kwargs in tuple(self._hooks):
            changed = hook(self, args, kwargs, out) if with_kwargs else hook(self, args, out)
            out = out if changed is None else changed
        return watch.outputs(out) if watch else out

    # -------------------------------------------------------------------------------------------------------- text
    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr: override it in layers with settings."""
        return ""

    def _label(self) -> str:
        """How an error message calls this layer: its class and the name it was given in the model."""
        name = self._registered_as
        return type(self).__name__ + (f" '{name}'" if name is not None else "")

    def _child_lines(self) -> list[str]:
        return [f"({name}): {_indent(repr(module))}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra = [line for line in self.extra_repr().split("\n") if line]
        lines = extra + self._child_lines()
        if len(lines) <= 1 and lines == extra:
            return f"{type(self).__name__}({''.join(lines)})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


_REGISTRIES: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("_parameters", (Parameter,), "nn.Parameter or None"),
    ("_modules", (Module,), "nn.Module or None"),
    ("_buffers", (), "Tensor or None"),
)
_NOUN = {"_parameters": "parameter", "_modules": "child module", "_buffers": "buffer"}
_PLURAL = {"_parameters": "parameters", "_modules": "module", "_buffers": "buffers"}


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")


def _hint_for_non_module(value: Any) -> str:
    if isinstance(value, type) and issubclass(value, Module):
        return f": did you mean {value.__name__}(...), with parentheses?"
    if isinstance(value, list | tuple):
        return ": to give the layers of a list one by one, write a * before it"
    return ""


def _key_problems(keys: IncompatibleKeys) -> Iterator[str]:
    for word, names in zip(("Missing", "Unexpected"), keys, strict=True):
        if names:
            yield f"{word} key(s) in state_dict: " + ", ".join(f'"{name}"' for name in names) + ". "


def _mismatch(key: str, mine: Tensor, given: Any) -> str | None:
    if not isinstance(given, Tensor | np.ndarray):
        return f'While copying the parameter named "{key}", expected a Tensor but received {type(given)}'
    if mine.shape != given.shape:
        return (
            f"size mismatch for {key}: copying a param with shape torch.Size({list(given.shape)}) from checkpoint, "
            f"the shape in current model is torch.Size({list(mine.shape)})."
        )
    return None


def _take_over(mine: Tensor, given: Any, assign: bool) -> None:
    if assign:
        mine.data = given
    else:
        mine.copy_(given)


def _forget_grad(parameter: Tensor, set_to_none: bool) -> None:
    if set_to_none or parameter.grad is None:
        parameter.grad = None
    else:
        parameter.grad = parameter.grad.detach().zero_()


def _add_hook(hooks: list, entry: Any, prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(hooks, entry)
    if prepend:
        hooks.insert(0, hooks.pop())
    return handle
