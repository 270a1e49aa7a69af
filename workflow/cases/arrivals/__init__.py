"""What comes in outside the portal: letters, calls and mails, recorded by hand with a scan.

Recorded first, assigned to a case at once or later. What is assigned stops our clocks, as any answer does.
"""
