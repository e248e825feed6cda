"""The playground: a small network, its points and all its dials, trained by the framework while you watch."""
