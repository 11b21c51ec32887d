"""Large packets share a budget, and release their part of it however their reading ends."""

from iotflow_gateway.endpoint.connections import ReadBudget


def test_waiting_owners_get_the_released_part_in_order() -> None:
    budget, acquired = ReadBudget(10), list[str]()
    assert budget.acquire("first", 10, lambda: acquired.append("first"))
    for owner, size in (("second", 6), ("third", 5), ("fourth", 1)):
        assert not budget.acquire(owner, size, lambda owner=owner: acquired.append(owner))  # type: ignore[misc]
    budget.release("first")
    assert acquired == ["second"]
    budget.release("second")
    assert acquired == ["second", "third", "fourth"]


def test_an_owner_that_ends_while_it_waits_releases_nothing() -> None:
    budget, acquired = ReadBudget(10), list[str]()
    assert budget.acquire("first", 10, lambda: acquired.append("first"))
    for owner in ("second", "third"):
        assert not budget.acquire(owner, 10, lambda owner=owner: acquired.append(owner))  # type: ignore[misc]
    budget.release("second")
    assert acquired == []
    budget.release("first")
    assert acquired == ["third"]
    budget.release("third")
    budget.release("third")
    assert budget.acquire("fourth", 10, lambda: None)
    assert not budget.acquire("fifth", 1, lambda: None)
