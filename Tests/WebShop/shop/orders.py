"""Orders and their lines, in two tables and one transaction."""

import psycopg


class Orders:
    def __init__(self, dsn: str):
        self.database = psycopg.connect(dsn, application_name="orders", autocommit=True)

    def create(self) -> None:
        with self.database.transaction():
            self.database.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL, placed timestamptz)")
            self.database.execute(
                "CREATE TABLE lines (order_id bigint NOT NULL REFERENCES orders (id), article text NOT NULL,"
                " count integer NOT NULL CHECK (count > 0), cents bigint NOT NULL)")

    def place(self, customer: str, lines: list[tuple[str, int, int]]) -> int:
        with self.database.transaction():
            order = self.database.execute(
                "INSERT INTO orders (customer, placed) VALUES (%s, now()) RETURNING id", [customer]).fetchone()[0]
            for article, count, cents in lines:
                self.database.execute(
                    "INSERT INTO lines (order_id, article, count, cents) VALUES (%s, %s, %s, %s)",
                    [order, article, count, cents])
            return order

    def total(self, order: int) -> int:
        return int(self.database.execute(
            "SELECT coalesce(sum(count * cents), 0) FROM lines WHERE order_id = %s", [order]).fetchone()[0])

    def of(self, customer: str) -> list[tuple[int, int]]:
        """Orders with the number of articles in each, the newest first."""
        return self.database.execute(
            "SELECT o.id, sum(l.count) FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.customer = %s"
            " GROUP BY o.id ORDER BY o.id DESC LIMIT 10", [customer]).fetchall()
