"""Ways to reach people besides the chat: e-mail in both directions, and call-backs."""
