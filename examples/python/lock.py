"""Lock: accounts between which several threads transfer money, so that none is ever made or lost.

Reading a balance and writing it are two steps, and another thread may come in between; with the locks held it cannot.
Who needs two locks takes them in an order that is the same for everybody, or two threads might each hold what the
other one wants.
"""

from __future__ import annotations

import random
import threading

ACCOUNTS = 5
THREADS = 4
TRANSFERS = 500
OPENING_BALANCE = 100


class Account:
    """A balance and the lock that guards it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.lock = threading.Lock()
        self.balance = OPENING_BALANCE
        self.payments = 0


def transfer(source: Account, target: Account, amount: int) -> None:
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        moved = min(amount, source.balance)
        source.balance -= moved
        target.balance += moved
        source.payments += 1


def make_transfers(accounts: list[Account], seed: int) -> None:
    choice = random.Random(seed)
    for _ in range(TRANSFERS):
        source, target = choice.sample(accounts, 2)
        transfer(source, target, choice.randint(1, 50))


def main() -> None:
    accounts = [Account(number) for number in range(ACCOUNTS)]
    clerks = [threading.Thread(target=make_transfers, args=(accounts, seed)) for seed in range(THREADS)]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()
    total = sum(account.balance for account in accounts)
    payments = sum(account.payments for account in accounts)
    assert total == ACCOUNTS * OPENING_BALANCE
    assert payments == THREADS * TRANSFERS
    assert not any(account.lock.locked() for account in accounts)
    assert min(account.balance for account in accounts) >= 0
    print(f"{THREADS} threads made {payments} transfers between {ACCOUNTS} accounts")
    print(f"{total} was there before, and {total} is there now")


if __name__ == "__main__":
    main()
