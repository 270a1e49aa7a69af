"""Run one crawl to its end. Call it once per process: a reactor cannot be started twice."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

from scrapy.crawler import CrawlerProcess

from detection.crawl.database import connect
from detection.crawl.frontier import Frontier
from detection.crawl.guard import HOSTS_SETTING, POLICY_SETTING
from detection.crawl.job import CrawlJob, CrawlSummary, stopwatch
from detection.crawl.records import Records
from detection.crawl.spider import SiteSpider
from detection.crawl.store import ContentStore
from detection.images.limits import FOUND
from detection.images.pool import DecodePool
from detection.images.safe import SafeDecoder


def run_crawl(job: CrawlJob) -> CrawlSummary:
    """Crawl until the frontier is empty; an interrupted round is continued.

    The tables of detection.crawl.tables must exist.
    """
    seconds = stopwatch()
    engine = connect(job.database_url)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    frontier = Frontier(engine, owner, job.lease_seconds, job.max_pages)
    frontier.begin(job.seeds, job.wall())
    records = Records(engine, frontier, job.failpoint)
    with DecodePool(job.decoders) as pool:
        process = CrawlerProcess(scrapy_settings(job))
        # it would warn that no Referer is sent, which is what we want
        logging.getLogger("scrapy.downloadermiddlewares.redirect").setLevel(logging.ERROR)
        process.crawl(
            SiteSpider,
            job=job,
            frontier=frontier,
            records=records,
            store=ContentStore(job.store_dir),
            decoder=SafeDecoder(pool, FOUND),
        )
        process.start()
    frontier.finish(job.wall())
    summary = records.summary(seconds())
    engine.dispose()
    return summary


def scrapy_settings(job: CrawlJob) -> dict[str, Any]:
    """Polite, bounded and guarded; everything that is not needed is off."""
    return {
        "LOG_LEVEL": "WARNING",
        "LOG_INSTALL_ROOT_HANDLER": False,
        "USER_AGENT": job.user_agent,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_PARSER": "scrapy.robotstxt.ProtegoRobotParser",
        "TWISTED_DNS_RESOLVER": "detection.crawl.guard.GuardResolver",
        POLICY_SETTING: job.policy,
        HOSTS_SETTING: list(job.site_hosts()),
        "DOWNLOADER_MIDDLEWARES": {
            "detection.crawl.guard.GuardMiddleware": 950,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
            "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
        },
        "DOWNLOAD_HANDLERS": dict.fromkeys(("file", "ftp", "s3", "data")),
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.logstats.LogStats": None,
        },
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,  # it would run any Python it is sent
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "CONCURRENT_REQUESTS": job.at_once,
        "CONCURRENT_REQUESTS_PER_DOMAIN": job.per_host,
        "DOWNLOAD_DELAY": job.delay,
        "AUTOTHROTTLE_ENABLED": job.autothrottle,
        "DOWNLOAD_TIMEOUT": job.timeout,
        "DNS_TIMEOUT": 10,
        "DOWNLOAD_MAXSIZE": job.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "REDIRECT_MAX_TIMES": 5,
        "RETRY_TIMES": 2,
        "DEPTH_LIMIT": 0,
        "REACTOR_THREADPOOL_MAXSIZE": 20,
    }
