#!/usr/bin/env python3
"""An adapter for Fairlead: keys with a time to live, compare-and-set, and a bus, all in memory.

    python -m grpc_tools.protoc -I.. --python_out=. --grpc_python_out=. fairlead_adapter.proto
    python fairlead_kv.py /tmp/house.sock

It says what it can do in Describe; Fairlead asks it for nothing else. Everything that a store of yours needs
instead of the dictionary is in the methods named after operations.
"""

import argparse
import concurrent.futures
import queue
import threading
import time

import fairlead_adapter_pb2 as pb
import fairlead_adapter_pb2_grpc as rpc
import grpc

NOTHING = pb.Nothing()
MISSING = pb.Answer(missing=NOTHING)
DONE = pb.Answer(done=NOTHING)

# What is declared is what is kept: a conformance run looks for the largest value and compares.
VALUE_BYTES = 1 << 20
BOUNDS = {
    "kv.set": {"value-bytes": VALUE_BYTES}, "kv.conditional-set": {"value-bytes": VALUE_BYTES},
    "kv.compare-and-set": {"value-bytes": VALUE_BYTES}, "kv.databases": {"databases": 16}}


class Failed(Exception):
    """An operation that fails in a way its client is to hear about."""

    def __init__(self, code, text="", **more):
        super().__init__(text)
        self.failure = pb.Failure(code=code, text=text, **more)


