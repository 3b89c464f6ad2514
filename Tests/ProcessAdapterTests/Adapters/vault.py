"""An adapter process with objects and SQL, and with transactions over keys: enough of each to try the schema's streams."""

import argparse
import concurrent.futures
import hashlib
import sqlite3
import threading
import time

import fairlead_adapter_pb2 as pb
import fairlead_adapter_pb2_grpc as rpc
import grpc

NOTHING = pb.Nothing()


class Objects:
    def __init__(self):
        self.buckets = {}

    def failure(self, code, **more):
        return pb.ObjectReply(failure=pb.ObjectFailure(code=code, **more))

    def find(self, name):
        bucket = self.buckets.get(name.bucket)
        if bucket is None:
            return None, pb.ObjectFailure(code=pb.ObjectFailure.NO_SUCH_BUCKET)
        if name.key not in bucket:
            return None, pb.ObjectFailure(code=pb.ObjectFailure.NO_SUCH_OBJECT)
        return bucket[name.key], None

    def call(self, request):
        kind = request.WhichOneof("kind")
        value = getattr(request, kind)
        if kind == "create_bucket":
            if value.name in self.buckets:
                return self.failure(pb.ObjectFailure.BUCKET_EXISTS)
            self.buckets[value.name] = {}
            return pb.ObjectReply(done=NOTHING)
        if kind == "list_buckets":
            buckets = [pb.ObjectReply.Bucket(name=name, created=5) for name in sorted(self.buckets)]
            return pb.ObjectReply(buckets=pb.ObjectReply.Buckets(buckets=buckets))
        if kind == "head":
            found, failure = self.find(value.name)
            return pb.ObjectReply(failure=failure) if failure else pb.ObjectReply(info=found[0])
        if kind == "delete":
            gone = self.buckets.get(value.name.bucket, {}).pop(value.name.key, None)
            return pb.ObjectReply(flag=gone is not None)
        if kind == "delete_many":
            for key in value.keys:
                self.buckets[value.bucket].pop(key, None)
            results = [pb.ObjectReply.Results.Result() for _ in value.keys]
            results[-1].failure.code = pb.ObjectFailure.CONFLICT
            return pb.ObjectReply(results=pb.ObjectReply.Results(results=results))
        if kind == "list":
            keys = [key for key in sorted(self.buckets[value.bucket]) if key.startswith(value.prefix) and key > value.after]
            page = pb.ObjectReply.Page()
            for key in keys[: value.limit]:
                info = self.buckets[value.bucket][key][0]
                page.objects.add(key=key, size=info.size, etag=info.etag, modified=info.modified)
            if len(keys) > value.limit:
                page.next = keys[value.limit - 1]
            return pb.ObjectReply(page=page)
        return self.failure(pb.ObjectFailure.GENERAL, general=pb.Failure(text=f"no {kind}"))

    def put(self, events):
        head = next(events).object
        bucket = self.buckets.get(head.name.bucket)
        if bucket is None:
            return self.failure(pb.ObjectFailure.NO_SUCH_BUCKET)
        data, checksums = b"", None
        for event in events:
            if event.WhichOneof("kind") == "piece":
                data += event.piece
            else:
                checksums = event.end.checksums
        if checksums is None:
            return self.failure(pb.ObjectFailure.GENERAL)
        info = pb.ObjectInfo(
            size=len(data), etag=hashlib.md5(data).hexdigest().encode(), modified=int(time.time() * 1000),
            metadata=head.metadata, checksums=checksums)
        bucket[head.name.key] = (info, data)
        return pb.ObjectReply(info=info)

    def get(self, request):
        found, failure = self.find(request.name)
        if failure:
            yield pb.GetObjectEvent(failure=failure)
            return
        info, data = found
        start, end = 0, len(data)
        kind = request.range.WhichOneof("kind")
        if kind == "bytes":
            start = request.range.bytes.first
            if start >= len(data):
                yield pb.GetObjectEvent(
                    failure=pb.ObjectFailure(code=pb.ObjectFailure.INVALID_RANGE, size=len(data)))
                return
            if request.range.bytes.HasField("last"):
                end = min(end, request.range.bytes.last + 1)
        yield pb.GetObjectEvent(opened=pb.GetObjectEvent.Opened(info=info, start=start, end=end))
        if request.name.key == b"short":
            end -= 1
        for place in range(start, end, 1_000_000):
            yield pb.GetObjectEvent(piece=data[place : min(place + 1_000_000, end)])


