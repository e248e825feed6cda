"""The engine broken on purpose: one line of its source at a time, and the test that has to notice.

A fault is a piece of source and what stands there instead. The function is compiled anew with it and takes the
place of the shipped one while the named test of tests/test_autograd.py (or a case of tests/ops) runs.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from learnnn.autograd import function, inplace, node, operation, variable
from learnnn.tensor import Tensor
from tests import test_autograd
from tests.ops.cases import cases
from tests.ops.test_gradients import check

sweep = sys.modules["learnnn.autograd.sweep"]  # the module: learnnn.autograd.sweep is the function in it


@dataclass(frozen=True)
class Fault:
    """In `owner.name`, `right` becomes `wrong`, which `catcher` is to notice."""

    owner: Any
    name: str
    right: str
    wrong: str
    catcher: Callable

    def __str__(self) -> str:
        return f"{self.owner.__name__.removeprefix('learnnn.')}.{self.name}: {self.right!r} becomes {self.wrong!r}"

    def escapes(self) -> bool:
        with in_place_of(self.owner, self.name, self.recompiled()):
            try:
                caught_by(self.catcher)
            except BaseException:  # pytest's own outcomes are not Exceptions
                return False
        return True

    def recompiled(self) -> Callable:
        right = vars(self.owner)[self.name]
        source = textwrap.dedent(inspect.getsource(right))
        assert source.count(self.right) == 1, f"{self.right!r} stands {source.count(self.right)} times in {self.name}"
        scope = dict(vars(sys.modules[right.__module__]))
        exec(source.replace(self.right, self.wrong), scope)
        return scope[self.name]


@contextmanager
def in_place_of(owner: Any, name: str, broken: Callable) -> Iterator[None]:
    """The broken function wherever the shipped one is imported."""
    right = vars(owner)[name]
    rooms = [m for key, m in sys.modules.items() if key.startswith("learnnn") and vars(m).get(name) is right]
    try:
        for room in {owner, *rooms}:
            setattr(room, name, broken)
        yield
    finally:
        for room in {owner, *rooms}:
            setattr(room, name, right)


def caught_by(catcher: Callable) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        catcher(**({"monkeypatch": monkeypatch} if "monkeypatch" in inspect.signature(catcher).parameters else {}))


# ------------------------------------------------------------------------------- what may notice, by short names
def of(op: str) -> Callable:
    """The gradient tests of one operation."""
    return lambda: [check(case, derivatives=k) for case in cases(op) for k in (1, 2)]


def graph_freed(build: str) -> Callable:
    return lambda: test_autograd.test_a_graph_is_freed_without_the_garbage_collector(build)


t = test_autograd
FAULTS = [
    # the order
    Fault(sweep, "topological_order", "reverse=True", "reverse=False", of("matmul")),
    Fault(
        sweep,
        "topological_order",
        '    nodes.sort(key=attrgetter("order"), reverse=True)\n',
        "",
        t.test_a_short_and_a_long_path_to_the_same_value,
    ),
    Fault(
        sweep, "topological_order", " and parent not in seen:", ":", t.test_every_consumer_comes_before_its_parents
    ),
    Fault(sweep, "topological_order", "for parent in node.edges:", "for parent in node.edges[:1]:", of("mul")),
    # broadcasting
    Fault(sweep, "unbroadcast", "i < extra or (", "i < extra and (", of("add")),
    Fault(sweep, "unbroadcast", ".sum(", ".mean(", t.test_unbroadcast_sums_over_what_was_repeated),
    Fault(sweep, "unbroadcast", "shape[i - extra] == 1", "shape[i - extra] == 0", t.test_broadcasting_is_undone),
    Fault(sweep, "_fit", "grad.dtype != node.dtype", "False", t.test_gradients_have_the_dtype_of_their_value),
    Fault(sweep, "_fit", "fitting.shape != node.shape", "False", t.test_a_gradient_of_the_wrong_shape_is_refused),
    # the sweep
    Fault(
        sweep,
        "sweep",
        "pending[parent] = pending[parent] + piece",
        "pending[parent] = piece",
        t.test_several_uses_add_up,
    ),
    Fault(sweep, "sweep", "pending[parent] += piece", "pending[parent] = piece", t.test_several_uses_add_up),
    Fault(
        sweep, "sweep", "elif parent in mine:", "elif True:", t.test_the_sum_is_not_written_into_what_someone_else_holds
    ),
    Fault(
        sweep,
        "_after_hooks",
        "for hook in tuple(node.hooks):",
        "for hook in ():",
        t.test_an_error_in_a_hook_leaves_the_mode_as_it_was,
    ),
    Fault(sweep, "sweep", "if not retain_graph:", "if False:", t.test_saved_arrays_are_freed_as_backward_proceeds),
    Fault(sweep, "sweep", "if not retain_graph:", "if True:", t.test_a_retained_graph_keeps_what_it_saved),
    Fault(sweep, "sweep", "with Switch(create_graph)", "with Switch(False)", of("mul")),
    Fault(
        sweep,
        "_leading_to",
        "if not useful.isdisjoint(node.parents):",
        "if True:",
        t.test_only_the_path_to_the_wanted_inputs_is_walked,
    ),
    Fault(
        sweep,
        "accumulate",
        "tensor._grad.array += grad",
        "tensor._grad.array = grad",
        t.test_gradients_accumulate_over_calls,
    ),
    Fault(
        sweep,
        "accumulate",
        "wrap(grad.copy())",
        "wrap(grad)",
        t.test_two_leaves_do_not_share_a_gradient,
    ),
    Fault(sweep, "accumulate", "getrefcount(grad) == _ALONE", "True", t.test_two_leaves_do_not_share_a_gradient),
    Fault(sweep, "accumulate", "grad.base is None", "True", t.test_a_gradient_is_no_view_of_what_a_rule_handed_out),
    Fault(sweep, "grad", "found.get(node)", "found.get(nodes[0])", of("mul")),
    # steps and what they save
    Fault(
        operation.Step, "backward", "rule(grad, *saved[start:end])", "rule(grad, *saved[start:end][::-1])", of("div")
    ),
    Fault(operation.Step, "backward", "rule(grad, saved[start])", "rule(grad, saved[0])", of("mul")),
    Fault(operation.Step, "backward", "saved = self.as_tensors(saved)", "pass", of("mul")),
    Fault(operation.Step, "as_tensors", " | {self.plan.output: self}", "", of("exp")),
    Fault(
        operation.Fused,
        "backward",
        "self.twice or not create_graph",
        "True",
        t.test_a_fused_operation_goes_through_its_plain_spelling,
    ),
    Fault(
        operation.Fused,
        "backward",
        "if self.plain is None:",
        "if False:",
        t.test_a_fused_operation_without_plain_spelling_refuses_a_second_derivative,
    ),
    Fault(
        operation.Fused,
        "backward",
        "self.plain(*fresh, **kwargs)",
        "self.plain(*args, **kwargs)",
        t.test_a_fused_operation_goes_through_its_plain_spelling,
    ),
    Fault(
        operation.Alias, "backward", "(grad,)", "(grad * 2,)", t.test_a_fused_operation_goes_through_its_plain_spelling
    ),
    Fault(
        node.Saving,
        "unpack",
        "if counter[0] != version:",
        "if False:",
        t.test_a_fused_operation_says_when_its_input_was_overwritten,
    ),
    Fault(node.Saving, "unpack", "if self.saved is None:", "if False:", t.test_a_retained_graph_keeps_what_it_saved),
    Fault(node.Saving, "release", "self.saved = None", "pass", t.test_saved_arrays_are_freed_as_backward_proceeds),
    # changes in place
    Fault(
        inplace.Patch,
        "backward",
        "    self.replay(outside).array[...] = 0\n",
        "",
        t.test_a_changed_view_changes_its_base,
    ),
    Fault(
        inplace.Patch,
        "backward",
        "return outside.array, self.replay(wrap(grad)).array",
        "return outside.array, None",
        t.test_a_changed_view_changes_its_base,
    ),
    Fault(
        inplace.Patch,
        "backward",
        "return grad * mask, self.replay(grad)",
        "return grad, self.replay(grad)",
        t.test_a_changed_view_changes_its_base,
    ),
    Fault(inplace, "_rebase", "(old, node)", "(node, old)", t.test_a_changed_view_changes_its_base),
    Fault(inplace, "overwrite", "+= 1", "+= 0", t.test_a_fused_operation_says_when_its_input_was_overwritten),
    Fault(
        inplace, "keep_before", "isinstance(node, Step)", "False", t.test_an_operation_in_place_may_have_saved_its_input
    ),
    Fault(inplace, "check_overwritable", "if tensor._node is None:", "if False:", t.test_a_leaf_is_not_overwritten),
    Fault(
        inplace,
        "check_overwritable",
        "if base.is_leaf and base._requires_grad:",
        "if False:",
        t.test_a_leaf_is_not_overwritten,
    ),
    Fault(variable, "current", "autograd.refresh(tensor)", "pass", t.test_another_view_learns_of_the_change),
    Fault(Tensor, "__setitem__", "    overwrite(self, node)", "    pass", t.test_a_changed_view_changes_its_base),
    # Function
    Fault(function.Custom, "backward", "grad.get(i)", "grad.get(0)", t.test_a_function_of_two_outputs),
    Fault(function.Custom, "incoming", "np.zeros_like(out)", "np.ones_like(out)", t.test_a_function_of_two_outputs),
    Fault(
        function.Parcel,
        "__add__",
        "self[i] + grad if i in self else grad",
        "grad",
        t.test_a_function_that_saved_its_output_twice,
    ),
    Fault(
        function.Context,
        "_linked",
        "if id(tensor) in self._places",
        "if False",
        t.test_a_function_that_saved_its_output_twice,
    ),
]


def report() -> bool:
    survivors = [str(fault) for fault in FAULTS if fault.escapes()]
    for fault in FAULTS:
        print(f"{'SURVIVED' if str(fault) in survivors else 'caught  '} {fault}")
    print(f"\n{len(FAULTS)} faults in the engine, {len(FAULTS) - len(survivors)} caught")
    return not survivors


if __name__ == "__main__":
    raise SystemExit(not report())
