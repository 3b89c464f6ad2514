// Objects of a declared adapter: each request goes to what the file maps for it, or is refused by name.

import Capabilities

/// The family object; bodies are held whole, up to the largest message of the file.
final class DeclaredObjects: ObjectService, @unchecked Sendable {
    let calls: DeclaredCalls
    let program: Program

    init(_ calls: DeclaredCalls) {
        self.calls = calls
        program = calls.program
    }

    // MARK: Requests

    func has(_ shape: String) -> Bool { program[shape] != nil }

    /// The operation and a request about an object.
    func request(
        _ shape: String, _ name: ObjectName, _ context: CallContext
    ) throws(ObjectFailure) -> (OperationProgram, Inputs) {
        guard name.key.count <= ObjectBounds.keyBytes else { throw .keyTooLong }
        do throws(Failure) {
            let operation = try calls.mapped(shape)
            var inputs = Inputs(first: try calls.key(name.key, operation))
            inputs.now = context.now
            inputs[.bucket] = try calls.name(name.bucket, operation)
            return (operation, inputs)
        } catch {
            throw .general(error)
        }
    }

    func run(_ operation: OperationProgram, _ inputs: Inputs) async throws(ObjectFailure) -> DeclaredExchange {
        let answer: DeclaredExchange
        do throws(Failure) { answer = try await calls.run(operation, inputs) } catch { throw .general(error) }
        if answer.outcome == .noBucket { throw .noSuchBucket }
        return answer
    }

    static func refused(_ capability: Capability, _ reason: String) -> ObjectFailure {
        .general(.refused(capability, reason: reason))
    }

    // MARK: Reading

    func head(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        let (operation, inputs) = try request("object.head", get.name, context)
        let answer = try await run(operation, inputs)
        guard answer.outcome == .result else { throw .noSuchKey }
        guard let size = answer.outputs.number(.size), size >= 0 else {
            throw .general(.backend("the backend's answer has no size in it"))
        }
        let info = try info(answer.outputs, size: size)
        try get.conditions.check(info, for: .read)
        return info
    }

    func get(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectReading {
        if get.range != .whole, has("object.get-range") { return try await part(get, context) }
        let (operation, inputs) = try request("object.get", get.name, context)
        let answer = try await run(operation, inputs)
        guard answer.outcome == .result else { throw .noSuchKey }
        let bytes = answer.outputs.value ?? []
        let info = try info(answer.outputs, size: Int64(bytes.count))
        try get.conditions.check(info, for: .read)
        let range = try info.bytes(of: get.range)
        let wanted = Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        return ObjectReading(info, range: range, content: HeldBytes(wanted))
    }

    /// The bytes of a range, of the version that was looked at before.
    private func part(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectReading {
        let info = try await head(get, context)
        let range = try info.bytes(of: get.range)
        guard !range.isEmpty else { return ObjectReading(info, range: range, content: HeldBytes([])) }
        guard range.count <= program.limits.frame else { throw .general(.tooLarge(limit: program.limits.frame)) }
        var (operation, inputs) = try request("object.get-range", get.name, context)
        inputs.numberA = range.lowerBound
        inputs.numberB = range.upperBound - 1
        inputs[.etag] = info.etag
        let answer = try await run(operation, inputs)
        guard answer.outcome != .missing else { throw .noSuchKey }
        let etag = answer.outputs.bytes(.etag) ?? info.etag
        guard answer.outcome == .result, etag == info.etag else {
            throw .general(.unavailable("the object was changed while it was read"))
        }
        let bytes = answer.outputs.value ?? []
        guard bytes.count == range.count else {
            throw .general(
                .protocolBroken("the backend gave \(bytes.count) bytes of \(range.count) that were asked for"))
        }
        return ObjectReading(info, range: range, content: HeldBytes(bytes))
    }

    func info(_ outputs: Outputs, size: Int64) throws(ObjectFailure) -> ObjectInfo {
        guard let etag = outputs.bytes(.etag), Self.isTag(etag) else {
            throw .general(.backend("the backend's answer has no entity tag in it"))
        }
        let stored = StoredMetadata(outputs)
        return ObjectInfo(
            size: size, etag: etag, modified: outputs.number(.modified) ?? 0, metadata: stored.metadata,
            checksums: stored.checksums)
    }

    /// Whether `etag` can stand between quotes in the head of an answer.
    static func isTag(_ etag: [UInt8]) -> Bool {
        !etag.isEmpty && etag.count <= 1024 && etag.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 }
    }

    // MARK: Deleting

    func delete(
        _ name: ObjectName, _ conditions: ObjectConditions, _ context: CallContext
    ) async throws(ObjectFailure) -> Bool {
        guard !conditions.isEmpty else {
            let (operation, inputs) = try request("object.delete", name, context)
            return try await run(operation, inputs).outcome == .result
        }
        guard let tag = conditions.onlyMatch else {
            throw Self.refused(
                .objectConditional, "an object is deleted if it has one tag, and under no other condition")
        }
        var (operation, inputs) = try request("object.delete-if-match", name, context)
        guard Self.isTag(tag) else { throw .preconditionFailed("If-Match") }
        inputs[.etag] = tag
        switch try await run(operation, inputs).outcome {
        case .missing: throw .noSuchKey
        case .conflict: throw .preconditionFailed("If-Match")
        default: return true
        }
    }

    func delete(
        _ keys: [[UInt8]], of bucket: [UInt8], _ context: CallContext
    ) async throws(ObjectFailure) -> [ObjectFailure?] {
        var results: [ObjectFailure?] = []
        for key in keys {
            do throws(ObjectFailure) {
                _ = try await delete(ObjectName(bucket: bucket, key: key), ObjectConditions(), context)
                results.append(nil)
            } catch {
                results.append(error)
            }
        }
        return results
    }
}

extension ObjectConditions {
    /// Throws when a condition does not hold of an object; one on a time that the backend does not tell is refused.
    func check(_ info: ObjectInfo, for use: Use) throws(ObjectFailure) {
        if info.modified == 0, ifModifiedSince != nil || ifUnmodifiedSince != nil {
            throw DeclaredObjects.refused(.objectConditional, "the backend does not tell when an object was stored")
        }
        try check(etag: info.etag, modified: info.modified, for: use)
    }

    /// The one tag that has to match, where that is all there is.
    var onlyMatch: [UInt8]? {
        guard case .oneOf(let tags)? = ifMatch, tags.count == 1, self == ObjectConditions(ifMatch: ifMatch) else {
            return nil
        }
        return tags[0]
    }
}

/// Bytes that are held, as a source.
final class HeldBytes: ObjectBody, @unchecked Sendable {
    private let bytes: [UInt8]
    private var index = 0
    let checksums: [ObjectChecksum]
    var length: Int64? { Int64(bytes.count) }

    init(_ bytes: [UInt8], checksums: [ObjectChecksum] = []) {
        self.bytes = bytes
        self.checksums = checksums
    }

    func next() async throws(ObjectFailure) -> [UInt8]? {
        guard index < bytes.count else { return nil }
        let end = min(bytes.count, index + ObjectBounds.piece)
        defer { index = end }
        return Array(bytes[index..<end])
    }
}
