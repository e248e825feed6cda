"""A gradient broken on purpose is caught, for every rule of every operation. `-s` prints the list."""

from collections import Counter

import pytest

from tests.ops.engine_mutants import FAULTS, caught_by
from tests.ops.mutants import mutants, operations, own_cases

caught: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def listing():
    yield
    print("\nbroken gradients caught, operation by operation:", ", ".join(f"{k} {n}" for k, n in caught.items()))
    print(f"{len(caught)} operations, {caught.total()} broken gradients")


@pytest.mark.parametrize("op", operations())
def test_no_broken_gradient_escapes(op):
    assert own_cases(op), f"{op} has no cases in tests/ops/cases.py"
    made = list(mutants(op))
    assert [str(mutant) for mutant in made if mutant.escapes()] == []
    caught[op] = len(made)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_no_fault_in_the_engine_escapes(fault):
    assert not fault.escapes()


def test_an_unbroken_engine_does_not_alarm():
    for catcher in {fault.catcher for fault in FAULTS}:
        caught_by(catcher)


def test_an_unbroken_gradient_does():
    """The other half of the proof: what catches the faults lets the right rules through."""
    mutant = next(mutants("mul"))
    right = operations()["mul"]
    assert type(mutant)("mul", "input", "none", right).escapes()
