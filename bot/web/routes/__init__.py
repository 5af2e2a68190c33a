"""Routes: parse, hand over, answer. No queries and no rules here."""
