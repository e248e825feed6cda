"""A small network learns to tell two classes apart. Every dial, weight and point can be changed, undone and shared, and
what trains is the framework itself. On a page without Python a recording of the training is played."""

from learnnn.inspection import playground

sixty_epochs = 60 * 14  # 210 points to train on, 16 at a time
playground("circles", layers=(5, 3), learning_rate=0.1, noise=0.05, seed=5).step(sixty_epochs)
