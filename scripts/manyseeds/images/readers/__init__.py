"""One module for each family of image formats; each reads with the field's own reader.

Each has a class that is an `images.layout.ImageFile`. `images.opening` chooses among them.
"""
