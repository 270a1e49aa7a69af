"""From crawled pictures to hits: real matching, once per pair, nothing lost, rules first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from detection.types import Certainty, MatchKind
from workflow.cases.states import Stage
from workflow.config import ROOT
from workflow.hits import services
from workflow.hits.models import ComparedImage, FoundMatch, Hit
from workflow.hits.states import HitState, Likelihood, RuleKind, Verdict
from workflow.kernel import audit

from .made import IMPRINT, NOON, altered, photograph


def test_a_use_becomes_a_hit_with_what_the_page_tells(box, web):
    box.upload("work-01.jpg")
    web.page("http://blog.example.org/impressum", IMPRINT, "Impressum")
    web.page(
        "http://blog.example.org/walk/",
        '<html><head><title>A walk</title><script type="application/ld+json">'
        '{"@type": "BlogPosting", "datePublished": "2023-05-04T08:00:00Z"}</script></head></html>',
        "A walk",
    )
    web.picture("http://blog.example.org/walk/", altered("work-01.jpg", "cropped"), alt="A view")
    web.picture("http://blog.example.org/walk/", photograph("other-03.jpg"))
    done = box.take_in()
    assert (done.images_compared, done.hits_new, done.hits_seen_again) == (2, 1, 0)
    (hit,) = box.hits()
    assert hit.state is HitState.SHOWN and hit.stage is Stage.HIT and hit.verdict is None
    assert hit.kind is MatchKind.CROPPED and hit.certainty is Certainty.CONFIRMED
    assert 0.4 < hit.visible_share < 0.75 and len(hit.outline) >= 4
    assert (hit.host, hit.domain) == ("blog.example.org", "example.org")
    assert hit.page_title == "A walk" and hit.alt == "A view"
    assert hit.operator_name == "Küstenblog Beispiel UG" and hit.operator_country == "DE"
    assert hit.operator_address == "Beispielweg 12\n00000 Musterhafen"
    assert hit.operator_email == "blog@example.org"
    assert hit.operator_source == "http://blog.example.org/impressum"
    assert hit.first_seen.date().isoformat() == "2023-05-04" and hit.last_seen == NOON
    assert hit.licence is Likelihood.LOW
    # commercial, website, up to 12 months: 180 x 100 %, not credited: 360; 70 % and 150 % of that
    assert (hit.fee_low.minor, hit.fee_high.minor) == (25200, 54000)
    with box.runtime.database.reading() as session:
        told = [entry.action for entry in audit.history(session, "hit", hit.id)]
    assert told == ["hit:begin", "hit:show"]


def test_nothing_is_compared_twice_and_a_new_photograph_meets_the_old_pictures(box, web):
    box.upload("work-01.jpg")
    web.picture("http://a.example.org/", altered("work-01.jpg"))
    web.picture("http://a.example.org/", altered("work-02.jpg"))
    assert box.take_in().images_compared == 2
    again = box.take_in()
    assert (again.images_compared, again.hits_new, again.hits_seen_again) == (0, 0, 0)
    box.upload("work-02.jpg")
    third = box.take_in()
    assert (third.images_compared, third.hits_new) == (2, 1)
    assert len(box.hits()) == 2
    with box.runtime.database.reading() as session:
        assert set(session.scalars(select(ComparedImage.references_version))) == {2}


def test_a_known_picture_on_a_new_page_is_a_hit_without_comparing(box, web):
    box.upload("work-01.jpg")
    web.picture("http://a.example.org/", altered("work-01.jpg"))
    box.take_in()
    web.picture("http://b.example.org/", altered("work-01.jpg"))
    done = box.take_in()
    assert (done.images_compared, done.hits_new) == (0, 1)


def test_seen_again_moves_the_last_day_and_keeps_the_decision(box, web, clock, owner):
    box.upload("work-01.jpg")
    web.picture("http://a.example.org/", altered("work-01.jpg"))
    box.take_in()
    (before,) = box.hits()
    with box.runtime.database.transaction() as session:
        services.judge(session, before.id, Verdict.UNSURE, owner, NOON)
    clock.advance(timedelta(days=100))
    assert box.take_in().hits_seen_again == 0  # time passed, but nobody looked
    web.see_again()
    done = box.take_in()
    assert (done.hits_new, done.hits_seen_again, done.images_compared) == (0, 1, 0)
    (hit,) = box.hits()
    assert hit.verdict is Verdict.UNSURE
    assert hit.first_seen == before.first_seen and hit.last_seen - before.last_seen == timedelta(days=100)
    assert hit.fee_high.minor > before.fee_high.minor
    assert box.take_in().hits_seen_again == 0


def test_other_sizes_of_the_same_use_are_one_hit_to_decide(box, web):
    box.upload("work-01.jpg")
    for how in ("thumb", "resized", "large"):
        web.picture("http://a.example.org/", altered("work-01.jpg", how))
    assert box.take_in().hits_new == 3
    (shown,) = box.hits(state=HitState.SHOWN)
    assert shown.longest_side == 1000
    aside = box.hits(verdict=Verdict.DUPLICATE)
    assert len(aside) == 2 and all("another size" in hit.reason for hit in aside)


def test_a_rule_keeps_hits_from_the_inbox(box, web, owner):
    box.upload("work-01.jpg")
    with box.runtime.database.transaction() as session:
        services.add_rule(
            session, "https://www.Example.org/x", RuleKind.WHITELISTED, "Licence of 2022", owner, NOON
        )
    web.picture("http://blog.example.org/", altered("work-01.jpg"))
    web.picture("http://notexample.org/", altered("work-01.jpg", "grey"))
    box.take_in()
    (aside,) = box.hits(state=HitState.REVIEWED)
    assert aside.host == "blog.example.org" and aside.verdict is Verdict.WHITELISTED
    assert aside.reason == "example.org is on your list of domains to leave alone. Licence of 2022"
    (shown,) = box.hits(state=HitState.SHOWN)
    assert shown.host == "notexample.org"


def test_signs_of_a_licence_are_told_with_their_reasons(box, web):
    box.upload("work-01.jpg")
    html = '<html><body><a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC</a></body></html>'
    web.page("http://a.example.org/", html)
    web.picture("http://a.example.org/", altered("work-01.jpg"), credit="Photo: ada example")
    web.picture("http://b.example.org/", altered("work-01.jpg", "grey"), credit="Foto: Getty Images")
    box.take_in()
    high, medium = box.hits()
    assert high.licence is Likelihood.HIGH and medium.licence is Likelihood.MEDIUM
    assert "names Ada Example" in high.licence_reasons[0] and "creativecommons.org" in high.licence_reasons[1]
    assert high.fee_facts["credited"] and not medium.fee_facts["credited"]


def test_a_picture_that_cannot_be_opened_or_is_gone_stops_nothing(box, web, runtime):
    box.upload("work-01.jpg")
    web.picture("http://a.example.org/", b"\xff\xd8\xff\xe0 not a picture at all")
    gone = web.picture("http://a.example.org/", altered("work-02.jpg"))
    web.picture("http://a.example.org/", altered("work-01.jpg"))
    (runtime.config.crawl_dir / gone[:2] / gone[2:4] / gone).unlink()
    done = box.take_in()
    assert (done.images_compared, done.hits_new) == (3, 1)
    with runtime.database.reading() as session:
        refused = sorted(session.scalars(select(ComparedImage.refused)))
    assert refused[0] == "" and "missing" in refused and len(set(refused)) == 3
    assert box.take_in().images_compared == 0


@pytest.mark.slow
def test_a_killed_run_is_continued(box, web, runtime, tmp_path):
    """Killed in the middle of comparing; the next run ends with every hit exactly once."""
    box.upload("work-01.jpg")
    for number in range(12):
        web.picture(f"http://a.example.org/{number}/", altered("work-01.jpg", "grey") + bytes([number]))
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]\n"
        "from hits.made import *\n"
        "from workflow.config import load_config\n"
        "from workflow.kernel.clock import FrozenClock\n"
        "from workflow.kernel.db import Database\n"
        "from workflow.kernel.documents import Vault\n"
        "from workflow.kernel.runtime import Runtime\n"
        "from workflow.kernel.secrets import MasterKey\n"
        "config = load_config('demo', {'LICHTBILD_INSTANCE_DIR': sys.argv[3], 'LICHTBILD_DATABASE_URL': sys.argv[4]})\n"
        "runtime = Runtime(config=config, database=Database(config.database_url), clock=FrozenClock(NOON),\n"
        "    vault=Vault(config.vault_dir, MasterKey(bytes(32))), press=None, mail=None, secrets=None,\n"
        "    decoder=None, randbelow=None)\n"
        "import workflow.hits.matching as matching; matching.BATCH = 8\n"
        "take_in(runtime, 1, lambda what, done, total: print(what, done, total, flush=True))\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(ROOT), str(ROOT / "tests"), str(tmp_path),
         runtime.database.url.render_as_string(hide_password=False)],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None and run.stdout.readline().startswith("Comparing pictures 8 12")
    os.kill(run.pid, signal.SIGKILL)
    run.wait(timeout=10)
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FoundMatch)) >= 8
    started = time.monotonic()
    done = box.take_in()
    assert done.images_compared <= 4 and time.monotonic() - started < 60
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Hit)) == 12
    assert box.take_in().hits_new == 0
