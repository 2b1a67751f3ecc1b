"""Look at the machine once, decide with pure functions over facts kept as data, put it into words, and only then act."""

__version__ = "0.1.0"
