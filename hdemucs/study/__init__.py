"""params.yaml, and the effective configuration of every variant and stage that follows from it."""
