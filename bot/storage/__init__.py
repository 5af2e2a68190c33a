"""Engine, schema, migrations and outbox: the only package that knows which database runs."""
