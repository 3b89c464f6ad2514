// Requests about objects that come in parts.

import Capabilities
import S3Wire

extension S3Call {
    /// The upload that the request is about.
    private var upload: UploadName { UploadName(name, id: request.parameter("uploadId") ?? []) }

    private func part() throws(S3Refusal) -> UploadPart {
        guard let number = try number("partNumber", 1...ObjectBounds.parts) else {
            throw invalid("partNumber", [], "Part number must be an integer between 1 and 10000, inclusive")
        }
        return UploadPart(upload, number: number)
    }

    func createUpload() async throws(S3Refusal) {
        try need(.objectMultipart)
        let service = try objects()
        var creation = UploadCreation(name, metadata: try metadata(), checksum: try checksumAlgorithm())
        if !creation.metadata.isEmpty { try need(.objectMetadata) }
        // "Checking object integrity": CRC-64 is of the whole, hashes are of the parts, the others as the client likes.
        let kind = request.field("x-amz-checksum-type").map { String(decoding: $0, as: UTF8.self).uppercased() }
        switch (creation.checksum, kind) {
        case (nil, nil): break
        case (.crc64NVME?, nil), (.crc64NVME?, "FULL_OBJECT"?), (.crc32?, "FULL_OBJECT"?), (.crc32c?, "FULL_OBJECT"?):
            creation.checksumIsOfWhole = true
        case (.crc32?, nil), (.crc32?, "COMPOSITE"?), (.crc32c?, nil), (.crc32c?, "COMPOSITE"?), (.sha1?, nil),
            (.sha1?, "COMPOSITE"?), (.sha256?, nil), (.sha256?, "COMPOSITE"?):
            break
        case (let algorithm, _):
            throw S3Refusal(
                .invalidRequest,
                "The \(kind ?? "") checksum type cannot be used with the "
                    + "\(algorithm?.rawValue.lowercased() ?? "missing") checksum algorithm.")
        }
        try await skipBody()
        let begun = creation
        let id = try await asking { () async throws(ObjectFailure) in try await service.createUpload(begun, context) }
        var fields = S3AnswerFields()
        if let algorithm = creation.checksum {
            fields.add("x-amz-checksum-algorithm", algorithm.rawValue)
            fields.add("x-amz-checksum-type", creation.checksumIsOfWhole ? "FULL_OBJECT" : "COMPOSITE")
        }
        var xml = S3XMLWriter("InitiateMultipartUploadResult")
        xml.element("Bucket", bucket)
        xml.element("Key", name.key)
        xml.element("UploadId", id)
        xml.close("InitiateMultipartUploadResult")
        answer(200, fields, xml: xml)
    }

    /// What the upload's parts have to be checked with.
    private func algorithm(of upload: UploadName) async throws(S3Refusal) -> ObjectChecksum.Algorithm? {
        let service = try objects()
        let listing = PartListing(upload, after: ObjectBounds.parts, limit: 0)
        return try await asking { () async throws(ObjectFailure) in
            try await service.listParts(listing, context).checksum
        }
    }

    func uploadPart() async throws(S3Refusal) {
        try need(.objectMultipart)
        let service = try objects()
        let part = try part()
        let wanted = try await algorithm(of: part.upload)
        let given = try S3BodyFacts(request, access).checksum?.algorithm
        if let given, let wanted, given != wanted {
            throw S3Refusal(
                .invalidRequest,
                "Checksum Type mismatch occurred, expected checksum Type: \(wanted.rawValue.lowercased()), actual checksum "
                    + "Type: \(given.rawValue.lowercased())")
        }
        let content = try content(wanting: wanted)
        let info = try await asking(with: content) { () async throws(ObjectFailure) in
            try await service.putPart(part, content, context)
        }
        var fields = S3AnswerFields()
        fields.tag(info.etag)
        if let checksum = info.checksum { fields.add(checksum.algorithm.fieldName, checksum.text) }
        answer(200, fields)
    }

