"""Look inside: `graph` draws how a number was computed, `gradcheck` tests a gradient, `decision_boundary` shows what
a classifier believes, `profile` says where time and memory go. Each shows a picture by itself in a notebook, and has a
text form for terminals and screen readers."""

from .generative.denoise import Denoising, denoise
from .generative.film import Film, film
from .gradients.check import gradcheck, gradgradcheck
from .gradients.report import GradientReport
from .generative.latent import Latent, latent
from .graphs.graph import Graph, graph
from .ideas.broadcast import Broadcast, broadcast, unbroadcast
from .ideas.predict import Prediction, predict
from .images.feature_maps import FeatureMaps, feature_maps
from .images.kernels import Kernels, kernels
from .images.saliency import GradCam, Saliency, grad_cam, saliency
from .planes.boundaries import Boundary, decision_boundary
from .playground.entry import playground
from .playground.playground import Playground
from .profiling.profiles import Profile, profile
from .sequences.attention import Attention, attention
from .sequences.gates import Gates, gates
from .sequences.queries import QueriesAndKeys
from .sequences.residual_lens import ResidualLens, residual_lens
from .sequences.sampling import Sampling, sampling
from .surfaces.hills import Hills
from .surfaces.landscape import Landscape, landscape
from .surfaces.line import LossLine
from .surfaces.race import Race, optimizer_race
from .training.dashboard import Dashboard, dashboard
from .training.metrics import LiveMetrics
from .training.recorder import Recorder
from .training.replay import Replay, replay
from .training.runs import Runs, runs
from .training.watch import Watch, watch

__all__ = ["Attention", "Boundary", "Broadcast", "Dashboard", "Denoising", "FeatureMaps", "Film", "Gates", "GradCam", "GradientReport", "Graph", "Hills", "Kernels", "Landscape", "Latent", "LiveMetrics", "LossLine", "Playground", "Prediction", "Profile", "QueriesAndKeys", "Race", "Recorder", "Replay", "ResidualLens", "Runs", "Saliency", "Sampling", "Watch", "attention", "broadcast", "dashboard", "decision_boundary", "denoise", "feature_maps", "film", "gates", "grad_cam", "gradcheck", "gradgradcheck", "graph", "kernels", "landscape", "latent", "optimizer_race", "playground", "predict", "profile", "replay", "residual_lens", "runs", "sampling", "unbroadcast", "watch"]
