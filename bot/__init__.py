"""Relais: a self-service support chatbot with a way out to a person."""

__version__ = "0.1.0"
