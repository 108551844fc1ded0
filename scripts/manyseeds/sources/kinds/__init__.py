"""Kinds of source, one class in a module of its own.

`manyseeds.sources.source` imports every module that lies here. A kind imports what is not of the
standard library, but for pydantic, within its functions.
"""
