// One request on its way to its answer.

import Capabilities
import Reactor
import S3Wire

/// A request, what it needs to be answered, and the answer's bytes as they leave.
final class S3Call {
    let request: S3Request
    let access: S3Access
    let gate: Gate
    let stream: S3ClientStream
    let context: CallContext
    /// Names the request in logs and to whoever is asked for help: the session and the request's number in it.
    let id: String
    private let session: Session
    /// Why the client's connection cannot go on after the answer.
    private(set) var mustReset = false
    private(set) var status = 0
    private(set) var bytesSent = 0

    init(
        _ request: S3Request, _ access: S3Access, _ gate: Gate, _ stream: S3ClientStream, _ session: Session, now: Int64
    ) {
        self.request = request
        self.access = access
        self.gate = gate
        self.stream = stream
        self.session = session
        id = "\(session.label)-\(stream.headCount)"
        context = CallContext(now: now)
    }

    /// Whether the status line has left, so that no error can take its place.
    var hasAnswered: Bool { status != 0 }

    // MARK: What is asked

    /// Throws the refusal of the first of `capabilities` that is not to be had.
    func need(_ capabilities: Capability...) throws(S3Refusal) {
        var needs = CapabilitySet()
        for capability in capabilities { needs.insert(capability) }
        do throws(Failure) {
            try gate.check(needs)
        } catch {
            throw S3Refusal(error, gate)
        }
    }

    /// The backend's objects.
    func objects() throws(S3Refusal) -> any ObjectService {
        guard let service = gate.service.object else {
            throw S3Refusal(.notImplemented, gate.refusal(.objectGet, "it has no objects"))
        }
        return service
    }

    /// The region that every bucket is in.
    var region: String { session.listener.configuration.region ?? Self.standardRegion }
    /// Whether the configuration names it.
    var hasRegion: Bool { session.listener.configuration.region != nil }
    /// What clients take for the region when nothing else is said.
    static let standardRegion = "us-east-1"

    /// The bucket of the request.
    var bucket: [UInt8] { request.bucket ?? [] }

    /// The object of the request.
    var name: ObjectName { ObjectName(bucket: bucket, key: request.key ?? []) }

    /// Runs `body` and turns its failure into an error of S3's.
    func asking<R>(_ body: () async throws(ObjectFailure) -> R) async throws(S3Refusal) -> R {
        do throws(ObjectFailure) {
            return try await body()
        } catch {
            throw S3Refusal(error, gate)
        }
    }

    /// Runs `body` with the request's content and turns its failure into an error of S3's.
    func asking<R>(
        with content: S3BodySource, _ body: () async throws(ObjectFailure) -> R
    ) async throws(S3Refusal) -> R {
        do throws(ObjectFailure) {
            return try await body()
        } catch {
            if error == .bodyFailed, let refusal = content.refusal { throw refusal }
            throw S3Refusal(error, gate)
        }
    }

    /// The whole content of a request that carries a document, up to ``S3Limits/document``.
    func document() async throws(S3Refusal) -> [UInt8] { try await document(try S3BodyFacts(request, access)) }

    /// The same, of a body with these facts.
    func document(_ facts: S3BodyFacts) async throws(S3Refusal) -> [UInt8] {
        let source = S3BodySource(stream, facts)
        var document: [UInt8] = []
        return try await asking(with: source) { () async throws(ObjectFailure) in
            while let piece = try await source.next() {
                guard S3Limits.document.allows(document.count + piece.count) else {
                    throw .general(.tooLarge(limit: S3Limits.document.maximum))
                }
                document += piece
            }
            return document
        }
    }

    // MARK: What is answered

    /// Sends status and fields, and `body` with its length; to HEAD its length alone.
    func answer(_ status: Int, _ fields: S3AnswerFields = S3AnswerFields(), xml: S3XMLWriter? = nil) {
        var fields = fields
        if let xml {
            fields.add("Content-Type", "application/xml")
            fields.add("Content-Length", String(xml.bytes.count))
        } else if status != 204, status != 304 {
            fields.add("Content-Length", "0")
        }
        send(head: status, fields)
        if let xml, request.head.method != .head { send(xml.bytes) }
    }