class Session:
    """One SQL session: each request is answered by the method of its name."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.statements, self.cursors, self.table, self.facts = {}, {}, None, {}

    def open(self, request):
        self.facts = {name: value.text for name, value in request.facts.items()}

    def set_fact(self, request):
        self.facts[request.name] = request.value.text

    def begin(self, request):
        self.database.execute("BEGIN")

    def commit(self, request):
        self.database.execute("COMMIT")

    def rollback(self, request):
        self.database.execute("ROLLBACK")

    def columns(self, description, row=None):
        types = {int: 20, float: 701, str: 25, bytes: 17}
        columns = [pb.SqlColumn(name=column[0], type=types.get(type(row[place]) if row else None, 705))
                   for place, column in enumerate(description or [])]
        return pb.SqlReply.Columns(has_rows=description is not None, columns=columns)

    def prepare(self, request):
        tag = request.text.split()[0].upper()
        self.statements[request.statement] = request.text
        parameters = request.text.count("$")
        columns = None
        if tag == "SELECT":
            text = f"SELECT * FROM ({request.text}) LIMIT 0"
            columns = self.columns(self.database.execute(text, [None] * parameters).description)
        return pb.SqlReply(prepared=pb.SqlReply.Prepared(
            parameter_types=[20] * parameters, columns=columns, tag=tag, counts_rows=True, writes=tag != "SELECT"))

    def value(self, message):
        kind = message.WhichOneof("kind")
        return None if kind in (None, "null") else getattr(message, kind)

    def message(self, value):
        if value is None:
            return pb.SqlValue(null=NOTHING)
        return pb.SqlValue(**{{int: "integer", float: "double", str: "text", bytes: "bytes"}[type(value)]: value})

    def open_cursor(self, request):
        self.cursors[request.cursor] = (self.statements[request.statement], [self.value(v) for v in request.values])

    def fetch(self, request):
        cursor = self.cursors[request.cursor]
        if isinstance(cursor, tuple):
            cursor = self.cursors[request.cursor] = self.database.execute(*cursor)
        rows = cursor.fetchmany(request.limit or 1000)
        batch = pb.SqlReply.Batch(
            values=[self.message(value) for row in rows for value in row], row_count=len(rows),
            is_last=len(rows) < (request.limit or 1000), affected=max(cursor.rowcount, 0))
        if cursor.description:
            batch.columns.CopyFrom(self.columns(cursor.description, rows[0] if rows else None))
        return pb.SqlReply(batch=batch)

    def close_cursor(self, request):
        self.cursors.pop(request, None)

    def close_statement(self, request):
        self.statements.pop(request, None)

    def limits(self, request):
        self.facts["limit"] = str(request.statement_milliseconds)

    def copy(self, request):
        self.table = request.table
        description = self.database.execute(f"SELECT * FROM {request.table} LIMIT 0").description
        return pb.SqlReply(columns=self.columns(description))

    def rows(self, request):
        values = [self.value(value) for value in request.values]
        width = len(self.database.execute(f"SELECT * FROM {self.table} LIMIT 0").description)
        rows = [values[place : place + width] for place in range(0, len(values), width)]
        self.database.executemany(f"INSERT INTO {self.table} VALUES ({','.join('?' * width)})", rows)

    def end_copy(self, request):
        self.table = None


class Vault(rpc.AdapterServicer):
    def __init__(self):
        self.objects = Objects()
        self.sessions = {}
        self.keys, self.marks, self.lock = {}, {}, threading.Lock()

    def Describe(self, request, context):
        names = [
            "object.put", "object.get", "object.head", "object.delete", "object.list", "object.range",
            "object.buckets", "sql.query", "sql.parameters", "sql.prepared", "sql.transaction", "sql.cursor",
            "sql.copy", "kv.get", "kv.set", "kv.transaction"]
        return pb.Description(
            schema=1, name="vault", version="1", capabilities=[pb.Capability(name=name) for name in names])

    def CallObjects(self, request, context):
        return self.objects.call(request)

    def PutObject(self, events, context):
        return self.objects.put(events)

    def GetObject(self, request, context):
        yield from self.objects.get(request)

    def RunSql(self, requests, context):
        session = None
        for request in requests:
            kind = request.WhichOneof("kind")
            if kind == "open":
                session = Session(f"file:{request.open.database}?mode=memory&cache=shared")
                self.sessions[request.open.session] = session
            try:
                answer = getattr(session, kind)(getattr(request, kind))
                yield answer or pb.SqlReply(done=NOTHING)
            except sqlite3.OperationalError as error:
                state = "57014" if "interrupted" in str(error) else "42601"
                yield pb.SqlReply(failure=pb.SqlFailure(state=state, message=str(error), offset=3))
        if session and session.database.in_transaction:
            session.database.rollback()

    def CancelSql(self, request, context):
        self.sessions[request.session].database.interrupt()
        return pb.SqlCancelled()

    def perform(self, operation):
        kind = operation.WhichOneof("kind")
        value = getattr(operation, kind)
        if kind == "kv_set":
            self.keys[value.key] = value.value
            self.marks[value.key] = self.marks.get(value.key, 0) + 1
            return pb.Reply(answer=pb.Answer(done=NOTHING))
        if kind == "kv_get":
            found = self.keys.get(value.key)
            return pb.Reply(answer=pb.Answer(missing=NOTHING) if found is None else pb.Answer(bytes=found))
        return pb.Reply(failure=pb.Failure(code=pb.Failure.WRONG_TYPE))

    def Perform(self, request, context):
        with self.lock:
            return self.perform(request.operation)

    def mark(self, key):
        return b"%d" % self.marks.get(key, 0)

    def Mark(self, request, context):
        return pb.MarkReply(marks=[self.mark(key) for key in request.keys])

    def Transact(self, request, context):
        with self.lock:
            if any(self.mark(watched.key) != watched.mark for watched in request.watched):
                return pb.TransactReply(changed=NOTHING)
            replies = [self.perform(step.operation) for step in request.steps]
            return pb.TransactReply(replies=pb.Replies(replies=replies))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("socket")
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=32))
    rpc.add_AdapterServicer_to_server(Vault(), server)
    server.add_insecure_port(f"unix:{parser.parse_args().socket}")
    server.start()
    print("listening", flush=True)
    server.wait_for_termination()


main()
