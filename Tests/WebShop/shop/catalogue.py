"""Pages that are costly to make, kept for a moment, and what sells best."""

import redis


class Pages:
    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="pages")

    def keep(self, path: str, page: bytes, milliseconds: int = 90_000) -> bool:
        """Keeps a page unless another process has done so."""
        return bool(self.store.set(f"page:{path}", page, px=milliseconds, nx=True))

    def pages(self, *paths: str) -> list[bytes | None]:
        return self.store.mget([f"page:{path}" for path in paths])

    def drop(self, *paths: str) -> int:
        return self.store.delete(*[f"page:{path}" for path in paths])


class Bestsellers:
    def __init__(self, url: str):
        self.store = redis.Redis.from_url(url, client_name="bestsellers", decode_responses=True)

    def sold(self, article: str, count: int = 1) -> float:
        return self.store.zincrby("bestsellers", count, article)

    def top(self, count: int) -> list[tuple[str, float]]:
        return [(article, score) for article, score in self.store.zrevrange("bestsellers", 0, count - 1, withscores=True)]

    def forget(self) -> None:
        self.store.delete("bestsellers")
