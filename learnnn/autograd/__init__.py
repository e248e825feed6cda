"""The tape: what a node is, the backward sweep, grad, no_grad, Function. It knows no operation.

Every operation on tensors that require gradients leaves a `Node` behind: who its parents are, what it saved,
and how a gradient of its output becomes gradients of its inputs. `sweep` walks these nodes once, consumers
before their parents, and that is all of reverse-mode differentiation (Baydin et al. 2018, section 3.2).

To read it, start with `node.py`, then `sweep.py`; `operation.py` shows how nodes come to be.
"""

from .variable import RemovableHandle, Variable, edge, wrap  # isort: skip
from .anomaly import detect_anomaly, is_anomaly_enabled, look, set_detect_anomaly
from .function import Function, once_differentiable
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .inplace import check_overwritable, keep_before, overwrite, refresh
from .mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .node import Leaf, Node
from .operation import check_tensor, differentiable, from_backward, torch_names
from .sweep import accumulate, backward, grad, sweep, topological_order, unbroadcast

from . import functional  # isort: skip
