"""The verbs of accounts; none commits, none knows Flask."""
