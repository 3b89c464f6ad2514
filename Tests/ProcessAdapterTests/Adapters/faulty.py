"""An adapter process that misbehaves as the key of a `kv.get` says; every other operation it does not have."""

import argparse
import concurrent.futures
import os
import signal
import time

import fairlead_adapter_pb2 as pb
import fairlead_adapter_pb2_grpc as rpc
import grpc


class Faulty(rpc.AdapterServicer):
    def __init__(self, arguments):
        self.arguments = arguments

    def Describe(self, request, context):
        capabilities = [pb.Capability(name=name) for name in self.arguments.capabilities.split(",")]
        for capability in capabilities:
            capability.weakenings.extend(self.arguments.weakenings.split())
        return pb.Description(
            schema=self.arguments.schema, name="faulty", version="0", capabilities=capabilities)

    def Perform(self, request, context):
        kind = request.operation.WhichOneof("kind")
        if kind != "kv_get":
            return pb.Reply(failure=pb.Failure(code=pb.Failure.BACKEND, text=f"no {kind}"))
        key = request.operation.kv_get.key.decode()
        if key.startswith("sleep:"):
            time.sleep(float(key.removeprefix("sleep:")))
        elif key.startswith("until:"):
            # It makes the file, which says that it has begun, and lasts until somebody removes it.
            file = key.removeprefix("until:")
            open(file, "w").close()
            while os.path.exists(file):
                time.sleep(0.02)
        elif key == "crash":
            os._exit(7)
        elif key == "flag":
            return pb.Reply(answer=pb.Answer(flag=True))
        elif key == "nothing":
            return pb.Reply()
        elif key == "raise":
            raise RuntimeError("the store is on fire")
        elif key == "abort":
            context.abort(grpc.StatusCode.UNAVAILABLE, "half-way")
        elif key == "wrong type":
            return pb.Reply(failure=pb.Failure(code=pb.Failure.WRONG_TYPE))
        elif key == "refuse":
            return pb.Reply(failure=pb.Failure(code=pb.Failure.REFUSED, capability="kv.get", text="not today"))
        elif key.startswith("bytes:"):
            return pb.Reply(answer=pb.Answer(bytes=b"x" * int(key.removeprefix("bytes:"))))
        return pb.Reply(answer=pb.Answer(bytes=key.encode()))

    def Subscribe(self, request, context):
        if request.channel == b"refused":
            yield pb.SubscribeEvent(failure=pb.Failure(code=pb.Failure.BACKEND, text="no such channel"))
            return
        if request.channel != b"silent":
            yield pb.SubscribeEvent(subscribed=pb.Nothing())
        if request.channel == b"ends":
            yield pb.SubscribeEvent(message=pb.Publish(channel=request.channel, payload=b"last"))
            return
        for number in range(1000 if request.channel == b"many" else 0):
            yield pb.SubscribeEvent(message=pb.Publish(channel=request.channel, payload=b"%d" % number))
        while context.is_active():
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("socket")
    parser.add_argument("--schema", type=int, default=1)
    parser.add_argument("--capabilities", default="kv.get,bus.subscribe")
    parser.add_argument("--weakenings", default="")
    parser.add_argument("--graceful", action="store_true")
    arguments = parser.parse_args()
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(max_workers=64),
        options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)])
    rpc.add_AdapterServicer_to_server(Faulty(arguments), server)
    server.add_insecure_port(f"unix:{arguments.socket}")
    server.start()
    if arguments.graceful:
        # It finishes what it has, and tells its clients that it is going.
        signal.signal(signal.SIGTERM, lambda *_: server.stop(30))
    print("listening", flush=True)
    server.wait_for_termination()


main()
