"""The exercises and their known mistakes, a file a chapter; imported when first asked for."""