def answer(value):
    """None is missing; numbers, flags and bytes stand for themselves."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return pb.Answer(flag=value)
    if isinstance(value, int):
        return pb.Answer(integer=value)
    return pb.Answer(bytes=value)


class Store:
    """Values with a version and a time of expiry, by database and key."""

    def __init__(self):
        self.lock = threading.Lock()
        self.items = {}
        self.versions = 0

    def get(self, at, key):
        item = self.items.get((at.database, key))
        if item and item["expires"] is not None and item["expires"] <= at.now:
            del self.items[at.database, key]
            item = None
        return item

    def put(self, at, key, value, expires=None):
        if len(value) > VALUE_BYTES:
            raise Failed(pb.Failure.TOO_LARGE, limit=VALUE_BYTES)
        self.versions += 1
        self.items[at.database, key] = {
            "value": value, "version": b"%d" % self.versions, "expires": expires}

    def remove(self, at, key):
        return self.get(at, key) is not None and self.items.pop((at.database, key)) is not None


class Operations:
    """One method for each operation, by its name in the schema; `at` holds the database and the time of day."""

    def __init__(self):
        self.store = Store()
        self.bus = Bus()

    def kv_get(self, op, at):
        item = self.store.get(at, op.key)
        return answer(item and item["value"])

    def kv_get_versioned(self, op, at):
        item = self.store.get(at, op.key)
        if item is None:
            return MISSING
        return pb.Answer(versioned=pb.Versioned(value=item["value"], version=item["version"]))

    def kv_get_many(self, op, at):
        answers = [self.kv_get(pb.Key(key=key), at) for key in op.keys]
        return pb.Answer(list=pb.Answers(answers=answers))

    def kv_set(self, op, at):
        item = self.store.get(at, op.key)
        holds = {
            pb.KvSet.ALWAYS: True,
            pb.KvSet.ABSENT: item is None,
            pb.KvSet.PRESENT: item is not None,
            pb.KvSet.VERSION: item is not None and item["version"] == op.version,
        }[op.condition]
        old = item and item["value"]
        if holds:
            kind = op.expiry.WhichOneof("kind")
            expires = op.expiry.at if kind == "at" else item["expires"] if kind == "kept" and item else None
            self.store.put(at, op.key, op.value, expires)
        if op.returns_old:
            return answer(old)
        return DONE if holds else MISSING

    def kv_set_many(self, op, at):
        if op.only_if_all_absent and any(self.store.get(at, pair.name) for pair in op.pairs):
            return answer(False)
        for pair in op.pairs:
            self.store.put(at, pair.name, pair.value)
        return answer(True)

    def kv_get_and_delete(self, op, at):
        old = self.kv_get(op, at)
        self.store.remove(at, op.key)
        return old

    def kv_get_and_expire(self, op, at):
        item = self.store.get(at, op.key)
        kind = op.expiry.WhichOneof("kind")
        if item is not None and kind != "kept":
            item["expires"] = op.expiry.at if kind == "at" else None
        return answer(item and item["value"])

    def kv_delete(self, op, at):
        return answer(sum(self.store.remove(at, key) for key in op.keys))

    def kv_delete_version(self, op, at):
        item = self.store.get(at, op.key)
        holds = item is not None and item["version"] == op.version
        return answer(holds and self.store.remove(at, op.key))

    def kv_exists(self, op, at):
        return answer(sum(self.store.get(at, key) is not None for key in op.keys))

    kv_touch = kv_exists

    def kv_increment(self, op, at):
        item = self.store.get(at, op.key)
        try:
            total = int(item["value"] if item else b"0") + op.by
        except ValueError:
            raise Failed(pb.Failure.NOT_AN_INTEGER) from None
        if not -(2**63) <= total < 2**63:
            raise Failed(pb.Failure.OVERFLOW)
        self.store.put(at, op.key, b"%d" % total, item and item["expires"])
        return answer(total)

    def kv_expire(self, op, at):
        item = self.store.get(at, op.key)
        if item is None:
            return answer(False)
        present = item["expires"]
        # No expiry counts as infinitely late.
        later, earlier = present is not None and op.at > present, present is None or op.at < present
        holds = {
            pb.KvExpire.ALWAYS: True,
            pb.KvExpire.IF_NONE: present is None,
            pb.KvExpire.IF_SOME: present is not None,
            pb.KvExpire.IF_LATER: later,
            pb.KvExpire.IF_EARLIER: earlier,
            pb.KvExpire.IF_SOME_AND_LATER: later,
            pb.KvExpire.IF_SOME_AND_EARLIER: present is not None and earlier,
        }[op.condition]
        if holds:
            item["expires"] = op.at
        return answer(holds)

    def kv_expiry(self, op, at):
        item = self.store.get(at, op.key)
        return MISSING if item is None else DONE if item["expires"] is None else answer(item["expires"])

    def kv_persist(self, op, at):
        item = self.store.get(at, op.key)
        if item is None or item["expires"] is None:
            return answer(False)
        item["expires"] = None
        return answer(True)

    def publish(self, op, at):
        return answer(self.bus.publish(op))


class Bus:
    """Queues of messages for the subscriptions that are open."""

    def __init__(self):
        self.lock = threading.Lock()
        self.listeners = {}

    def publish(self, message):
        with self.lock:
            listeners = list(self.listeners.get(message.channel, ()))
        for listener in listeners:
            listener.put(message)
        return len(listeners)

    def listen(self, channel):
        listener = queue.SimpleQueue()
        with self.lock:
            self.listeners.setdefault(channel, []).append(listener)
        return listener

    def leave(self, channel, listener):
        with self.lock:
            self.listeners[channel].remove(listener)
        listener.put(None)


class Adapter(rpc.AdapterServicer):
    def __init__(self):
        self.operations = Operations()

    def Describe(self, request, context):
        native = [
            "kv.get", "kv.set", "kv.delete", "kv.exists", "kv.ttl", "kv.conditional-set", "kv.compare-and-set",
            "kv.exchange", "kv.increment", "kv.multi-key", "kv.databases", "bus.publish", "bus.subscribe"]
        # One subscription stands for all clients of a worker, so a publisher cannot be told how many there are.
        capabilities = [
            pb.Capability(
                name=name, bounds=BOUNDS.get(name, {}),
                weakenings=["partial" if name == "bus.publish" else "not-durable"])
            for name in native]
        return pb.Description(schema=1, name="house-kv", version="1.0", capabilities=capabilities)

    def Perform(self, request, context):
        name = request.operation.WhichOneof("kind")
        method = getattr(self.operations, name or "", None)
        try:
            if method is None:
                raise Failed(pb.Failure.BACKEND, f"no operation {name}")
            with self.operations.store.lock:
                return pb.Reply(answer=method(getattr(request.operation, name), request))
        except Failed as failed:
            return pb.Reply(failure=failed.failure)

    def Subscribe(self, request, context):
        channel = request.channel
        listener = self.operations.bus.listen(channel)
        context.add_callback(lambda: self.operations.bus.leave(channel, listener))
        yield pb.SubscribeEvent(subscribed=NOTHING)
        while (message := listener.get()) is not None:
            yield pb.SubscribeEvent(message=message)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("socket", help="the path of the Unix socket to listen at")
    path = parser.parse_args().socket
    # A thread for each call and each subscription that is open at once.
    threads = concurrent.futures.ThreadPoolExecutor(max_workers=64)
    server = grpc.server(threads, options=[("grpc.max_receive_message_length", 8 << 20)])
    rpc.add_AdapterServicer_to_server(Adapter(), server)
    server.add_insecure_port(f"unix:{path}")
    server.start()
    print(f"listening at {path} since {time.strftime('%H:%M:%S')}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
