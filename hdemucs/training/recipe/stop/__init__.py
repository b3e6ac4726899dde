"""When a run ends before its last epoch"""
