"""Systems and oracles scored against references, track by track."""
