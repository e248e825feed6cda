"""What the framework offers, name by name: each has to be there, and docs/SURFACE.md is the table of them.

`python tests/test_surface.py`, from the repository, writes the table anew.
"""

import ast
import functools
import importlib
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import learnnn

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "SURFACE.md"
HERE = Path(__file__).resolve()

# Category -> the places where each of its names has to be, in PyTorch's spelling, and the names.
SURFACE: dict[str, tuple[tuple[str, str], ...]] = {
    "Creating": (
        ("torch", "tensor as_tensor from_numpy Tensor FloatTensor LongTensor zeros ones full empty arange linspace"),
        ("torch", "eye"),
        ("torch", "zeros_like ones_like full_like empty_like rand randn randint randperm normal rand_like randn_like"),
        ("torch", "randint_like manual_seed Generator device dtype Size"),
        ("torch Tensor", "diag tril triu bernoulli multinomial"),
        ("torch", "cuda.is_available accelerator.is_available"),
    ),
    "Dtypes": (
        ("torch", "float16 float32 float64 double float int64 long int32 int uint8 bool"),
        ("torch", "set_default_dtype get_default_dtype"),
        ("Tensor", "to float double long int bool type item tolist numpy cpu dtype device half"),
    ),
    "Operators": (
        ("Tensor", "__add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __pow__ __matmul__ __neg__ __invert__"),
        ("Tensor", "__and__ __or__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __radd__ __rsub__ __rmul__ __rtruediv__"),
        ("Tensor", "__iadd__ __isub__ __imul__ __itruediv__ __getitem__ __setitem__ __len__ __iter__ __bool__"),
        ("Tensor", "add_ sub_ mul_ div_ zero_ fill_ copy_ clamp_ exp_ sqrt_ neg_ masked_fill_ normal_ uniform_"),
        ("torch Tensor", "add sub mul div pow remainder floor_divide eq ne lt le gt ge logical_and logical_or"),
        ("torch Tensor", "logical_not"),
    ),
    "Pointwise": (
        ("torch Tensor", "abs sign neg exp expm1 log log1p log2 sqrt rsqrt reciprocal sin cos tan tanh sigmoid erf"),
        ("torch Tensor", "relu"),
        ("torch Tensor", "clamp round floor ceil maximum minimum where masked_fill lerp isnan isfinite isinf"),
        ("torch Tensor", "nan_to_num"),
    ),
    "Reductions": (
        ("torch Tensor", "sum mean var std prod max min amax amin argmax argmin any all logsumexp cumsum cumprod norm"),
        ("torch Tensor", "median sort argsort topk unique bincount"),
    ),
    "Shapes and indexing": (
        ("torch Tensor", "reshape flatten unflatten ravel transpose permute movedim squeeze unsqueeze tile split"),
        ("torch Tensor", "chunk"),
        ("torch Tensor", "unbind flip roll repeat_interleave gather scatter scatter_add index_select index_add"),
        ("torch Tensor", "masked_select nonzero broadcast_to clone detach"),
        ("torch", "cat concat stack meshgrid"),
        ("Tensor", "view T mT t expand expand_as repeat unfold contiguous scatter_ scatter_add_ index_add_ shape size"),
        ("Tensor", "dim ndim numel view_as type_as new_zeros new_ones"),
    ),
    "Linear algebra": (
        ("torch Tensor", "matmul mm bmm mv dot outer trace"),
        ("torch", "einsum tensordot"),
        ("torch.linalg", "norm inv solve"),
    ),
    "Automatic differentiation": (
        ("Tensor", "backward grad requires_grad requires_grad_ retain_grad register_hook is_leaf grad_fn detach_"),
        ("torch.autograd", "grad Function backward no_grad enable_grad set_grad_enabled inference_mode detect_anomaly"),
        ("torch.autograd", "gradcheck gradgradcheck set_detect_anomaly"),
        ("torch", "no_grad enable_grad set_grad_enabled inference_mode is_grad_enabled"),
        ("torch.autograd.function", "once_differentiable"),
        ("torch.autograd.functional", "jacobian hessian vjp jvp hvp"),
    ),
    "Modules": (
        ("torch.nn.Module", "parameters named_parameters buffers named_buffers children named_children modules"),
        ("torch.nn.Module", "named_modules register_buffer register_parameter register_module add_module state_dict"),
        ("torch.nn.Module", "load_state_dict train eval to apply requires_grad_ zero_grad register_forward_hook"),
        ("torch.nn.Module", "register_forward_pre_hook register_full_backward_hook extra_repr float double cpu"),
        ("torch.nn.Module", "get_submodule get_parameter"),
        ("torch.nn", "Module Parameter Sequential ModuleList ModuleDict ParameterList ParameterDict"),
        ("torch.nn.parameter", "Parameter"),
    ),
    "Layers": (
        ("torch.nn", "Linear Bilinear Identity Flatten Unflatten Conv1d Conv2d ConvTranspose1d ConvTranspose2d"),
        ("torch.nn", "MaxPool1d MaxPool2d AvgPool1d AvgPool2d AdaptiveAvgPool2d Upsample Unfold Fold BatchNorm1d"),
        ("torch.nn", "BatchNorm2d LayerNorm GroupNorm InstanceNorm2d RMSNorm Dropout Dropout2d Embedding RNN LSTM GRU"),
        ("torch.nn", "RNNCell LSTMCell GRUCell MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer"),
        ("torch.nn", "TransformerEncoder TransformerDecoder Transformer"),
    ),
    "Activations": (
        ("torch.nn", "ReLU LeakyReLU PReLU ELU SELU GELU SiLU Mish Sigmoid Tanh Softplus Hardtanh Hardswish ReLU6"),
        ("torch.nn", "LogSigmoid Softmax LogSoftmax GLU"),
        ("F", "relu leaky_relu prelu elu selu gelu silu mish sigmoid tanh softplus hardtanh hardswish relu6"),
        ("F", "logsigmoid"),
        ("F", "softmax log_softmax glu"),
        ("torch Tensor", "softmax log_softmax"),
    ),
    "Losses": (
        ("torch.nn", "MSELoss L1Loss HuberLoss SmoothL1Loss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss"),
        ("torch.nn", "KLDivLoss GaussianNLLLoss TripletMarginLoss CosineEmbeddingLoss"),
        ("F", "mse_loss l1_loss huber_loss smooth_l1_loss cross_entropy nll_loss binary_cross_entropy kl_div"),
        ("F", "binary_cross_entropy_with_logits gaussian_nll_loss triplet_margin_loss cosine_embedding_loss"),
    ),
    "Functional": (
        ("F", "linear bilinear conv1d conv2d conv_transpose1d conv_transpose2d max_pool1d max_pool2d avg_pool1d"),
        ("F", "avg_pool2d adaptive_avg_pool2d batch_norm layer_norm group_norm instance_norm rms_norm dropout"),
        ("F", "dropout2d embedding one_hot pad normalize cosine_similarity interpolate unfold fold gumbel_softmax"),
        ("F", "scaled_dot_product_attention"),
    ),
    "Initialization and utilities": (
        ("torch.nn.init", "zeros_ ones_ constant_ uniform_ normal_ trunc_normal_ xavier_uniform_ xavier_normal_"),
        ("torch.nn.init", "kaiming_uniform_ kaiming_normal_ orthogonal_ eye_ dirac_ calculate_gain"),
        ("torch.nn.utils", "clip_grad_norm_ clip_grad_value_ parameters_to_vector vector_to_parameters"),
        ("torch.nn.utils.rnn", "pad_sequence pack_padded_sequence pad_packed_sequence pack_sequence PackedSequence"),
    ),
    "Optimizers": (
        ("torch.optim", "Optimizer SGD Adam AdamW NAdam RAdam RMSprop Adagrad Adadelta LBFGS"),
        ("torch.optim.Optimizer", "step zero_grad state_dict load_state_dict add_param_group"),
        ("torch.optim.lr_scheduler", "LambdaLR StepLR MultiStepLR ExponentialLR CosineAnnealingLR LinearLR OneCycleLR"),
        ("torch.optim.lr_scheduler", "CosineAnnealingWarmRestarts ReduceLROnPlateau SequentialLR"),
    ),
    "Data": (
        ("torch.utils.data", "Dataset IterableDataset TensorDataset ConcatDataset Subset random_split DataLoader"),
        ("torch.utils.data", "Sampler SequentialSampler RandomSampler SubsetRandomSampler WeightedRandomSampler"),
        ("torch.utils.data", "BatchSampler default_collate"),
    ),
    "Saving": (("torch", "save load"), ("torch.onnx", "export")),
    "Distributions": (
        ("torch.distributions", "Normal Categorical Bernoulli kl_divergence"),
        ("torch.distributions.Normal", "sample rsample log_prob entropy"),
        ("torch.distributions.Categorical", "sample log_prob entropy"),
        ("torch.distributions.Bernoulli", "sample log_prob entropy"),
    ),
    "Above PyTorch": (
        ("learnnn.training", "Trainer History Callback EarlyStopping Checkpoint ProgressBar LivePlot Report compare"),
        ("learnnn.training", "freeze unfreeze summary ParallelTrainer"),
        ("learnnn.training.Trainer", "fit evaluate predict"),
        ("learnnn.training.metrics", "accuracy precision recall f1 top_k_accuracy confusion_matrix r2 roc_auc"),
        ("learnnn.training.metrics", "mean_absolute_error root_mean_squared_error"),
        ("learnnn.training.preprocessing", "StandardScaler MinMaxScaler RobustScaler OneHotEncoder SimpleImputer"),
        ("learnnn.training.preprocessing", "CharTokenizer BPETokenizer sliding_windows"),
        ("learnnn.nn", "Reshape"),
    ),
}
TOOLS = ("conftest.py", "both.py", "stats.py", "drawn.py", "mutants.py", "engine_mutants.py")
BOTH_WAYS = ("Pointwise", "Reductions", "Shapes and indexing")
COMPARES = re.compile("parity|scripts")
OPERATORS = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "Div": "truediv", "FloorDiv": "floordiv", "Mod": "mod", "Pow": "pow",
    "MatMult": "matmul", "BitAnd": "and", "BitOr": "or", "Invert": "invert", "USub": "neg", "Eq": "eq", "NotEq": "ne",
    "Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "Subscript": "getitem", "For": "iter", "comprehension": "iter",
}  # fmt: skip


