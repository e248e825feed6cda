"""Look inside: one call each, a still picture with its words, live where scripts run.

`graph` draws and plays how a number was computed, `gradcheck` tests a gradient, `decision_boundary` shows what a
classifier believes, `playground` trains one under your hands, `watch` follows a training, `landscape` draws its loss,
`profile` says where time and memory go; docs/GALLERY.md shows all of them. They work on learnnn's models, on your own
classes and functions, and on PyTorch's models, and leave them as they were.
"""

from .generative.denoise import Denoising, denoise
from .generative.film import Film, film
from .generative.latent import Latent, latent
from .gradients.check import gradcheck, gradgradcheck
from .gradients.report import GradientReport
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
from .sequences.embedding_map import EmbeddingMap, embedding_map
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

__all__ = [
    "Attention",
    "Boundary",
    "Broadcast",
    "Dashboard",
    "Denoising",
    "EmbeddingMap",
    "FeatureMaps",
    "Film",
    "Gates",
    "GradCam",
    "GradientReport",
    "Graph",
    "Hills",
    "Kernels",
    "Landscape",
    "Latent",
    "LiveMetrics",
    "LossLine",
    "Playground",
    "Prediction",
    "Profile",
    "QueriesAndKeys",
    "Race",
    "Recorder",
    "Replay",
    "ResidualLens",
    "Runs",
    "Saliency",
    "Sampling",
    "Watch",
    "attention",
    "broadcast",
    "dashboard",
    "decision_boundary",
    "denoise",
    "embedding_map",
    "feature_maps",
    "film",
    "gates",
    "grad_cam",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "kernels",
    "landscape",
    "latent",
    "optimizer_race",
    "playground",
    "predict",
    "profile",
    "replay",
    "residual_lens",
    "runs",
    "sampling",
    "unbroadcast",
    "watch",
]
