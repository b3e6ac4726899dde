"""Pages of measurements (times, coverage): each module measures one thing and writes one page"""
