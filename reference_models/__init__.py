"""Reference models, one file each, that prove a PyTorch stack by their numbers.

A model file offers `checks(device)`, and imports torch and the standard library alone: never envtool, never another model.
"""
