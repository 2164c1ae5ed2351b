"""Fits of more train rows than the exact fits of trees can take."""