def full(place: str, name: str) -> str:
    """F, relu -> torch.nn.functional.relu"""
    return f"{ {'F': 'torch.nn.functional', 'Tensor': 'torch.Tensor'}.get(place, place) }.{name}"


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """(category, name, its full names) of everything."""
    for category, groups in SURFACE.items():
        for places, names in groups:
            for name in names.split():
                yield category, name, [full(place, name) for place in places.split()]


def find(path: str, library: str = "learnnn") -> Any:
    """What stands at torch.a.b in a library. AttributeError if nothing does."""
    first, *rest = path.split(".")
    found: Any = importlib.import_module(library if first == "torch" else first)
    for part in rest:
        found = getattr(found, part) if hasattr(found, part) else submodule(found, part)
    return found


def submodule(parent: Any, name: str) -> Any:
    try:
        return importlib.import_module(f"{parent.__name__}.{name}")
    except ModuleNotFoundError:
        raise AttributeError(f"{parent.__name__} has no {name}") from None


def missing(library: str = "learnnn") -> list[str]:
    """The full names that a library lacks."""
    found = []
    for path in (path for _, _, paths in rows() for path in paths if library == "learnnn" or path[:5] == "torch"):
        try:
            find(path, library)
        except AttributeError:
            found.append(path)
    return found


