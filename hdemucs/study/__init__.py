"""params.yaml, and the configuration of every variant and stage that follows from it"""
