"""Models that make something: what they make at each moment, of their training or of the making."""
