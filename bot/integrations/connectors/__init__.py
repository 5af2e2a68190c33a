"""Tickets kept in step with other systems: twins in Zammad or Zendesk, issues in Jira."""
