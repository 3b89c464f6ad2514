"""What customers have picked: one hash a cart, articles with their numbers."""

import redis


class Carts:
    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="carts", decode_responses=True)

    def add(self, cart: str, article: str, count: int = 1) -> int:
        return self.store.hincrby(f"cart:{cart}", article, count)

    def remove(self, cart: str, article: str) -> bool:
        return self.store.hdel(f"cart:{cart}", article) == 1

    def content(self, cart: str) -> dict[str, int]:
        return {article: int(count) for article, count in self.store.hgetall(f"cart:{cart}").items()}

    def merge(self, guest: str, customer: str) -> None:
        """Takes over what was picked before the customer logged in."""
        with self.store.pipeline(transaction=True) as both:
            for article, count in self.content(guest).items():
                both.hincrby(f"cart:{customer}", article, count)
            both.delete(f"cart:{guest}")
            both.execute()
