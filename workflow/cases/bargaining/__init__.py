"""What recipient and desk say to each other about the sum: one input is doubted, and decided.

The recipient sees the new sum by the very engine that made the old one before she sends anything. A person
accepts or refuses; what is accepted can only lower or keep what is asked.
"""
