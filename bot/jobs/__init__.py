"""What happens without anyone asking: delivery of the outbox by an engine, and the worker's chores."""
