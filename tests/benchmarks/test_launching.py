"""A simulated study takes what its rules say, by hand."""

import pytest

from hdemucs.benchmarks.launching import Cluster, Variant, simulated


def cluster(**changes):
    plain = dict(nodes=2, most=64, limit=1e9, start=0.0, requeue=0.0, collect=0.0)
    return Cluster(**{**plain, **changes})


def trained(*seconds):
    return [Variant(float(each), 0.0) for each in seconds]


def test_trainings_fill_the_nodes_first_come_first_served():
    course = simulated(trained(4, 2, 1, 5), cluster())
    assert course.trained == (4, 2, 3, 8)
    assert (course.seconds, course.busy, course.requeues) == (8, 12, 0)


@pytest.mark.parametrize(("changes", "seconds"), [({"nodes": 9}, 3), ({"nodes": 9, "most": 1}, 9)])
def test_a_limit_of_jobs_counts_as_fewer_nodes(changes, seconds):
    assert simulated(trained(3, 3, 3), cluster(**changes)).seconds == seconds


def test_a_job_at_its_limit_goes_behind_the_others_and_pays_its_start_again():
    course = simulated(trained(10, 3), cluster(nodes=1, limit=6.0, start=1.0))
    assert course.requeues == 1
    assert course.trained == (6 + 4 + 6, 6 + 4)
    assert course.busy == 10 + 3 + 3 * 1


def test_a_job_that_is_held_back_leaves_its_node_idle():
    course = simulated(trained(4), cluster(limit=2.0, requeue=10.0))
    assert (course.seconds, course.busy) == (2 + 10 + 2, 4)


def test_scores_are_made_in_order_while_others_train():
    variants = [Variant(5.0, 1.0), Variant(1.0, 3.0)]
    assert simulated(variants, cluster(collect=0.5)).seconds == 5 + 0.5 + 1 + 0.5 + 3


def test_more_nodes_never_take_longer_and_never_work_less():
    times = [simulated(trained(*range(1, 20)), cluster(nodes=n)) for n in range(1, 25)]
    assert [each.seconds for each in times] == sorted(
        (each.seconds for each in times), reverse=True
    )
    assert {each.busy for each in times} == {float(sum(range(1, 20)))}
    assert times[-1].seconds == 19


def test_a_job_too_short_to_start_is_refused():
    with pytest.raises(ValueError, match="ends before it has started"):
        simulated(trained(1), cluster(limit=1.0, start=2.0))
