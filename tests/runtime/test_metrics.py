from __future__ import annotations

from pathlib import Path

from app.runtime.metrics import INTROSPECTIONS, NOTES_AT_ONCE, TOKENS, Metrics
from app.runtime.metrics_folder import MetricsFolder
from tests.together import at_once
from tests.world import World


def text(metrics: Metrics) -> str:
    return metrics.exposition().decode()


def test_a_request_is_counted_timed_and_its_refusal_named() -> None:
    metrics = Metrics()
    metrics.note("token", "POST", "401", "wrong_secret", 0.0007)
    assert 'keyturn_requests_total{method="POST",route="token",status="401"} 1.0' in text(metrics)
    assert 'keyturn_refusals_total{reason="wrong_secret",route="token"} 1.0' in text(metrics)
    assert 'keyturn_request_seconds_bucket{le="0.0005",route="token"} 0.0' in text(metrics)
    assert 'keyturn_request_seconds_bucket{le="0.001",route="token"} 1.0' in text(metrics)
    assert 'keyturn_request_seconds_sum{route="token"} 0.0007' in text(metrics)


def test_a_request_slower_than_every_bound_is_in_the_last_bucket() -> None:
    metrics = Metrics()
    metrics.note("token", "POST", "200", None, 60.0)
    assert 'keyturn_request_seconds_bucket{le="5.0",route="token"} 0.0' in text(metrics)
    assert 'keyturn_request_seconds_bucket{le="+Inf",route="token"} 1.0' in text(metrics)


def test_before_anything_happened_counters_are_zero() -> None:
    assert "keyturn_tokens_issued_total 0.0" in text(Metrics())


def test_notes_never_pile_up() -> None:
    metrics = Metrics()
    for _ in range(3 * NOTES_AT_ONCE):
        metrics.note("token", "POST", "200", None, 0.001)
        assert len(metrics._notes) <= NOTES_AT_ONCE + 1


def test_no_note_of_any_thread_is_lost() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(2000):
            metrics.note("token", "POST", "200", None, 0.001)
            metrics.count(TOKENS)
            metrics.count(INTROSPECTIONS, "true")

    assert at_once([work] * 8) == []
    assert 'keyturn_requests_total{method="POST",route="token",status="200"} 16000.0' in text(metrics)
    assert "keyturn_tokens_issued_total 16000.0" in text(metrics)
    assert 'keyturn_introspections_total{active="true"} 16000.0' in text(metrics)


def test_processes_tell_each_others_sums(tmp_path: Path) -> None:
    with MetricsFolder(tmp_path / "metrics") as one, MetricsFolder(tmp_path / "metrics") as other:
        first, second = Metrics(), Metrics()
        first.share(one / "1.json")
        second.share(other / "2.json")
        first.count(TOKENS)
        second.count(TOKENS)
        second.write()
        assert "keyturn_tokens_issued_total 2.0" in text(first)


def test_a_file_that_is_none_of_ours_disturbs_nobody(tmp_path: Path) -> None:
    with MetricsFolder(tmp_path) as folder:
        metrics = Metrics()
        metrics.share(folder / "1.json")
        (folder / "2.json").write_text("{")
        assert "keyturn_tokens_issued_total 0.0" in text(metrics)


def test_a_new_server_clears_away_what_ended_servers_left_and_nothing_else(tmp_path: Path) -> None:
    with MetricsFolder(tmp_path) as ended:
        pass
    (tmp_path / "somebody's").mkdir()
    with MetricsFolder(tmp_path) as living, MetricsFolder(tmp_path) as new:
        assert not ended.exists()
        assert {path.name for path in tmp_path.iterdir()} == {living.name, new.name, "somebody's"}


def test_what_the_audit_log_records_is_counted(world: World) -> None:
    world.key()
    assert 'keyturn_audit_events_total{event="key.created"} 1.0' in text(world.ctx.metrics)
