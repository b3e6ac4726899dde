"""One module a stage of dvc.yaml: read, call, write."""
