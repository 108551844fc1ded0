"""Networks: architectures, many seeds as one network, its plain twin, opening, predictions.

Knows layers and weights, and opens the networks of ImageNet (`pretrained`). `architectures`,
`layers` and `summary` are free of torch.
May import `machine`.
"""