    /// Sends status and fields; whoever calls sends what the fields announce.
    func send(head status: Int, _ fields: S3AnswerFields) {
        self.status = status
        var head = Array("HTTP/1.1 \(status) \(S3Status.reason(status))\r\n".utf8)
        head += Array("x-amz-request-id: \(id)\r\n".utf8)
        head += Array("Date: \(S3Date(seconds: context.now / 1000).http)\r\n".utf8)
        head += fields.bytes
        if !keepsAlive { head += Array("Connection: close\r\n".utf8) }
        head += [0x0D, 0x0A]
        session.client.send(head)
    }

    func send(_ bytes: [UInt8]) {
        session.client.send(bytes)
        bytesSent += bytes.count
    }

    /// Sends what `content` gives; a failure within cuts the connection, so that it cannot look complete.
    func send(_ content: any ObjectSource) async {
        while true {
            do throws(S3StreamEnd) {
                try await stream.untilTaking()
            } catch {
                mustReset = true
                if case .timedOut = error {
                    session.note(GatewayFailure(.idle, "the client took no byte for the idle-timeout"))
                }
                return
            }
            do throws(ObjectFailure) {
                guard let piece = try await content.next() else { return }
                send(piece)
            } catch {
                mustReset = true
                session.note(GatewayFailure(.lost, S3Refusal(error, gate).message))
                return
            }
        }
    }

    /// Sends the error; what is left of the body is the caller's part.
    func refuse(_ refusal: S3Refusal, _ fields: S3AnswerFields = S3AnswerFields()) {
        status = refusal.code.status
        let reply = S3ErrorReply(
            refusal.code, message: refusal.message, resource: Array(request.bytes[request.head.path]),
            requestID: id, answersHead: request.head.method == .head, closes: !keepsAlive,
            details: refusal.details + named(refusal.code), fields: fields.bytes)
        let bytes = reply.bytes
        session.client.send(bytes)
    }

    /// What an error is about, as far as the request names it ("Error responses", "List of error codes").
    private func named(_ code: S3ErrorCode) -> [S3Refusal.Detail] {
        // Of a copy it may be the source that is not there.
        let isCopy = request.hasField("x-amz-copy-source")
        switch code {
        case .noSuchKey where !isCopy: return [S3Refusal.Detail("Key", name.key)]
        case .noSuchBucket where !isCopy, .bucketNotEmpty, .bucketAlreadyOwnedByYou, .invalidBucketName:
            return [S3Refusal.Detail("BucketName", bucket)]
        case .invalidRange:
            let range = request.field(isCopy ? "x-amz-copy-source-range" : "range")
            return range.map { [S3Refusal.Detail("RangeRequested", $0)] } ?? []
        case .noSuchUpload: return request.parameter("uploadId").map { [S3Refusal.Detail("UploadId", $0)] } ?? []
        default: return []
        }
    }

    /// Whether the connection goes on, as far as the request and its body let it.
    var keepsAlive: Bool {
        guard request.head.keepsAlive, request.head.minorVersion == 1, !stream.isLost, !session.local.isDraining,
            !session.client.isRetired
        else { return false }
        if stream.isBodyOver { return true }
        // A client that waits for 100 and gets a final answer may send its body or leave it out.
        if stream.isHeldBack { return false }
        return stream.bodyLeft.map { $0 <= S3Translator.drainedBytes } ?? true
    }
}

/// Fields of an answer's head, as bytes.
struct S3AnswerFields {
    private(set) var bytes: [UInt8] = []

    init() {}

    mutating func add(_ name: StaticString, _ value: [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        append(value)
    }

    mutating func add(_ name: StaticString, _ value: String) { add(name, Array(value.utf8)) }

    mutating func add(_ name: [UInt8], _ value: [UInt8]) {
        bytes += name
        append(value)
    }

    /// What could end the line, or is no text, becomes a space; RFC 9110, 5.5.
    private mutating func append(_ value: [UInt8]) {
        bytes += [0x3A, 0x20]
        for byte in value { bytes.append(byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte) }
        bytes += [0x0D, 0x0A]
    }

    /// An entity tag in its quotes.
    mutating func tag(_ etag: [UInt8]) { add("ETag", [0x22] + etag + [0x22]) }
}
