// Requests about one object.

import Capabilities
import S3Wire

extension S3Call {
    // MARK: Writing

    /// Throws when a body's size is not known before it comes, or is more than S3 takes in one request.
    private func sized(_ facts: S3BodyFacts) throws(S3Refusal) {
        if request.head.framing == .none || facts.length == nil {
            throw S3Refusal(.missingContentLength, "You must provide the Content-Length HTTP header.")
        }
        if let length = facts.length, length > S3Limits.upload.maximum {
            throw S3Refusal(
                .entityTooLarge, "Your proposed upload exceeds the maximum allowed size",
                [
                    S3Refusal.Detail("ProposedSize", Array("\(length)".utf8)),
                    S3Refusal.Detail("MaxSizeAllowed", Array("\(S3Limits.upload.maximum)".utf8)),
                ])
        }
    }

    /// The content of a request that has to have one.
    func content(wanting algorithm: ObjectChecksum.Algorithm? = nil) throws(S3Refusal) -> S3BodySource {
        var facts = try S3BodyFacts(request, access)
        try sized(facts)
        facts.wanted = algorithm
        return S3BodySource(stream, facts)
    }

    func putObject() async throws(S3Refusal) {
        try need(.objectPut)
        let service = try objects()
        let put = ObjectPut(name, metadata: try metadata(), conditions: conditions())
        if !put.metadata.isEmpty { try need(.objectMetadata) }
        if !put.conditions.isEmpty { try need(.objectConditional) }
        let content = try content()
        let info = try await asking(with: content) { () async throws(ObjectFailure) in
            try await service.put(put, content, context)
        }
        var fields = S3AnswerFields()
        fields.tag(info.etag)
        for checksum in info.checksums { fields.checksum(checksum) }
        answer(200, fields)
    }

    func deleteObject() async throws(S3Refusal) {
        try need(.objectDelete)
        let service = try objects()
        let conditions = conditions()
        if !conditions.isEmpty { try need(.objectConditional) }
        try await asking { () async throws(ObjectFailure) in
            _ = try await service.delete(name, conditions, context)
        }
        answer(204)
    }

    // MARK: Reading

    private func getting() throws(S3Refusal) -> ObjectGet {
        let get = ObjectGet(name, range: try range(), conditions: conditions())
        if get.range != .whole { try need(.objectRange) }
        if !get.conditions.isEmpty { try need(.objectConditional) }
        return get
    }

    func getObject() async throws(S3Refusal) {
        try need(.objectGet)
        let service = try objects()
        let get = try getting()
        let reading: ObjectReading
        do throws(ObjectFailure) {
            reading = try await service.get(get, context)
        } catch {
            return try await refuseReading(error, get, service)
        }
        var fields = S3AnswerFields()
        let status = describe(reading.info, get.range, reading.range, &fields)
        fields.add("Content-Length", String(reading.range.count))
        send(head: status, fields)
        await send(reading.content)
    }

    func headObject() async throws(S3Refusal) {
        try need(.objectHead)
        let service = try objects()
        let get = try getting()
        let info: ObjectInfo
        let range: Range<Int64>
        do throws(ObjectFailure) {
            info = try await service.head(get, context)
            range = try info.bytes(of: get.range)
        } catch {
            return try await refuseReading(error, get, service)
        }
        var fields = S3AnswerFields()
        let status = describe(info, get.range, range, &fields)
        fields.add("Content-Length", String(range.count))
        send(head: status, fields)
    }

    /// Answers a failure; with the object's tag and time when the reader has it already, RFC 9110, 15.4.5.
    private func refuseReading(
        _ failure: ObjectFailure, _ get: ObjectGet, _ service: any ObjectService
    ) async throws(S3Refusal) {
        var fields = S3AnswerFields()
        if case .invalidRange(let size) = failure { fields.add("Content-Range", "bytes */\(size)") }
        guard failure == .notModified else { return refuse(S3Refusal(failure, gate), fields) }
        if let info = try? await service.head(ObjectGet(get.name), context) {
            fields.add("Last-Modified", S3Date(seconds: info.modified / 1000).http)
            fields.tag(info.etag)
            for pair in info.metadata.fields where S3Request.equals(pair.name, "cache-control") {
                fields.add(pair.name, pair.value)
            }
        }
        send(head: 304, fields)
    }

