"""Mails that are to be sent, and the lock of who sends them."""

import redis


class Mails:
    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="mails", decode_responses=True)

    def send(self, mail: str) -> None:
        self.store.lpush("mails", mail)

    def next(self, seconds: float = 1) -> str | None:
        taken = self.store.brpop(["mails"], timeout=seconds)
        return taken[1] if taken else None


class Nightly:
    """Work that one process only may do."""

    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="nightly", decode_responses=True)

    def run(self, name: str) -> bool:
        lock = self.store.lock(f"lock:{name}", timeout=30, blocking=False)
        if not lock.acquire():
            return False
        lock.release()
        return True

    def is_taken(self, name: str) -> bool:
        """Whether another process has the lock."""
        first = self.store.lock(f"lock:{name}", timeout=30, blocking=False)
        second = self.store.lock(f"lock:{name}", timeout=30, blocking=False)
        first.acquire()
        taken = not second.acquire()
        first.release()
        return taken


class Imports:
    """Price lists, each of which is read once; who begins notes it with the same step."""

    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="imports", decode_responses=True)

    def begin(self, name: str) -> bool:
        with self.store.pipeline(transaction=True) as both:
            both.set(f"import:{name}", "begun", nx=True, px=30_000)
            both.hset("imports", name, "begun")
            return both.execute()[0] is True
