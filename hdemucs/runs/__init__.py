"""Where training runs: content-addressed run directories and the executors that fill them."""
