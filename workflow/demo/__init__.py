"""The demo world: a small web with planted uses of sixteen photographs, built without the internet.

It stands outside the flow of a case and feeds it: `photographs` lists the pictures and who made
them, `alterations` changes them as people on the web do, `web` writes the sites and serves them on
loopback. The truth about what was planted is kept apart from the served folder and is read by the
demo's summary alone.
"""