    func copyPart() async throws(S3Refusal) {
        try need(.objectMultipart, .objectCopy)
        let service = try objects()
        let part = try part()
        var source = try source()
        if !source.conditions.isEmpty { try need(.objectConditional) }
        if let text = request.field("x-amz-copy-source-range") {
            guard case .from(let first, let last?)? = Self.range(text) else {
                throw invalid(
                    "x-amz-copy-source-range", text,
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
                        + "zero-based offsets of the first and last bytes to copy")
            }
            source.range = .from(first, through: last)
        }
        try await skipBody()
        let from = source
        let info = try await asking { () async throws(ObjectFailure) in
            try await service.copyPart(part, from: from, context)
        }
        var xml = S3XMLWriter("CopyPartResult")
        xml.element("LastModified", S3Date.iso(milliseconds: info.modified))
        xml.tag(info.etag)
        xml.checksum(info.checksum)
        xml.close("CopyPartResult")
        answer(200, xml: xml)
    }

    func completeUpload() async throws(S3Refusal) {
        try need(.objectMultipart)
        let service = try objects()
        var completion = UploadCompletion(upload, parts: [], conditions: conditions())
        if !completion.conditions.isEmpty { try need(.objectConditional) }
        for algorithm in ObjectChecksum.Algorithm.allCases {
            guard let text = request.field(algorithm.fieldName) else { continue }
            guard let checksum = ObjectChecksum(algorithm, text: text) else {
                throw S3Refusal(.invalidRequest, "Value for \(algorithm.fieldName) header is invalid.")
            }
            completion.checksum = checksum
        }
        if let text = request.field("x-amz-mp-object-size") {
            guard let size = text.decimal else {
                throw S3Refusal(.invalidRequest, "Value for x-amz-mp-object-size header is invalid.")
            }
            completion.size = Int64(size)
        }
        // A checksum among the fields is the object's and not the document's.
        let facts = try S3BodyFacts(request, access, hasChecksum: request.hasField("x-amz-trailer"))
        let root = try S3XMLElement.parse(try await document(facts))
        guard root.isNamed("CompleteMultipartUpload") else {
            throw S3Refusal(.malformedXML, "expected the root element CompleteMultipartUpload")
        }
        completion.parts = try Self.parts(root)
        let wanted = completion
        let info = try await asking { () async throws(ObjectFailure) in
            try await service.completeUpload(wanted, context)
        }
        var xml = S3XMLWriter("CompleteMultipartUploadResult")
        xml.element("Location", [0x2F] + bucket + [0x2F] + name.key)
        xml.element("Bucket", bucket)
        xml.element("Key", name.key)
        xml.tag(info.etag)
        for checksum in info.checksums { xml.checksum(checksum, withKind: true) }
        xml.close("CompleteMultipartUploadResult")
        answer(200, xml: xml)
    }

    private static func parts(_ root: S3XMLElement) throws(S3Refusal) -> [CompletedPart] {
        var parts: [CompletedPart] = []
        for element in root.children where element.isNamed("Part") {
            guard let number = element.text("PartNumber")?.decimal, (1...ObjectBounds.parts).contains(number),
                let tag = element.text("ETag")
            else { throw S3Refusal(.malformedXML, "expected a PartNumber and an ETag in every Part") }
            var part = CompletedPart(number: number, etag: tag.filter { $0 != 0x22 })
            for algorithm in ObjectChecksum.Algorithm.allCases {
                guard let text = element.text(algorithm.elementName) else { continue }
                guard let checksum = ObjectChecksum(algorithm, text: text) else {
                    throw S3Refusal(.malformedXML, "\(algorithm.elementName) of part \(number) is no checksum")
                }
                part.checksum = checksum
            }
            parts.append(part)
        }
        guard !parts.isEmpty, parts.count <= ObjectBounds.parts else {
            throw S3Refusal(.malformedXML, "expected 1 to \(ObjectBounds.parts) parts")
        }
        return parts
    }

    func abortUpload() async throws(S3Refusal) {
        try need(.objectMultipart)
        let service = try objects()
        try await asking { () async throws(ObjectFailure) in try await service.abortUpload(upload, context) }
        answer(204)
    }

