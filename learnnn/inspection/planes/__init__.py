"""The plane as a classifier sees it."""
