"""What a run will need, measured on real steps before it starts"""
