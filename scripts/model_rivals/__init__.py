"""The reference models in contest with other implementations of the same, and with torch alone: a module each."""
