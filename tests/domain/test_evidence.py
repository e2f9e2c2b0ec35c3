"""The verdict about an overlap, from every side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.clients import OTHERS
from app.domain.evidence import Advice, Seen, Trace, judge_overlap, named, spoken

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
USED = Trace(NOW)


def ago(**duration: float) -> datetime:
    return NOW - timedelta(**duration)


@pytest.mark.parametrize(
    ("rotated", "last", "advice", "reason"),
    [
        (ago(hours=30), None, Advice.SAFE_TO_END, "The old secret was never used."),
        (ago(minutes=1), None, Advice.SAFE_TO_END, "The old secret was never used."),
        (
            ago(seconds=59),
            None,
            Advice.NOT_YET_KNOWN,
            "The old secret has not been seen in use, but what was counted may be a minute late.",
        ),
        (ago(hours=30), ago(minutes=3), Advice.STILL_USED, "Still used 3 minutes ago."),
        (ago(hours=30), ago(hours=23, minutes=59), Advice.STILL_USED, "Still used 23 hours ago."),
        (ago(hours=30), ago(hours=24), Advice.SAFE_TO_END, "No call with the old secret for 24 hours."),
        (ago(hours=24), ago(hours=50), Advice.SAFE_TO_END, "No call with the old secret for 24 hours."),
        (ago(days=5), ago(days=4), Advice.SAFE_TO_END, "No call with the old secret for 4 days."),
        (
            ago(hours=1),
            ago(hours=30),
            Advice.NOT_YET_KNOWN,
            "No call with the old secret since the rotation 1 hour ago: less than a whole day.",
        ),
        (
            ago(minutes=10),
            ago(minutes=15),
            Advice.NOT_YET_KNOWN,
            "Last used 15 minutes ago, before the rotation. No call with the old secret since.",
        ),
        (ago(minutes=10), ago(minutes=10), Advice.STILL_USED, "Still used 10 minutes ago."),
    ],
)
def test_the_verdict_and_its_reason(rotated: datetime, last: datetime | None, advice: Advice, reason: str) -> None:
    finding = judge_overlap(rotated, Trace(last), USED, NOW)
    assert (finding.advice, finding.reasons) == (advice, (reason,))


def test_a_new_secret_that_nobody_uses_is_mentioned() -> None:
    for last in (None, ago(minutes=1), ago(hours=40), ago(minutes=90)):
        reasons = judge_overlap(ago(hours=1), Trace(last), Trace(), NOW).reasons
        assert reasons[-1] == "The new secret has not been used yet."


def test_at_most_five_callers_are_named_and_old_ones_are_not() -> None:
    callers = [Seen(f"198.51.100.{number}", "curl/8.5", ago(minutes=number)) for number in range(1, 9)]
    old = Trace(ago(minutes=1), ago(minutes=2), [*callers, Seen("203.0.113.1", "", ago(hours=25))])
    reasons = judge_overlap(ago(hours=30), old, USED, NOW).reasons
    assert reasons[0] == "Still used by 198.51.100.1 (curl/8.5) 1 minute ago."
    assert reasons[5:] == ("And by 3 more.", "A token obtained with it was checked 2 minutes ago.")


def test_callers_are_named_as_far_as_they_are_known() -> None:
    assert named(Seen("", "", NOW)) == "an unknown address"
    assert named(Seen("2001:db8::7", "", NOW)) == "2001:db8::7"
    assert named(Seen("", OTHERS, NOW)) == "other callers"


def test_durations_are_spoken_in_their_largest_unit() -> None:
    for seconds, said in [(-5, "0 seconds"), (0.4, "0 seconds"), (1, "1 second"), (59, "59 seconds")]:
        assert spoken(timedelta(seconds=seconds)) == said
    for seconds, said in [(60, "1 minute"), (7199, "1 hour"), (86400, "1 day"), (200000, "2 days")]:
        assert spoken(timedelta(seconds=seconds)) == said
