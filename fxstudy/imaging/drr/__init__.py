"""Digitally reconstructed radiographs: from a CT or phantom to the film."""
