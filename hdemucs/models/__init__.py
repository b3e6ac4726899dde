"""Networks that separate: families, their stored form, and ensembles of them."""
