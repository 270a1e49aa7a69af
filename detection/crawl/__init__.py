"""From given sites to pages, images and where on a page each image stands.

`run_crawl` runs one Scrapy process to its end and must be called in a process of its own, because
a Twisted reactor starts only once. Everything it learns goes into the database at once: what was
acknowledged is stored, what was not is fetched again.
"""

from __future__ import annotations
