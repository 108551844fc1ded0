"""The keys of a study: one model a section, with type, range, default and description of each key.

The schema for editors and the tables of docs/studies.md are made from these models.
"""
