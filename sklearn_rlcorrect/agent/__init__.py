"""The agent: what it observes, how it acts, how it is trained and chosen."""
