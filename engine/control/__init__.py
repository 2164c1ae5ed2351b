"""Requests of people and schedules: run, resume, cancel, pause, promote, roll back.

Imported by the command line, the scheduler, the worker and the console.
"""
