"""What every part is asked: frozen, typed, without defaults; the numbers are in params.yaml."""
