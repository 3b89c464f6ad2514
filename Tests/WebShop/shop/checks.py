"""The shop's own tests, part by part; each is a function that raises when something is wrong."""

import secrets

from .carts import Carts
from .catalogue import Bestsellers, Pages
from .images import Images
from .jobs import Imports, Mails, Nightly
from .orders import Orders
from .sessions import Sessions, Visits


def equal(found, wanted) -> None:
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


def sessions(redis: str):
    store = Sessions(redis)
    visitor = secrets.token_hex(4)

    def logs_in_and_out():
        session = store.log_in(visitor)
        equal(store.user(session), visitor)
        equal(store.log_out(session), True)
        equal(store.user(session), None)

    def expires():
        session = store.log_in(visitor)
        equal(1700 < store.seconds_left(session) <= 1800, True)

    def counts_attempts():
        equal([store.failed_attempt(visitor) for _ in range(3)], [1, 2, 3])

    return [logs_in_and_out, expires, counts_attempts]


def carts(redis: str):
    store = Carts(redis)
    cart = secrets.token_hex(4)

    def fills():
        equal(store.add(cart, "teapot"), 1)
        equal(store.add(cart, "teapot", 2), 3)
        equal(store.add(cart, "cup", 6), 6)
        equal(store.content(cart), {"teapot": 3, "cup": 6})
        equal(store.remove(cart, "cup"), True)

    def merges():
        store.add(f"{cart}-guest", "spoon", 4)
        store.merge(f"{cart}-guest", cart)
        equal(store.content(cart).get("spoon"), 4)
        equal(store.content(f"{cart}-guest"), {})

    return [fills, merges]


def pages(redis: str):
    store = Pages(redis)
    path = secrets.token_hex(4)

    def keeps_the_first():
        equal(store.keep(path, b"\x00page"), True)
        equal(store.keep(path, b"another"), False)

    def reads_several():
        store.keep(f"{path}/a", b"a")
        equal(store.pages(f"{path}/a", f"{path}/none"), [b"a", None])
        equal(store.drop(f"{path}/a", path), 2)

    return [keeps_the_first, reads_several]


def bestsellers(redis: str):
    store = Bestsellers(redis)

    def ranks():
        store.forget()
        store.sold("teapot", 3)
        store.sold("cup", 5)
        store.sold("teapot", 4)
        equal(store.top(2), [("teapot", 7.0), ("cup", 5.0)])

    return [ranks]


def mails(redis: str):
    store = Mails(redis)

    def arrive_in_order():
        store.send("first")
        store.send("second")
        equal([store.next(), store.next()], ["first", "second"])

    return [arrive_in_order]


def nightly(redis: str):
    store = Nightly(redis)
    name = secrets.token_hex(4)

    def runs_once():
        equal(store.run(name), True)
        equal(store.is_taken(name), True)

    return [runs_once]


def visits(redis: str):
    store = Visits(redis)
    page = secrets.token_hex(4)

    def counts():
        equal([store.count(page) for _ in range(3)], [1, 2, 3])

    return [counts]


def imports(redis: str):
    store = Imports(redis)
    name = secrets.token_hex(4)

    def begins_once():
        equal([store.begin(name), store.begin(name)], [True, False])

    return [begins_once]


def orders(postgres: str):
    store = Orders(postgres)

    def places():
        store.create()
        order = store.place("ann", [("teapot", 1, 2500), ("cup", 6, 450)])
        equal(store.total(order), 5200)
        second = store.place("ann", [("spoon", 2, 300)])
        equal(store.of("ann"), [(second, 2), (order, 7)])

    return [places]


def images(endpoint: str, key: str, secret: str):
    store = Images(endpoint, key, secret)
    picture = secrets.token_bytes(3000)

    def keeps_pictures():
        store.open()
        store.put("teapot", picture)
        store.put("cup", b"cup")
        # HTTP has no case in names, and some servers spell them as they like.
        equal({name.lower(): value for name, value in store.head("teapot")["Metadata"].items()}, {"article": "teapot"})
        equal(store.head("teapot")["ContentType"], "image/png")
        equal(store.beginning("teapot", 100), picture[:100])
        equal(store.all(), ["cup/front.png", "teapot/front.png"])
        store.drop("teapot", "cup")
        equal(store.all(), [])

    return [keeps_pictures]