    func listParts() async throws(S3Refusal) {
        try need(.objectMultipart)
        let service = try objects()
        let limit = try limit("max-parts")
        let after = try number("part-number-marker", 0...Int(Int32.max)) ?? 0
        let listing = PartListing(upload, after: after, limit: limit.given)
        let page = try await asking { () async throws(ObjectFailure) in try await service.listParts(listing, context) }
        var xml = S3XMLWriter("ListPartsResult")
        xml.element("Bucket", bucket)
        xml.element("Key", name.key)
        xml.element("UploadId", upload.id)
        owner("Initiator", &xml)
        owner("Owner", &xml)
        xml.element("StorageClass", "STANDARD")
        xml.element("PartNumberMarker", after)
        xml.element("NextPartNumberMarker", page.parts.last?.number ?? 0)
        xml.element("MaxParts", limit.asked)
        xml.element("IsTruncated", page.hasMore)
        if let algorithm = page.checksum {
            xml.element("ChecksumAlgorithm", algorithm.rawValue)
            xml.element("ChecksumType", page.checksumIsOfWhole ? "FULL_OBJECT" : "COMPOSITE")
        }
        for part in page.parts {
            xml.open("Part")
            xml.element("PartNumber", part.number)
            xml.element("LastModified", S3Date.iso(milliseconds: part.modified))
            xml.tag(part.etag)
            xml.element("Size", part.size)
            xml.checksum(part.checksum)
            xml.close("Part")
        }
        xml.close("ListPartsResult")
        answer(200, xml: xml)
    }

    func listUploads(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectMultipart)
        let service = try objects()
        let encodes = try encodesKeys()
        let limit = try limit("max-uploads")
        let listing = UploadListing(
            bucket: bucket, prefix: request.parameter("prefix") ?? [], delimiter: request.parameter("delimiter") ?? [],
            afterKey: request.parameter("key-marker") ?? [], afterID: request.parameter("upload-id-marker") ?? [],
            limit: limit.given)
        let page = try await asking { () async throws(ObjectFailure) in
            try await service.listUploads(listing, context)
        }
        var xml = S3XMLWriter("ListMultipartUploadsResult")
        xml.element("Bucket", bucket)
        xml.element("KeyMarker", Self.encoded(listing.afterKey, encodes))
        xml.element("UploadIdMarker", listing.afterID)
        if page.hasMore {
            // Whichever came last.
            let group = page.groups.last ?? []
            let upload = page.uploads.last
            let isGroup = upload.map { $0.key.lexicographicallyPrecedes(group) } ?? true
            xml.element("NextKeyMarker", Self.encoded(isGroup ? group : upload?.key ?? [], encodes))
            if !isGroup { xml.element("NextUploadIdMarker", upload?.id ?? []) }
        }
        xml.element("Prefix", Self.encoded(listing.prefix, encodes))
        if !listing.delimiter.isEmpty { xml.element("Delimiter", Self.encoded(listing.delimiter, encodes)) }
        if encodes { xml.element("EncodingType", "url") }
        xml.element("MaxUploads", limit.asked)
        xml.element("IsTruncated", page.hasMore)
        for upload in page.uploads {
            xml.open("Upload")
            xml.element("Key", Self.encoded(upload.key, encodes))
            xml.element("UploadId", upload.id)
            owner("Initiator", &xml)
            owner("Owner", &xml)
            xml.element("StorageClass", "STANDARD")
            xml.element("Initiated", S3Date.iso(milliseconds: upload.begun))
            if let algorithm = upload.checksum {
                xml.element("ChecksumAlgorithm", algorithm.rawValue)
                xml.element("ChecksumType", upload.checksumIsOfWhole ? "FULL_OBJECT" : "COMPOSITE")
            }
            xml.close("Upload")
        }
        groups(page.groups, encodes, &xml)
        xml.close("ListMultipartUploadsResult")
        answer(200, common, xml: xml)
    }
}