# -------------------------------------------------------------------------------------------- the table
def source_of(path: str) -> str:
    """The file that defines what stands at this path."""
    found = inspect.unwrap(find(path)) if callable(find(path)) else find(path)
    module = getattr(found, "__module__", None)
    owner = module if isinstance(module, str) and module.startswith("learnnn") else None
    if owner is None:
        parent = find(path.rpartition(".")[0])
        owner = parent.__name__ if isinstance(parent, ModuleType) else getattr(parent, "__module__", "learnnn")
    file = sys.modules[owner].__file__ if owner in sys.modules else learnnn.__file__
    return Path(str(file)).resolve().relative_to(ROOT).as_posix()


def mentions(source: str) -> Counter[str]:
    """How often a test says each name: in code, or in a string that is no docstring."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    said: Counter[str] = Counter()
    for node in ast.walk(tree):
        kind = type(node).__name__
        if kind in OPERATORS:
            said[f"__{OPERATORS[kind]}__"] += 1
        if isinstance(node, ast.Attribute):
            said[node.attr] += 1
        elif isinstance(node, ast.alias):
            said[node.name.rpartition(".")[2]] += 1
        elif isinstance(node, ast.Name):
            said[node.id] += 1
        elif isinstance(node, ast.AugAssign):
            said[f"__i{OPERATORS.get(type(node.op).__name__)}__"] += 1
        elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
            said[f"__r{OPERATORS.get(type(node.op).__name__)}__"] += 1
        elif isinstance(node, ast.Assign):
            said["__setitem__"] += isinstance(node.targets[0], ast.Subscript)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            said.update(re.findall(r"\w+", node.value))
    return said


@functools.cache
def heard() -> dict[str, Counter[str]]:
    """file -> what it mentions, of every file in tests/ that tests."""
    paths = [p for p in sorted((ROOT / "tests").rglob("*.py")) if p != HERE and p.name not in TOOLS]
    return {p.relative_to(ROOT).as_posix(): mentions(p.read_text("utf-8")) for p in paths}


def held_by(name: str) -> str:
    """The test that mentions a name: rather one that compares with PyTorch, and of these the one that does most."""
    name = name.rpartition(".")[2]
    found = [(COMPARES.search(file) is None, -said[name], file) for file, said in heard().items() if said[name]]
    return min(found)[-1] if found else ""


def brief(path: str) -> str:
    return path.replace("torch.nn.functional", "F").replace("torch.Tensor.", "Tensor.")


def table() -> str:
    lines = [
        "# The surface, name by name",
        "",
        "Every name that the framework promises, where it is defined, and the test that holds it (one that compares",
        "with PyTorch, where there is one). Written by `python tests/test_surface.py`; a test fails when it is stale.",
    ]
    last = None
    for category, name, paths in rows():
        if category != last:
            lines += ["", f"## {category}", "", "| name | where | test |", "|---|---|---|"]
        last = category
        short = ", ".join(f"`{brief(path)}`" for path in paths)
        lines.append(f"| {short} | {source_of(paths[0])} | {held_by(name)} |")
    return "\n".join([*lines, ""])


# -------------------------------------------------------------------------------------------- the tests
def test_no_name_is_missing():
    assert missing() == []


def test_every_name_is_held_by_a_test():
    assert [paths[0] for _, name, paths in rows() if not held_by(name)] == []


def test_the_committed_table_is_up_to_date():
    assert PAGE.read_text("utf-8") == table(), "docs/SURFACE.md is stale: run `python tests/test_surface.py`"


def test_no_name_is_listed_twice():
    paths = [path for _, _, found in rows() for path in found]
    assert [path for path, count in Counter(paths).items() if count > 1] == []


def test_a_missing_name_is_found(monkeypatch):
    monkeypatch.delattr(learnnn.nn, "Linear")
    monkeypatch.delattr(learnnn.Tensor, "abs")
    assert {"torch.Tensor.abs", "torch.nn.Linear"} <= set(missing())


@pytest.mark.parametrize(
    ("source", "said"),
    [("x.abs()", "abs"), ("n = 'sin cos'", "cos"), ("a + b", "__add__"), ("1 - b", "__rsub__"), ("a *= 2", "__imul__")],
)
def test_what_a_test_mentions(source, said):
    assert mentions(source)[said] == 1
    assert mentions(f'"""{source}"""')[said] == 0  # prose is no test


@pytest.mark.parity
def test_the_names_are_pytorchs():
    pytest.importorskip("torch")
    assert missing("torch") == []


@pytest.mark.parity
def test_a_function_and_its_method_are_where_pytorch_has_them():
    """What PyTorch has both as a function and as a method, or in place too, learnnn has so as well."""
    torch = pytest.importorskip("torch")
    found = []
    for name in (name for category, name, _ in rows() if category in BOTH_WAYS):
        pairs = (torch, learnnn, name), (torch.Tensor, learnnn.Tensor, name), (torch.Tensor, learnnn.Tensor, f"{name}_")
        found += [f"{ours.__name__}.{n}" for theirs, ours, n in pairs if hasattr(theirs, n) and not hasattr(ours, n)]
    assert sorted(set(found)) == []


if __name__ == "__main__":
    if missing():
        sys.exit(f"missing: {' '.join(missing())}")
    PAGE.write_text(table(), "utf-8")
