"""What was settled is not asked again: which photographs a site may use, and which pages are closed for good.

A case that ends after its offer makes the entries; a later hit that one covers never becomes a letter.
"""
