// Objects of an adapter process.

import Capabilities
import Reactor

/// Calls `CallObjects`, `PutObject` and `GetObject` of `fairlead.adapter.v1.Adapter`.
final class ProcessObjects: ObjectService, @unchecked Sendable {
    private static let calls = Method(FairleadDialect.service, "CallObjects")
    private static let puts = Method(FairleadDialect.service, "PutObject")
    private static let gets = Method(FairleadDialect.service, "GetObject")

    private unowned let service: ProcessService

    init(_ service: ProcessService) { self.service = service }

    private func check(_ needs: CapabilitySet, _ conditions: ObjectConditions? = nil) async throws(ObjectFailure) {
        var needs = needs
        if let conditions, !conditions.isEmpty { needs.insert(.objectConditional) }
        do throws(Failure) { _ = try await service.usable(needs) } catch { throw .general(error) }
    }

    private func call(_ kind: ProtoObjectRequest.OneOf_Kind) async throws(ObjectFailure) -> ProtoObjectReply.OneOf_Kind
    {
        let request = ProtoObjectRequest.with { $0.kind = kind }
        let reply: ProtoObjectReply
        do throws(Failure) { reply = try await service.link.exchange(Self.calls, request, on: service.worker) } catch {
            throw .general(error)
        }
        return try outcome(reply)
    }

    private func outcome(_ reply: ProtoObjectReply) throws(ObjectFailure) -> ProtoObjectReply.OneOf_Kind {
        switch reply.kind {
        case .failure(let failure): throw ObjectFailure(failure)
        case let kind?: return kind
        case nil: throw .general(.protocolBroken("the adapter process answered with neither an answer nor a failure"))
        }
    }

    private static let wrong = ObjectFailure.general(
        .protocolBroken("the adapter process gave an answer that does not fit the request"))

    private func info(_ kind: ProtoObjectReply.OneOf_Kind) throws(ObjectFailure) -> ObjectInfo {
        guard case .info(let info) = kind else { throw Self.wrong }
        return ObjectInfo(info)
    }

    private func done(_ kind: ProtoObjectReply.OneOf_Kind) throws(ObjectFailure) {
        guard case .done = kind else { throw Self.wrong }
    }

    // MARK: Buckets

