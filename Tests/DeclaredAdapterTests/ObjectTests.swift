// Objects of declared adapters, over HTTP and in lines.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("Objects of declared adapters", .timeLimit(.minutes(1)))
struct ObjectTests {
    static let file = """
        adapter: store
        transport: { schemes: [http] }
        framing:
          http:
            fields: { etag: ETag | quoted, modified: Last-Modified | date, size: Content-Length | number, metadata: X-Meta }
        payload: json
        limits: { frame: 4KiB }
        keys: { allowed: any }
        fields: { names: "items[*].name", sizes: "items[*].size", etags: "items[*].tag", times: "items[*].time | date" }
        messages:
          ok: { when: "status == 200", is: result }
          made: { when: "status == 201", is: result }
          none: { when: "status == 404", is: missing }
          gone: { when: "status == 410", is: no-bucket }
          there: { when: "status == 412", is: conflict }
          failed: { is: fatal }
        capabilities:
          object.put: native
          object.get: native
          object.head: native
          object.delete: native
          object.list: native
          object.range: native
          object.copy: emulated
          object.conditional: { support: native, weakenings: [partial] }
          object.metadata: native
          object.buckets: native
        operations:
          object.put: { send: { put: "/{bucket}/{key}", headers: { X-Meta: "{metadata}", X-MD5: "{md5}" }, text: "{value}" } }
          object.put-if-absent:
            send: { put: "/{bucket}/{key}", headers: { If-None-Match: "*", X-Meta: "{metadata}" }, text: "{value}" }
          object.put-if-match:
            send: { put: "/{bucket}/{key}", headers: { If-Match: "{etag | quoted}", X-Meta: "{metadata}" }, text: "{value}" }
          object.get: { send: { get: "/{bucket}/{key}" }, replies: { ok: { is: result, value: body } } }
          object.get-range:
            send: { get: "/{bucket}/{key}", headers: { Range: "bytes={start}-{stop}", If-Match: "{etag | quoted}" } }
            replies: { ok: { is: result, value: body } }
          object.head: { send: { head: "/{bucket}/{key}" } }
          object.delete: { send: { delete: "/{bucket}/{key}" } }
          object.list: { send: { get: "/{bucket}?prefix={prefix}&after={after}&limit={items}" } }
          bucket.create: { send: { put: "/{bucket}" } }
          bucket.head: { send: { head: "/{bucket}" } }
        """

    private static let md5 = "900150983cd24fb0d6963f7d28e17f72"
    private static let described =
        "ETag: \"t1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Meta: content-type=text%2Fplain&x-amz-meta-a=%C3%A4\r\n"
    private static let info = ObjectInfo(
        size: 3, etag: bytes("t1"), modified: 784_111_777_000,
        metadata: ObjectMetadata(
            fields: [Pair(bytes("content-type"), bytes("text/plain"))], user: [Pair(bytes("a"), bytes("ä"))]))
    private let context = CallContext(now: 5000)
    private let name = ObjectName(bucket: bytes("b"), key: bytes("k/1"))

