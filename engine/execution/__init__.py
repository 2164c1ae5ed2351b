"""Execution of one run: inputs, caching, attempts, executors, and publishing at the end.

`ray_executor` is the only module that imports Ray.
"""
