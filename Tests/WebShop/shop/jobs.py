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