    private static func service(_ rig: DeclaredRig) throws -> any ObjectService { try #require(rig.service.object) }

    private static func read(_ reading: ObjectReading) async throws -> String {
        var bytes: [UInt8] = []
        while let piece = try await reading.content.next() { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("an object is stored with its metadata, told, read and deleted")
    func wholeObjects() async throws {
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(
                    request: "PUT /b/k%2F1",
                    fields: ["X-Meta: content-type=text%2Fplain&x-amz-meta-a=%C3%A4", "X-MD5: \(Self.md5)"], body: "abc"
                ),
                .init(request: "HEAD /b/k%2F1", answerFields: Self.described, length: 3),
                .init(request: "GET /b/k%2F1", answerFields: Self.described, answer: "abc"),
                .init(request: "DELETE /b/k%2F1"), .init(request: "DELETE /b/k%2F1", status: "404 Not Found"),
                .init(request: "HEAD /b/k%2F1", status: "404 Not Found", length: 700),
                .init(request: "GET /b/k%2F1", status: "410 Gone"), .init(request: "GET /b/k%2F1", status: "500 No"),
            ])
        try await dialogue.run { [context, name] rig in
            let objects = try Self.service(rig)
            let put = ObjectPut(name, metadata: Self.info.metadata)
            let stored = try await objects.put(put, HeldBytes(bytes("abc")), context)
            // The server told no tag: it is the MD5, as S3 has it.
            #expect(stored.etag == bytes(Self.md5) && stored.size == 3)
            #expect(try await objects.head(ObjectGet(name), context) == Self.info)
            let reading = try await objects.get(ObjectGet(name), context)
            #expect(reading.info == Self.info && reading.range == 0..<3)
            #expect(try await Self.read(reading) == "abc")
            #expect(try await objects.delete(name, ObjectConditions(), context))
            #expect(try await objects.delete(name, ObjectConditions(), context) == false)
            let absent = await DeclaredRig.outcome { () async throws(ObjectFailure) in
                try await objects.head(ObjectGet(name), context)
            }
            #expect(absent == .failure(.noSuchKey))
            for expected in [ObjectFailure.noSuchBucket, .general(.backend("the backend answered with an error"))] {
                await #expect(throws: expected) { try await objects.get(ObjectGet(name), context) }
            }
        }
    }

    @Test("a range is read of the version that was looked at, and never of another one")
    func ranges() async throws {
        let head = HTTPDialogue.Exchange(request: "HEAD /b/k%2F1", answerFields: Self.described, length: 3)
        func part(_ range: String, _ answer: String, fields: String = "", status: String = "200 OK")
            -> HTTPDialogue.Exchange
        {
            .init(
                request: "GET /b/k%2F1", fields: ["Range: bytes=\(range)", "If-Match: \"t1\""], status: status,
                answerFields: fields, answer: answer)
        }
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                head, part("1-2", "bc"), head, part("1-2", "bc"), head, head, part("0-0", "a", status: "412 No"), head,
                part("0-0", "a", fields: "ETag: \"t2\"\r\n"), head, part("0-0", "abc"),
            ])
        try await dialogue.run { [context, name] rig in
            let objects = try Self.service(rig)
            for range in [ObjectRange.from(1, through: nil), .last(2)] {
                let reading = try await objects.get(ObjectGet(name, range: range), context)
                #expect(reading.range == 1..<3 && reading.info.size == 3)
                #expect(try await Self.read(reading) == "bc")
            }
            await #expect(throws: ObjectFailure.invalidRange(size: 3)) {
                try await objects.get(ObjectGet(name, range: .from(9, through: nil)), context)
            }
            let first = ObjectGet(name, range: .from(0, through: 0))
            let changed = ObjectFailure.general(.unavailable("the object was changed while it was read"))
            await #expect(throws: changed) { try await objects.get(first, context) }
            await #expect(throws: changed) { try await objects.get(first, context) }
            let long = ObjectFailure.general(
                .protocolBroken("the backend gave 3 bytes of 1 that were asked for"))
            await #expect(throws: long) { try await objects.get(first, context) }
        }
    }

    @Test("conditions go to the server or are checked on the answer, and others are refused")
    func conditions() async throws {
        let get = HTTPDialogue.Exchange(request: "GET /b/k%2F1", answerFields: Self.described, answer: "abc")
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(request: "PUT /b/k%2F1", fields: ["If-None-Match: *"], body: "x", status: "412 No"),
                .init(request: "PUT /b/k%2F1", fields: ["If-Match: \"t1\""], body: "x", status: "412 No"),
                .init(
                    request: "PUT /b/k%2F1", fields: ["If-Match: \"t1\""], body: "x", answerFields: "ETag: W/\"t2\"\r\n"
                ),
                get, get, get,
            ])
        try await dialogue.run { [context, name] rig in
            let objects = try Self.service(rig)
            func put(_ conditions: ObjectConditions) async -> Result<ObjectInfo, ObjectFailure> {
                await DeclaredRig.outcome { () async throws(ObjectFailure) in
                    let put = ObjectPut(name, metadata: ObjectMetadata(), conditions: conditions)
                    return try await objects.put(put, HeldBytes(bytes("x")), context)
                }
            }
            let tag = ObjectConditions(ifMatch: .oneOf([bytes("t1")]))
            #expect(await put(ObjectConditions(ifNoneMatch: .any)) == .failure(.preconditionFailed("If-None-Match")))
            #expect(await put(tag) == .failure(.preconditionFailed("If-Match")))
            #expect(try await put(tag).get().etag == bytes("t2"))
            // Nothing is sent for what the file cannot say.
            guard case .failure(.general(.refused(.objectConditional, _))) = await put(ObjectConditions(ifMatch: .any))
            else {
                Issue.record("a condition was dropped")
                return
            }
            guard
                case .failure(.general(.refused(.objectConditional, _))) = await DeclaredRig.outcome({
                    () async throws(ObjectFailure) in try await objects.delete(name, tag, context)
                })
            else {
                Issue.record("a condition was dropped")
                return
            }
            // A tag that could end the field matches nothing.
            let forged = ObjectConditions(ifMatch: .oneOf([bytes("t1\r\nX: y")]))
            #expect(await put(forged) == .failure(.preconditionFailed("If-Match")))
            let have = ObjectConditions(ifNoneMatch: .oneOf([bytes("t1")]))
            await #expect(throws: ObjectFailure.notModified) {
                try await objects.get(ObjectGet(name, conditions: have), context)
            }
            let later = ObjectConditions(ifUnmodifiedSince: 784_111_776_000)
            await #expect(throws: ObjectFailure.preconditionFailed("If-Unmodified-Since")) {
                try await objects.get(ObjectGet(name, conditions: later), context)
            }
            #expect(try await Self.read(objects.get(ObjectGet(name, conditions: tag), context)) == "abc")
        }
    }

    @Test("a body larger than the largest message is refused, before or while it comes")
    func bodies() async throws {
        let whole = String(repeating: "x", count: 4096)
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(request: "PUT /b/k%2F1", fields: ["X-Meta: -"], body: whole),
                .init(request: "GET /b/k%2F1", answerFields: Self.described, answer: whole),
                .init(request: "PUT /c/k%2F1", body: whole),
            ])
        try await dialogue.run { [context, name] rig in
            let objects = try Self.service(rig)
            let put = ObjectPut(name, metadata: ObjectMetadata())
            let tooLarge = ObjectFailure.general(.tooLarge(limit: 4096))
            await #expect(throws: tooLarge) {
                try await objects.put(put, HeldBytes([UInt8](repeating: 0, count: 4097)), context)
            }
            await #expect(throws: tooLarge) { try await objects.put(put, Endless(), context) }
            #expect(try await objects.put(put, HeldBytes(bytes(whole)), context).size == 4096)
            // Without an operation for it, a copy is got and put.
            let copy = ObjectCopy(
                from: CopySource(name), to: ObjectName(bucket: bytes("c"), key: bytes("k/1")),
                metadata: ObjectMetadata())
            #expect(try await objects.copy(copy, context).size == 4096)
            let upload = UploadCreation(name, metadata: ObjectMetadata())
            guard
                case .failure(.general(.refused(.objectMultipart, _))) = await DeclaredRig.outcome({
                    () async throws(ObjectFailure) in try await objects.createUpload(upload, context)
                })
            else {
                Issue.record("an upload in parts was begun")
                return
            }
        }
    }

    /// A body whose length nobody knows.
    private final class Endless: ObjectBody {
        let length: Int64? = nil
        let checksums: [ObjectChecksum] = []
        func next() async throws(ObjectFailure) -> [UInt8]? { [UInt8](repeating: 0, count: 1000) }
    }

    @Test("objects are listed in pages, and those behind a delimiter as one")
    func lists() async throws {
        func page(_ names: [String]) -> String {
            let items = names.map { #"{"name":"\#($0)","size":1,"tag":"t","time":"1970-01-01T00:00:02Z"}"# }
            return #"{"items":[\#(items.joined(separator: ","))]}"#
        }
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(request: "GET /b?prefix=&after=&limit=3", answer: page(["a", "d/1", "d/2"])),
                .init(request: "GET /b?prefix=&after=d%2F2&limit=3", answer: page(["d/3", "e", "f"])),
                .init(request: "GET /b?prefix=d&after=d%2F1&limit=11", answer: page(["d/2", "d/3"])),
                .init(request: "GET /b?prefix=&after=&limit=3", answer: page(["z/1", "z/2", "z/3"])),
                .init(request: "GET /b?prefix=&after=z%2F3&limit=3", answer: page(["z/1", "z/2", "z/3"])),
                .init(request: "GET /b?prefix=&after=&limit=2", answer: #"{"items":[{"name":"a","size":1}]}"#),
                .init(request: "GET /b?prefix=&after=&limit=2", status: "404 Not Found"),
            ])
        try await dialogue.run { [context] rig in
            let objects = try Self.service(rig)
            func list(_ prefix: String = "", _ delimiter: String = "", after: String = "", _ limit: Int)
                async throws(ObjectFailure) -> ObjectPage
            {
                try await objects.list(
                    ObjectListing(
                        bucket: bytes("b"), prefix: bytes(prefix), delimiter: bytes(delimiter), after: bytes(after),
                        limit: limit), context)
            }
            let first = try await list("", "/", 2)
            #expect(first.objects.map(\.key) == [bytes("a")] && first.groups == [bytes("d/")])
            #expect(first.objects[0].modified == 2000 && first.next == bytes("d/"))
            let rest = try await list("d", "", after: "d/1", 10)
            #expect(rest.objects.map(\.key) == [bytes("d/2"), bytes("d/3")] && rest.next == nil)
            // A server that gives one page for ever, and one whose lists are out of step.
            await #expect(throws: ObjectFailure.self) { try await list("", "/", 2) }
            await #expect(throws: ObjectFailure.self) { try await list("", "", 1) }
            await #expect(throws: ObjectFailure.noSuchBucket) { try await list("", "", 1) }
        }
    }

    @Test("buckets are made and looked for, and what is not mapped is refused")
    func buckets() async throws {
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(request: "PUT /b", status: "201 Made"), .init(request: "PUT /b", status: "412 There"),
                .init(request: "HEAD /b", answerFields: "Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT\r\n"),
                .init(request: "HEAD /b", status: "404 Not Found"),
            ])
        try await dialogue.run { [context] rig in
            let objects = try Self.service(rig)
            try await objects.createBucket(bytes("b"), context)
            await #expect(throws: ObjectFailure.bucketExists) { try await objects.createBucket(bytes("b"), context) }
            #expect(try await objects.headBucket(bytes("b"), context) == BucketInfo(bytes("b"), created: 1000))
            await #expect(throws: ObjectFailure.noSuchBucket) { try await objects.headBucket(bytes("b"), context) }
            await #expect(throws: ObjectFailure.self) { try await objects.listBuckets(context) }
        }
    }

    @Test("objects in a protocol of lines, where only a content type can be kept")
    func lines() async throws {
        let file = """
            adapter: store
            transport: { schemes: [tcp] }
            framing: { lines: { end: "\\n" } }
            keys: { allowed: printable }
            fields: { content-type: "type | hex" }
            messages:
              BODY: { line: "BODY {size:number} {etag} {type}", body: { value: size, end: "\\n" }, is: result }
              INFO: { line: "INFO {size:number} {etag} {type}", is: result }
              FILE: { line: "FILE {name} {size:number} {etag}", is: more }
              TAG: { line: "TAG {etag}", is: result }
              END: { line: "END", is: end }
              NONE: { line: "NONE", is: missing }
            capabilities: { object.put: native, object.get: native, object.head: native, object.list: native, object.metadata: { support: native, weakenings: [partial] } }
            operations:
              object.put: { send: "PUT {bucket} {key} {content-type | hex} {value.length}\\n{value}\\n", expects: [TAG, NONE] }
              object.get: { send: "GET {bucket} {key}\\n", expects: [BODY, NONE] }
              object.head: { send: "INFO {bucket} {key}\\n", expects: [INFO, NONE] }
              object.list: { send: "LIST {bucket}\\n", expects: [FILE, END] }
            """
        let dialogue = Dialogue(
            file: file,
            lines: [
                ("PUT b k/1 612F62 3", ""), ("abc", "TAG t1\n"), ("GET b k/1", "BODY 3 t1 612F62\nabc\n"),
                ("LIST b", "FILE z 1 t2\nFILE a 3 t1\nEND\n"), ("INFO b k/1", "NONE\n"),
            ])
        try await dialogue.run { [context, name] rig in
            let objects = try Self.service(rig)
            let type = Pair(bytes("content-type"), bytes("a/b"))
            let put = ObjectPut(name, metadata: ObjectMetadata(fields: [type]))
            #expect(try await objects.put(put, HeldBytes(bytes("abc")), context).etag == bytes("t1"))
            let more = ObjectPut(name, metadata: ObjectMetadata(user: [type]))
            guard
                case .failure(.general(.refused(.objectMetadata, _))) = await DeclaredRig.outcome({
                    () async throws(ObjectFailure) in try await objects.put(more, HeldBytes([]), context)
                })
            else {
                Issue.record("metadata was dropped")
                return
            }
            let reading = try await objects.get(ObjectGet(name, range: .last(1)), context)
            #expect(reading.info.metadata.fields == [type] && reading.range == 2..<3)
            #expect(try await Self.read(reading) == "c")
            // A server that lists all it has, in no order.
            let listing = ObjectListing(bucket: bytes("b"), prefix: [], delimiter: [], after: [], limit: 1)
            let page = try await objects.list(listing, context)
            #expect(page.objects.map(\.key) == [bytes("a")] && page.objects[0].size == 3 && page.next == bytes("a"))
            await #expect(throws: ObjectFailure.noSuchKey) { try await objects.head(ObjectGet(name), context) }
        }
    }

    @Test("dates of HTTP and of ISO 8601, and what is none")
    func dates() {
        for (text, time) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000), ("1994-11-06T08:49:37Z", 784_111_777_000),
            ("1994-11-06 09:49:37.25+01:00", 784_111_777_250), ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999),
        ] as [(String, Int64)] { #expect(DateText.milliseconds(bytes(text)) == time, "\(text)") }
        for text in [
            "", "now", "Sun, 06 Nov 1994 08:49:37", "1994-13-06T08:49:37Z", "1994-11-06T24:00:00Z", "1994-11-06",
            "1994-11-06T08:49:37.Z", String(repeating: "1", count: 100),
        ] { #expect(DateText.milliseconds(bytes(text)) == nil, "\(text)") }
        #expect(DateText.http(784_111_777_999) == bytes("Sun, 06 Nov 1994 08:49:37 GMT"))
        #expect(DateText.http(951_868_799_000) == bytes("Tue, 29 Feb 2000 23:59:59 GMT"))
        #expect(DateText.http(0) == bytes("Thu, 01 Jan 1970 00:00:00 GMT"))
    }
}