    func createBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) {
        try await check(CapabilitySet(.objectBuckets))
        try done(try await call(.createBucket(.with { $0.name = bucket.data })))
    }

    func deleteBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) {
        try await check(CapabilitySet(.objectBuckets))
        try done(try await call(.deleteBucket(.with { $0.name = bucket.data })))
    }

    func headBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) -> BucketInfo {
        try await check(CapabilitySet(.objectBuckets))
        guard case .bucket(let info) = try await call(.headBucket(.with { $0.name = bucket.data })) else {
            throw Self.wrong
        }
        return BucketInfo(info.name.array, created: info.created)
    }

    func listBuckets(_ context: CallContext) async throws(ObjectFailure) -> [BucketInfo] {
        try await check(CapabilitySet(.objectBuckets))
        guard case .buckets(let list) = try await call(.listBuckets(.init())) else { throw Self.wrong }
        return list.buckets.map { BucketInfo($0.name.array, created: $0.created) }
    }

    // MARK: Objects

    func head(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        try await check(CapabilitySet(.objectHead), get.conditions)
        return try info(try await call(.head(.init(get))))
    }

    func delete(
        _ name: ObjectName, _ conditions: ObjectConditions, _ context: CallContext
    ) async throws(ObjectFailure) -> Bool {
        try await check(CapabilitySet(.objectDelete), conditions)
        let request = ProtoObjectRequest.OneOf_Kind.delete(
            .with {
                $0.name = .init(name)
                $0.conditions = .init(conditions)
            })
        guard case .flag(let wasThere) = try await call(request) else { throw Self.wrong }
        return wasThere
    }

    func delete(
        _ keys: [[UInt8]], of bucket: [UInt8], _ context: CallContext
    ) async throws(ObjectFailure) -> [ObjectFailure?] {
        try await check(CapabilitySet(.objectDelete))
        let request = ProtoObjectRequest.OneOf_Kind.deleteMany(
            .with {
                $0.bucket = bucket.data
                $0.keys = keys.data
            })
        guard case .results(let list) = try await call(request), list.results.count == keys.count else {
            throw Self.wrong
        }
        return list.results.map { $0.hasFailure ? ObjectFailure($0.failure) : nil }
    }

    func list(_ listing: ObjectListing, _ context: CallContext) async throws(ObjectFailure) -> ObjectPage {
        try await check(CapabilitySet(.objectList))
        guard case .page(let page) = try await call(.listing(listing)) else { throw Self.wrong }
        return ObjectPage(page)
    }

    func copy(_ copy: ObjectCopy, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        try await check(CapabilitySet(.objectCopy), copy.conditions)
        return try info(try await call(.copying(copy)))
    }

    // MARK: Parts

    func createUpload(_ creation: UploadCreation, _ context: CallContext) async throws(ObjectFailure) -> [UInt8] {
        try await check(CapabilitySet(.objectMultipart))
        guard case .uploadID(let id) = try await call(.creating(creation)), !id.isEmpty else { throw Self.wrong }
        return id.array
    }

    func copyPart(
        _ part: UploadPart, from source: CopySource, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo {
        try await check(CapabilitySet(.objectMultipart, .objectCopy), source.conditions)
        let request = ProtoObjectRequest.OneOf_Kind.copyPart(
            .with {
                $0.upload = .init(part.upload)
                $0.number = Int32(clamping: part.number)
                $0.source = .init(source)
            })
        guard case .part(let info) = try await call(request) else { throw Self.wrong }
        return PartInfo(info)
    }

    func completeUpload(
        _ completion: UploadCompletion, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo {
        try await check(CapabilitySet(.objectMultipart), completion.conditions)
        return try info(try await call(.completing(completion)))
    }

    func abortUpload(_ upload: UploadName, _ context: CallContext) async throws(ObjectFailure) {
        try await check(CapabilitySet(.objectMultipart))
        try done(try await call(.abortUpload(.init(upload))))
    }

    func listParts(_ listing: PartListing, _ context: CallContext) async throws(ObjectFailure) -> PartPage {
        try await check(CapabilitySet(.objectMultipart))
        let request = ProtoObjectRequest.OneOf_Kind.listParts(
            .with {
                $0.upload = .init(listing.upload)
                $0.after = Int32(clamping: listing.after)
                $0.limit = Int32(clamping: listing.limit)
            })
        guard case .parts(let page) = try await call(request) else { throw Self.wrong }
        return PartPage(page)
    }

    func listUploads(_ listing: UploadListing, _ context: CallContext) async throws(ObjectFailure) -> UploadPage {
        try await check(CapabilitySet(.objectMultipart))
        guard case .uploads(let page) = try await call(.listing(listing)) else { throw Self.wrong }
        return UploadPage(page)
    }

    // MARK: Bodies

    func put(
        _ put: ObjectPut, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo {
        try await check(CapabilitySet(.objectPut), put.conditions)
        let head = ProtoPutObjectEvent.with {
            $0.object = .with {
                $0.name = .init(put.name)
                $0.metadata = .init(put.metadata)
                $0.conditions = .init(put.conditions)
                if let length = body.length { $0.length = length }
            }
        }
        return try info(try await upload(head, body))
    }

    func putPart(
        _ part: UploadPart, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo {
        try await check(CapabilitySet(.objectMultipart))
        let head = ProtoPutObjectEvent.with {
            $0.part = .with {
                $0.upload = .init(part.upload)
                $0.number = Int32(clamping: part.number)
                if let length = body.length { $0.length = length }
            }
        }
        guard case .part(let info) = try await upload(head, body) else { throw Self.wrong }
        return PartInfo(info)
    }

    private func upload(
        _ head: ProtoPutObjectEvent, _ body: any ObjectBody
    ) async throws(ObjectFailure) -> ProtoObjectReply.OneOf_Kind {
        let stream = MessageStream.open(
            Self.puts, head.encoded ?? [], isLast: false, service.link, on: service.worker)
        // Whatever ends this early ends the call too, and a stream without its end changes nothing.
        defer { stream.cancel() }
        // A process that has answered already wants no more of the body.
        while !stream.hasNews, let piece = try await body.next() {
            let message = ProtoPutObjectEvent.with { $0.piece = piece.data }
            guard await stream.send(message.encoded ?? []) else { break }
        }
        if !stream.hasNews {
            let end = ProtoPutObjectEvent.with {
                $0.end = .with { $0.checksums = body.checksums.map(ProtoObjectChecksum.init) }
            }
            if await stream.send(end.encoded ?? []) { stream.finish() }
        }
        let bytes: [UInt8]?
        do throws(CallEnding) { bytes = try await stream.next() } catch { throw .general(error.failure(of: Self.puts)) }
        guard let reply = bytes.flatMap(ProtoObjectReply.init(received:)) else { throw Self.wrong }
        return try outcome(reply)
    }

    func get(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectReading {
        var needs = CapabilitySet(.objectGet)
        if get.range != .whole { needs.insert(.objectRange) }
        try await check(needs, get.conditions)
        let request = ProtoGetObjectRequest(get)
        let stream = MessageStream.open(
            Self.gets, request.encoded ?? [], isLast: true, service.link, on: service.worker)
        let content = ProcessObjectSource(stream, Self.gets)
        switch try await content.event() {
        case .failure(let failure): throw ObjectFailure(failure)
        case .opened(let opened):
            let info = ObjectInfo(opened.info)
            guard opened.start >= 0, opened.start <= opened.end, opened.end <= info.size else { throw Self.wrong }
            content.remaining = opened.end - opened.start
            return ObjectReading(info, range: opened.start..<opened.end, content: content)
        default: throw Self.wrong
        }
    }
}

/// The bytes of an object that a process sends; the call ends with it.
final class ProcessObjectSource: ObjectSource, @unchecked Sendable {
    private let stream: MessageStream
    private let method: Method
    /// Bytes that are still to come.
    var remaining: Int64 = 0
    /// What a message held beyond one piece.
    private var rest: ArraySlice<UInt8> = []

    init(_ stream: MessageStream, _ method: Method) {
        self.stream = stream
        self.method = method
    }

    deinit { stream.cancel() }

    func event() async throws(ObjectFailure) -> ProtoGetObjectEvent.OneOf_Kind? {
        let bytes: [UInt8]?
        do throws(CallEnding) { bytes = try await stream.next() } catch { throw .general(error.failure(of: method)) }
        return bytes.flatMap(ProtoGetObjectEvent.init(received:))?.kind
    }

    func next() async throws(ObjectFailure) -> [UInt8]? {
        while rest.isEmpty {
            guard remaining > 0 else { return nil }
            switch try await event() {
            case .piece(let piece) where Int64(piece.count) <= remaining:
                rest = piece.array[...]
                remaining -= Int64(piece.count)
            case .failure(let failure): throw ObjectFailure(failure)
            default:
                throw .general(.protocolBroken("the adapter process gave an object other bytes than it had announced"))
            }
        }
        let piece = Array(rest.prefix(ObjectBounds.piece))
        rest = rest.dropFirst(ObjectBounds.piece)
        return piece
    }
}
