"""One task for all pauses: every lap is stepped when it is due, and comes back to its owner."""

from __future__ import annotations

import pytest
import trio

from streamproof_mock.pacer import Lap, Pacer


@pytest.fixture
async def pacer(nursery):
    made = Pacer()
    nursery.start_soon(made.run)
    await trio.testing.wait_all_tasks_blocked()
    return made


def steps(pauses, seen):
    """A step that notes the time and gives these pauses, then the stream back."""
    left = iter(pauses)

    def step():
        seen.append(round(trio.current_time() - begun, 6))
        return next(left, None)

    begun = trio.current_time()
    return step


async def test_a_step_comes_after_each_pause_and_the_stream_is_given_back_at_the_end(autojump_clock, pacer):
    seen = []
    lap = Lap(steps([0.25, 0.5], seen))
    assert await pacer.play(lap, 0.125) == 0
    assert seen == [0.125, 0.375, 0.875]
    assert (lap.is_running, lap.is_cut, len(pacer)) == (False, False, 0)


async def test_many_laps_do_not_disturb_one_another(autojump_clock, pacer):
    seen = [[] for _ in range(100)]
    async with trio.open_nursery() as nursery:
        for number, notes in enumerate(seen):
            nursery.start_soon(pacer.play, Lap(steps([0.02] * 4, notes)), 0.001 * number)
    for number, notes in enumerate(seen):
        assert notes == [pytest.approx(0.001 * number + 0.02 * step, abs=1e-6) for step in range(5)]


async def test_a_lap_that_is_due_sooner_than_all_others_wakes_the_pacer(autojump_clock, pacer, nursery):
    nursery.start_soon(pacer.play, Lap(lambda: None), 10.0)
    await trio.testing.wait_all_tasks_blocked()
    seen = []
    await pacer.play(Lap(steps([], seen)), 0.5)
    assert seen == [0.5]


async def test_what_a_step_raises_is_raised_to_its_owner_alone(autojump_clock, pacer, nursery):
    def broken():
        raise ValueError("mine")

    seen = []
    nursery.start_soon(pacer.play, Lap(steps([0.5], seen)), 0.5)
    with pytest.raises(ValueError, match="mine"):
        await pacer.play(Lap(broken), 0.25)
    await trio.sleep(2)
    assert seen == [0.5, 1.0]


async def test_a_lap_can_be_cut_in_the_middle_of_a_pause(autojump_clock, pacer, nursery):
    seen = []
    lap = Lap(steps([], seen))

    async def cut():
        await trio.sleep(0.25)
        lap.leave()

    nursery.start_soon(cut)
    assert await pacer.play(lap, 1.0) == pytest.approx(0.75)
    assert lap.is_cut
    await trio.sleep(5)
    assert (seen, len(pacer)) == ([], 0)


async def test_an_owner_that_is_cancelled_is_stepped_no_more(autojump_clock, pacer):
    seen = []
    with trio.move_on_after(0.25) as scope:
        await pacer.play(Lap(steps([], seen)), 1.0)
    assert scope.cancelled_caught
    await trio.sleep(5)
    assert (seen, len(pacer)) == ([], 0)


async def test_cutting_a_lap_that_is_over_does_nothing(autojump_clock, pacer):
    lap = Lap(lambda: None)
    await pacer.play(lap, 0.25)
    lap.leave()
    assert not lap.is_cut
