"""Unedited PyTorch scripts: `python -m learnnn.compat script.py` gives what `python script.py` gives."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest


def run(folder, code, *arguments, command=("-m", "learnnn.compat"), root=None):
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code))
    environment = {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": ""}
    line = [sys.executable, *command, str(script), *arguments]
    return subprocess.run(line, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture
def serve(tmp_path, root):
    """Run a script's text under learnnn."""
    return lambda code, *arguments: run(tmp_path, code, *arguments, root=root)


def test_every_import_of_a_teaching_script(serve):
    done = serve(
        """
        import torch
        import torch.nn as nn
        import torch.nn.functional as F
        import torch.optim as optim
        import torch.optim.lr_scheduler as lr_scheduler
        import torch.nn.init
        import torch.autograd
        import torch.linalg
        import torch.distributions
        from torch import Tensor, tensor
        from torch.autograd import Function, grad
        from torch.distributions import Categorical, Normal
        from torch.nn import Linear, Module
        from torch.nn import functional
        from torch.nn.parameter import Parameter
        from torch.nn.utils import clip_grad_norm_
        from torch.optim import Adam
        from torch.optim.lr_scheduler import StepLR
        from torch.optim.optimizer import Optimizer
        from torch.utils.data import DataLoader, Dataset, TensorDataset
        assert functional is F and torch.nn is nn and torch.nn.functional is F
        assert isinstance(Linear(2, 1).weight, Parameter) and issubclass(Adam, Optimizer)
        print(torch.__name__, nn.__name__, F.__name__, lr_scheduler.StepLR is StepLR)
        """
    )
    assert done.stderr == "" and done.returncode == 0
    assert done.stdout.split() == ["learnnn", "learnnn.nn", "learnnn.nn.functional", "True"]


def test_arguments_main_and_neighbours(serve, tmp_path):
    (tmp_path / "neighbour.py").write_text("import torch\nanswer = torch.tensor(42)\n")
    done = serve(
        """
        import inspect, pickle, sys, __main__
        import neighbour

        class Here:
            pass

        if __name__ == "__main__":
            print(sys.argv[1:], __file__ == sys.argv[0], neighbour.answer.item())
            print(__main__.Here is Here, type(pickle.loads(pickle.dumps(Here()))) is Here)
            print(inspect.getsource(Here).strip().splitlines()[0])
            sys.exit(7)
        """,
        "--epochs",
        "3",
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["['--epochs', '3'] True 42", "True True", "class Here:"]
    assert done.returncode == 7


def test_a_traceback_begins_in_the_script(serve, tmp_path):
    done = serve(
        """
        import torch
        def model(x):
            return torch.nn.Linear(3, 1)(x)
        model(torch.zeros(2, 4))
        """
    )
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].strip() == f'File "{tmp_path / "script.py"}", line 5, in <module>'
    assert lines[2].strip() == "model(torch.zeros(2, 4))"
    assert "compat" not in done.stderr and "expects 3 features, got 4" in lines[-1]


def test_mistakes_in_the_script_are_told_as_python_tells_them(serve, tmp_path):
    broken = serve("print(1\n")
    assert broken.returncode == 1 and "SyntaxError: '(' was never closed" in broken.stderr
    missing = serve("import torch.nothing_of_the_kind\n")
    assert "No module named 'torch.nothing_of_the_kind': learnnn, which stands in" in missing.stderr
    absent = serve("from torch.nn import NoSuchLayer\n")
    assert "ImportError: cannot import name 'NoSuchLayer' from 'learnnn.nn'" in absent.stderr


def test_a_script_saves_loads_and_exports(serve, tmp_path):
    pytest.importorskip("onnx")
    done = serve(
        """
        import torch
        import torch.onnx
        model = torch.nn.Linear(2, 1)
        torch.save({"epoch": 3, "model": model.state_dict()}, "model.pt")
        checkpoint = torch.load("model.pt", map_location=torch.device("cpu"), weights_only=True)
        print(model.load_state_dict(checkpoint["model"]), checkpoint["epoch"])
        torch.onnx.export(model, torch.randn(1, 2), "model.onnx", input_names=["x"], output_names=["y"])
        """
    )
    assert done.stderr == "" and done.stdout == "<All keys matched successfully> 3\n"
    assert (tmp_path / "model.onnx").stat().st_size > 100


def test_without_a_script(tmp_path, root):
    for arguments, code, words in ((["--help"], 0, "usage:"), ([], 2, "usage:"), (["no.py"], 1, "there is no file")):
        line = [sys.executable, "-m", "learnnn.compat", *arguments]
        done = subprocess.run(line, capture_output=True, text=True, cwd=root)
        assert done.returncode == code and words in done.stdout + done.stderr


def test_nothing_is_left_behind_in_another_process(root):
    code = "import sys, learnnn; print('torch' in sys.modules, any('Alias' in repr(f) for f in sys.meta_path))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "False False"


def test_pytorch_already_there_is_told(monkeypatch):
    from learnnn import compat

    monkeypatch.setitem(sys.modules, "torch", np)
    with pytest.raises(ImportError, match="already"):
        compat.install()


SCRIPT = """
    import torch
    from torch import nn, optim
    from torch.utils.data import DataLoader, TensorDataset
    import torch.nn.functional as F

    torch.set_default_dtype(torch.float64)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(4, 8)
            self.fc2 = nn.Linear(8, 3)

        def forward(self, x):
            return self.fc2(torch.tanh(self.fc1(x)))

    net = Net().to(device)
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(torch.sin(torch.arange(p.numel(), dtype=p.dtype) + i).view_as(p))
    x = torch.cos(torch.arange(80, dtype=torch.float64)).view(20, 4)
    y = torch.arange(20) % 3
    loader = DataLoader(TensorDataset(x, y), batch_size=5)
    optimizer = optim.AdamW(net.parameters(), lr=0.05)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    for epoch in range(5):
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(inputs.to(device)), labels.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        scheduler.step()
        print(epoch, loss.item(), scheduler.get_last_lr()[0])
    print(net)
"""


@pytest.mark.parity
def test_a_training_script_prints_the_same_under_both(tmp_path, root):
    pytest.importorskip("torch")
    ours = run(tmp_path, SCRIPT, root=root)
    theirs = run(tmp_path, SCRIPT, command=(), root=root)
    assert ours.stderr == theirs.stderr == ""
    for a, b in zip(ours.stdout.splitlines(), theirs.stdout.splitlines(), strict=True):
        if a[0].isdigit():
            np.testing.assert_allclose(np.array(a.split(), float), np.array(b.split(), float), rtol=1e-9)
        else:
            assert a == b
