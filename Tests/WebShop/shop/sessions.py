"""Who is logged in: one string a session, which expires."""

import json
import secrets

import redis

LIFETIME = 1800


class Sessions:
    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="sessions", decode_responses=True)

    def log_in(self, user: str) -> str:
        session = secrets.token_hex(16)
        self.store.set(f"session:{session}", json.dumps({"user": user}), ex=LIFETIME)
        return session

    def user(self, session: str) -> str | None:
        found = self.store.get(f"session:{session}")
        if found is None:
            return None
        self.store.expire(f"session:{session}", LIFETIME)
        return json.loads(found)["user"]

    def seconds_left(self, session: str) -> int:
        return self.store.ttl(f"session:{session}")

    def log_out(self, session: str) -> bool:
        return self.store.delete(f"session:{session}") == 1

    def failed_attempt(self, user: str) -> int:
        """Counts an attempt to log in; the count is forgotten after some minutes."""
        attempts = self.store.incr(f"attempts:{user}")
        if attempts == 1:
            self.store.expire(f"attempts:{user}", 300)
        return attempts


class Visits:
    """How many came in the last hour: a counter and its life, set together."""

    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="visits", decode_responses=True)

    def count(self, page: str) -> int:
        with self.store.pipeline(transaction=True) as both:
            both.incr(f"visits:{page}")
            both.expire(f"visits:{page}", 3600)
            return both.execute()[0]