    /// The fields that tell of an object, and the status.
    private func describe(
        _ info: ObjectInfo, _ asked: ObjectRange, _ range: Range<Int64>, _ fields: inout S3AnswerFields
    ) -> Int {
        fields.add("Last-Modified", S3Date(seconds: info.modified / 1000).http)
        fields.tag(info.etag)
        fields.add("Accept-Ranges", "bytes")
        var names: Set<[UInt8]> = []
        for (parameter, name) in Self.overrides {
            guard let value = request.parameter(parameter) else { continue }
            names.insert(Array(name.utf8))
            fields.add(Array(name.utf8), value)
        }
        for pair in info.metadata.fields where !names.contains(pair.name) {
            names.insert(pair.name)
            fields.add(pair.name, pair.value)
        }
        // What S3 itself says of an object that came without a type.
        if !names.contains(Array("content-type".utf8)) { fields.add("content-type", "binary/octet-stream") }
        for pair in info.metadata.user { fields.add(Array("x-amz-meta-".utf8) + pair.name, pair.value) }
        let mode = request.field("x-amz-checksum-mode") ?? []
        let isEnabled = String(decoding: mode, as: UTF8.self).uppercased() == "ENABLED"
        if isEnabled, range.count == info.size {
            for checksum in info.checksums { fields.checksum(checksum) }
        }
        if case .part = asked, !info.partSizes.isEmpty {
            fields.add("x-amz-mp-parts-count", String(info.partSizes.count))
        }
        guard asked != .whole, !(range.isEmpty && info.size == 0) else { return 200 }
        fields.add("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(info.size)")
        return 206
    }

    /// Parameters that take a field's place, "GetObject".
    private static let overrides: [(StaticString, String)] = [
        ("response-content-type", "content-type"), ("response-content-language", "content-language"),
        ("response-expires", "expires"), ("response-cache-control", "cache-control"),
        ("response-content-disposition", "content-disposition"), ("response-content-encoding", "content-encoding"),
    ]

    // MARK: Copies

    /// The source that `x-amz-copy-source` names: `/BUCKET/KEY` or `BUCKET/KEY`, encoded.
    func source() throws(S3Refusal) -> CopySource {
        let text = request.field("x-amz-copy-source") ?? []
        let parts = text.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        func invalid() -> S3Refusal {
            self.invalid(
                "x-amz-copy-source", text, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
        }
        guard let path = parts.first.flatMap({ S3Percent.decoded(Array($0)) }) else { throw invalid() }
        if parts.count == 2, !parts[1].elementsEqual("versionId=null".utf8) {
            throw S3Refusal(.notImplemented, gate.refusal(.objectCopy, "versions, which x-amz-copy-source asks for"))
        }
        let trimmed = path.first == 0x2F ? path.dropFirst() : path[...]
        guard let slash = trimmed.firstIndex(of: 0x2F), slash > trimmed.startIndex, slash + 1 < trimmed.endIndex else {
            throw invalid()
        }
        try S3Refusals.check(name: Array(trimmed[(slash + 1)...]))
        return CopySource(
            ObjectName(bucket: Array(trimmed[..<slash]), key: Array(trimmed[(slash + 1)...])),
            conditions: conditions(ofSource: true))
    }

    func copyObject() async throws(S3Refusal) {
        try need(.objectCopy)
        let service = try objects()
        var copy = ObjectCopy(from: try source(), to: name, conditions: conditions())
        if !copy.conditions.isEmpty || !copy.source.conditions.isEmpty { try need(.objectConditional) }
        let directive = String(decoding: request.field("x-amz-metadata-directive") ?? [], as: UTF8.self)
        switch directive {
        case "REPLACE":
            copy.metadata = try metadata()
            if copy.metadata?.isEmpty == false { try need(.objectMetadata) }
        case "", "COPY":
            guard copy.source.name != copy.target else {
                throw S3Refusal(
                    .unresolvableTarget,
                    "This copy request is illegal because it is trying to copy an object to itself without changing the "
                        + "object's metadata, storage class, website redirect location or encryption attributes.")
            }
        default:
            throw invalid("x-amz-metadata-directive", Array(directive.utf8), "Unknown metadata directive.")
        }
        copy.checksum = try checksumAlgorithm()
        try await skipBody()
        let wanted = copy
        let info = try await asking { () async throws(ObjectFailure) in try await service.copy(wanted, context) }
        var xml = S3XMLWriter("CopyObjectResult")
        xml.element("LastModified", S3Date.iso(milliseconds: info.modified))
        xml.tag(info.etag)
        for checksum in info.checksums { xml.checksum(checksum, withKind: true) }
        xml.close("CopyObjectResult")
        answer(200, xml: xml)
    }

    /// The check that is to be made, of `x-amz-checksum-algorithm`.
    func checksumAlgorithm() throws(S3Refusal) -> ObjectChecksum.Algorithm? {
        guard let text = request.field("x-amz-checksum-algorithm") else { return nil }
        guard let algorithm = ObjectChecksum.Algorithm(rawValue: String(decoding: text, as: UTF8.self).uppercased())
        else { throw invalid("x-amz-checksum-algorithm", text, "Checksum algorithm provided is unsupported.") }
        return algorithm
    }

    /// Verifies the body of a request that has no use for one.
    func skipBody() async throws(S3Refusal) {
        guard try await document().isEmpty else {
            throw S3Refusal(.invalidRequest, "expected a request of \(request.command.name) without a body")
        }
    }
}

extension S3AnswerFields {
    /// A check and its kind.
    mutating func checksum(_ checksum: ObjectChecksum) {
        add(checksum.algorithm.fieldName, checksum.text)
        add("x-amz-checksum-type", checksum.kind)
    }
}
