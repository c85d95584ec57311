"""Matching: which records of customers or projects mean the same thing in the world.

The main path is `match.py`. Everything here is a pure function of frames.
"""
