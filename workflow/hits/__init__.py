"""hits/: from a match to a submitted case.

``take_in`` compares what the crawl found with the photographs and writes a hit for every use, with what
the page tells about it; rules put aside what the owner need not see. The rights-holder judges in the
inbox; what is illegal and can be proven becomes a case in one step, with its evidence.
"""
