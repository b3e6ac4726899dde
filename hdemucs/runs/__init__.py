"""Run directories, named by their content, and the executors that train in them"""
