"""What models of sequences do: attention, gates, the residual stream, sampling, embeddings."""
