"""The recipient's word about the sum: which input is wrong, and what the calculation says with it."""
