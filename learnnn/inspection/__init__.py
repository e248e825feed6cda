"""Look inside: `graph` draws how a number was computed, `gradcheck` tests a gradient, `decision_boundary` shows what
a classifier believes, `profile` says where time and memory go. Each shows a picture by itself in a notebook, and has a
text form for terminals and screen readers."""

from .gradients.check import GradientReport, gradcheck
from .graphs.graph import Graph, graph
from .planes.boundaries import Boundary, decision_boundary
from .profiling.profiles import Profile, profile

__all__ = ["Boundary", "GradientReport", "Graph", "Profile", "decision_boundary", "gradcheck", "graph", "profile"]
