"""Row 12: with no worker alive, whoever looks at a waiting run is told what it waits for, and what to do."""

from tests.live import Site

ADVICE = ("aiting for a worker", "python -m engine worker")


def said(site: Site, *words: str) -> str:
    """What a command that goes well tells people."""
    done = site.engine(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def unsaid(text: str, *signs: str) -> list[str]:
    return [sign for sign in (*signs, *ADVICE) if sign not in text]


def test_whoever_looks_at_a_waiting_run_is_told_what_it_waits_for(site: Site) -> None:
    detached = said(site, "run", "inference", "--detach")
    (run,) = site.told("runs")
    assert (run["state"], run["waiting_for"]) == ("queued", "a worker")
    assert site.told("show", "latest")["waiting_for"] == "a worker"
    assert unsaid(detached, run["run_id"], "`run inference`") == []
    assert unsaid(said(site, "runs"), run["run_id"]) == []
    assert unsaid(said(site, "show", "latest"), run["run_id"]) == []
    (finding,) = [row for row in site.told("doctor") if row["check"] == "runs"]
    assert finding["level"] == "warning"
    assert unsaid(finding["message"], run["run_id"], "`run inference`") == []
    # One that has ended waits for nothing.
    site.told("cancel", run["run_id"])
    assert site.told("show", "latest")["waiting_for"] is None
    assert "aiting" not in said(site, "runs") + said(site, "show", "latest")
