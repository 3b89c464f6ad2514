#!/usr/bin/env python3
"""A pluggable component of Dapr, as Fairlead can use it: a state store with ETags and TTL, and a pub/sub broker.

    python -m grpc_tools.protoc -I.. --python_out=. --grpc_python_out=. dapr_components.proto status.proto
    python dapr_state.py /tmp/dapr.sock

Dapr's own .proto files do as well: names and numbers are the same.
"""

import argparse
import concurrent.futures
import queue
import threading
import time
import uuid

import dapr_components_pb2 as pb
import dapr_components_pb2_grpc as rpc
import grpc
from google.protobuf import any_pb2
from grpc_reflection.v1alpha import reflection
import status_pb2


class ETagError(Exception):
    """The key has another ETag, or the ETag is none of ours."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code

    def abort(self, context):
        """One detail with one violation, whose field is `etag`: so the protocol has it."""
        violation = status_pb2.BadRequest.FieldViolation(field="etag", description=str(self))
        detail = any_pb2.Any()
        detail.Pack(status_pb2.BadRequest(field_violations=[violation]))
        status = status_pb2.Status(code=self.code.value[0], message=str(self), details=[detail])
        context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
        context.abort(self.code, str(self))


class Store:
    """Values with an ETag and a time of expiry, by key."""

    def __init__(self):
        self.lock = threading.RLock()
        self.items = {}
        self.etags = 0

    def get(self, key):
        item = self.items.get(key)
        if item and item[2] is not None and item[2] <= time.time():
            del self.items[key]
            item = None
        return item

    def check(self, request):
        if not request.HasField("etag"):
            return
        if not request.etag.value.isdigit():
            raise ETagError(grpc.StatusCode.INVALID_ARGUMENT, "an ETag is a number")
        item = self.get(request.key)
        if item is None or item[1] != request.etag.value:
            raise ETagError(grpc.StatusCode.FAILED_PRECONDITION, f"{request.key} has another ETag")

    def set(self, request):
        ttl = int(request.metadata.get("ttlInSeconds", "-1"))
        self.etags += 1
        self.items[request.key] = (request.value, str(self.etags), time.time() + ttl if ttl > 0 else None)

    def delete(self, request):
        self.items.pop(request.key, None)


class StateStore(rpc.StateStoreServicer, rpc.TransactionalStateStoreServicer):
    def __init__(self, features):
        self.store = Store()
        self.features = features

    def Init(self, request, context):
        print("init", dict(request.metadata.properties), flush=True)
        return pb.InitResponse()

    def Features(self, request, context):
        return pb.FeaturesResponse(features=self.features)

    def Ping(self, request, context):
        return pb.PingResponse()

    def Get(self, request, context):
        with self.store.lock:
            item = self.store.get(request.key)
        return pb.GetResponse(data=item[0], etag=pb.Etag(value=item[1])) if item else pb.GetResponse()

    def BulkGet(self, request, context):
        answers = [(item.key, self.Get(item, context)) for item in request.items]
        items = [pb.BulkStateItem(key=key, data=got.data, etag=got.etag if got.HasField("etag") else None)
                 for key, got in answers]
        return pb.BulkGetResponse(items=items)

    def change(self, context, *changes):
        """Makes all changes if every ETag holds, and none otherwise."""
        with self.store.lock:
            try:
                for _, request in changes:
                    self.store.check(request)
            except ETagError as error:
                error.abort(context)
            for method, request in changes:
                method(request)

    def Set(self, request, context):
        self.change(context, (self.store.set, request))
        return pb.SetResponse()

    def BulkSet(self, request, context):
        self.change(context, *[(self.store.set, item) for item in request.items])
        return pb.BulkSetResponse()

    def Delete(self, request, context):
        self.change(context, (self.store.delete, request))
        return pb.DeleteResponse()

    def BulkDelete(self, request, context):
        self.change(context, *[(self.store.delete, item) for item in request.items])
        return pb.BulkDeleteResponse()

    def Transact(self, request, context):
        methods = {"set": self.store.set, "delete": self.store.delete}
        kinds = [operation.WhichOneof("request") for operation in request.operations]
        self.change(context, *[
            (methods[kind], getattr(operation, kind)) for kind, operation in zip(kinds, request.operations)])
        return pb.TransactionalStateResponse()


class PubSub(rpc.PubSubServicer):
    """A broker that keeps a message for each subscription until it is acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.streams = {}

    def Init(self, request, context):
        return pb.PubSubInitResponse()

    def Features(self, request, context):
        return pb.FeaturesResponse()

    def Ping(self, request, context):
        return pb.PingResponse()

    def Publish(self, request, context):
        with self.lock:
            for stream in self.streams.get(request.topic, []):
                stream.put(pb.PullMessagesResponse(
                    data=request.data, topic_name=request.topic, content_type=request.content_type,
                    metadata=request.metadata, id=uuid.uuid4().hex))
        return pb.PublishResponse()

    def PullMessages(self, requests, context):
        topic = next(requests).topic.name
        stream = queue.SimpleQueue()
        unacknowledged = set()
        with self.lock:
            self.streams.setdefault(topic, []).append(stream)

        def listen():
            for request in requests:
                unacknowledged.discard(request.ack_message_id)
                print("acknowledged", topic, len(unacknowledged), flush=True)

        def leave():
            with self.lock:
                self.streams[topic].remove(stream)
            stream.put(None)

        context.add_callback(leave)
        threading.Thread(target=listen, daemon=True).start()
        print("subscribed", topic, flush=True)
        while (message := stream.get()) is not None:
            unacknowledged.add(message.id)
            yield message


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("socket", help="the path of the Unix socket to listen at")
    parser.add_argument("--features", default="ETAG,TTL,TRANSACTIONAL", help="what Features says")
    arguments = parser.parse_args()
    features = [feature for feature in arguments.features.split(",") if feature]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=64))
    store = StateStore(features)
    rpc.add_StateStoreServicer_to_server(store, server)
    if "TRANSACTIONAL" in features:
        rpc.add_TransactionalStateStoreServicer_to_server(store, server)
    rpc.add_PubSubServicer_to_server(PubSub(), server)
    services = pb.DESCRIPTOR.services_by_name.values()
    reflection.enable_server_reflection(
        [service.full_name for service in services] + [reflection.SERVICE_NAME], server)
    server.add_insecure_port(f"unix:{arguments.socket}")
    server.start()
    print("listening", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
