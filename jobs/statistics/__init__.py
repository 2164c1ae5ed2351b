"""Statistics of scores and outcomes as pure functions: discrimination, drift, calibration, vintage curves.

Imported by governance, modelling, charts and monitoring; imports no other package of `jobs`.
"""
