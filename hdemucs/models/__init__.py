"""Networks that separate: families, how models are stored, and ensembles of models."""
