"""Networks: their architectures, many seeds as one and plainly, opening them, what they predict.

Knows layers and weights. `architectures` and `summary` are free of torch.
May import `machine`.
"""
