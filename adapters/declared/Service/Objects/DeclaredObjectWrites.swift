// Storing and copying objects of a declared adapter.

import Capabilities
import Digest

extension DeclaredObjects {
    func put(
        _ put: ObjectPut, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo {
        let (shape, tag) = try Self.shape(of: put.conditions)
        var (operation, inputs) = try request(shape, put.name, context)
        // What cannot be kept is refused before the body is read.
        try check(put.metadata, operation)
        if let tag {
            guard Self.isTag(tag) else { throw .preconditionFailed("If-Match") }
            inputs[.etag] = tag
        }
        let bytes = try await whole(body)
        let digest = hexadecimal(HashAlgorithm.md5.hash(bytes))
        let stored = StoredMetadata(put.metadata, body.checksums)
        inputs.second = bytes
        inputs.numberB = Int64(bytes.count)
        inputs[.md5] = digest
        inputs[.contentType] = stored.contentType
        inputs[.metadata] = stored.text
        let answer = try await run(operation, inputs)
        switch answer.outcome {
        case .missing: throw tag == nil ? .noSuchBucket : .noSuchKey
        case .conflict where shape == "object.put": throw .conflict
        case .conflict: throw .preconditionFailed(tag == nil ? "If-None-Match" : "If-Match")
        default: break
        }
        let etag = answer.outputs.bytes(.etag) ?? digest
        guard Self.isTag(etag) else { throw .general(.backend("the backend's answer has no entity tag in it")) }
        return ObjectInfo(
            size: Int64(bytes.count), etag: etag, modified: answer.outputs.number(.modified) ?? context.now,
            metadata: put.metadata, checksums: operation.mentioned.contains(.metadata) ? body.checksums : [])
    }

    /// The operation that stores under `conditions`, and the tag that has to match.
    private static func shape(of conditions: ObjectConditions) throws(ObjectFailure) -> (String, tag: [UInt8]?) {
        if conditions.isEmpty { return ("object.put", nil) }
        if let tag = conditions.onlyMatch { return ("object.put-if-match", tag) }
        if conditions == ObjectConditions(ifNoneMatch: .any) { return ("object.put-if-absent", nil) }
        throw refused(
            .objectConditional,
            "an object is stored if there is none or if it has one tag, and under no other condition")
    }

    private func check(_ metadata: ObjectMetadata, _ operation: OperationProgram) throws(ObjectFailure) {
        let type = metadata.fields.first { $0.name == StoredMetadata.contentTypeName }?.value ?? []
        if operation.mentioned.contains(.contentType), type.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw Self.refused(.objectMetadata, "a content type cannot have control characters here")
        }
        guard !operation.mentioned.contains(.metadata), !metadata.isEmpty else { return }
        guard operation.mentioned.contains(.contentType), metadata.user.isEmpty,
            metadata.fields.allSatisfy({ $0.name == StoredMetadata.contentTypeName })
        else {
            throw Self.refused(
                .objectMetadata,
                operation.mentioned.contains(.contentType)
                    ? "only a content type is kept here" : "nothing is kept with an object here")
        }
    }

    /// The whole body, up to the largest message.
    private func whole(_ body: any ObjectBody) async throws(ObjectFailure) -> [UInt8] {
        let limit = min(program.manifest[.objectPut].bounds[.valueBytes] ?? .max, program.limits.frame)
        let tooLarge = ObjectFailure.general(.tooLarge(limit: limit))
        if let length = body.length, length > Int64(limit) { throw tooLarge }
        var bytes: [UInt8] = []
        while let piece = try await body.next() {
            guard bytes.count + piece.count <= limit else { throw tooLarge }
            bytes += piece
        }
        return bytes
    }

    // MARK: Copies

    func copy(_ copy: ObjectCopy, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        let isPlain = copy.metadata == nil && copy.conditions.isEmpty && copy.source.conditions.isEmpty
        if isPlain, copy.source.range == .whole, copy.checksum == nil, has("object.copy") {
            return try await copyThere(copy, context)
        }
        guard copy.checksum == nil else {
            throw Self.refused(.objectCopy, "a checksum is kept from the source, and none is made")
        }
        // Through here: what is stored is the version whose conditions were checked.
        let reading = try await get(ObjectGet(copy.source.name, range: copy.source.range), context)
        try copy.source.conditions.check(reading.info, for: .copied)
        let checksums = reading.range.count == Int(clamping: reading.info.size) ? reading.info.checksums : []
        var bytes: [UInt8] = []
        while let piece = try await reading.content.next() { bytes += piece }
        let put = ObjectPut(
            copy.target, metadata: copy.metadata ?? reading.info.metadata, conditions: copy.conditions)
        return try await self.put(put, HeldBytes(bytes, checksums: checksums), context)
    }

    private func copyThere(_ copy: ObjectCopy, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        var (operation, inputs) = try request("object.copy", copy.source.name, context)
        let (_, target) = try request("object.copy", copy.target, context)
        inputs[.targetBucket] = target[.bucket]
        inputs[.targetKey] = target.first
        let answer = try await run(operation, inputs)
        guard answer.outcome == .result else { throw answer.outcome == .conflict ? .conflict : .noSuchKey }
        var copied = try info(answer.outputs, size: 0)
        if copied.modified == 0 { copied.modified = context.now }
        return copied
    }

    // MARK: What no file maps

    private static let noParts = refused(.objectMultipart, CapabilityMapping.reasons[.objectMultipart] ?? "")

    func createUpload(_ creation: UploadCreation, _ context: CallContext) async throws(ObjectFailure) -> [UInt8] {
        throw Self.noParts
    }

    func putPart(
        _ part: UploadPart, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo { throw Self.noParts }

    func copyPart(
        _ part: UploadPart, from source: CopySource, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo { throw Self.noParts }

    func completeUpload(
        _ completion: UploadCompletion, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo { throw Self.noParts }

    func abortUpload(_ upload: UploadName, _ context: CallContext) async throws(ObjectFailure) { throw Self.noParts }

    func listParts(_ listing: PartListing, _ context: CallContext) async throws(ObjectFailure) -> PartPage {
        throw Self.noParts
    }

    func listUploads(_ listing: UploadListing, _ context: CallContext) async throws(ObjectFailure) -> UploadPage {
        throw Self.noParts
    }
}
