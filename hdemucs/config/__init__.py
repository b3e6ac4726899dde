"""Classes of all configurations: frozen, typed, without defaults; the values are in params.yaml"""
