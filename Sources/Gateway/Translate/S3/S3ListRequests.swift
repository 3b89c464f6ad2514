// Requests that list objects or delete several.

import Capabilities
import Digest
import S3Wire

extension S3Call {
    // MARK: Tokens

    /// A token that leads behind `key`; clients have to take it as it is.
    static func token(_ key: [UInt8]) -> [UInt8] { base64(key) }

    /// The key behind which a token leads; nil for no token.
    func token(_ text: [UInt8]?) throws(S3Refusal) -> [UInt8]? {
        guard let text else { return nil }
        guard let key = bytesOfBase64(text), !key.isEmpty else {
            throw invalid("continuation-token", text, "The continuation token provided is incorrect")
        }
        return key
    }

    /// Whether keys are to be percent-encoded in the answer.
    func encodesKeys() throws(S3Refusal) -> Bool {
        guard let text = request.parameter("encoding-type"), !text.isEmpty else { return false }
        guard S3Request.equals(text, "url") else {
            throw invalid("encoding-type", text, "Invalid Encoding Method specified in Request")
        }
        return true
    }

    static func encoded(_ key: [UInt8], _ encodes: Bool) -> [UInt8] {
        guard encodes else { return key }
        var text: [UInt8] = []
        S3Percent.append(key, keepsSlash: true, to: &text)
        return text
    }

    // MARK: Lists

    func listObjects(_ common: S3AnswerFields, isSecondVersion: Bool) async throws(S3Refusal) {
        try need(.objectList)
        let service = try objects()
        let encodes = try encodesKeys()
        let limit = try limit("max-keys")
        let startAfter = request.parameter(isSecondVersion ? "start-after" : "marker") ?? []
        let tokenText = isSecondVersion ? request.parameter("continuation-token") : nil
        let listing = ObjectListing(
            bucket: bucket, prefix: request.parameter("prefix") ?? [], delimiter: request.parameter("delimiter") ?? [],
            after: try token(tokenText) ?? startAfter, limit: limit.given)
        let page = try await asking { () async throws(ObjectFailure) in try await service.list(listing, context) }
        var xml = S3XMLWriter("ListBucketResult")
        xml.element("Name", bucket)
        xml.element("Prefix", Self.encoded(listing.prefix, encodes))
        if !listing.delimiter.isEmpty { xml.element("Delimiter", Self.encoded(listing.delimiter, encodes)) }
        if isSecondVersion {
            if !startAfter.isEmpty { xml.element("StartAfter", Self.encoded(startAfter, encodes)) }
            if let tokenText { xml.element("ContinuationToken", tokenText) }
            xml.element("KeyCount", page.objects.count + page.groups.count)
            if let next = page.next { xml.element("NextContinuationToken", Self.token(next)) }
        } else {
            xml.element("Marker", Self.encoded(startAfter, encodes))
            // Without a delimiter the last key is the marker, "ListObjects".
            if let next = page.next, !listing.delimiter.isEmpty {
                xml.element("NextMarker", Self.encoded(next, encodes))
            }
        }
        xml.element("MaxKeys", limit.asked)
        if encodes { xml.element("EncodingType", "url") }
        xml.element("IsTruncated", page.next != nil)
        let fetchesOwner = request.parameter("fetch-owner").map { S3Request.equals($0, "true") } ?? false
        for object in page.objects {
            xml.open("Contents")
            xml.element("Key", Self.encoded(object.key, encodes))
            xml.element("LastModified", S3Date.iso(milliseconds: object.modified))
            xml.tag(object.etag)
            xml.element("Size", object.size)
            xml.element("StorageClass", "STANDARD")
            if fetchesOwner || !isSecondVersion { owner("Owner", &xml) }
            xml.close("Contents")
        }
        groups(page.groups, encodes, &xml)
        xml.close("ListBucketResult")
        answer(200, common, xml: xml)
    }

    func groups(_ groups: [[UInt8]], _ encodes: Bool, _ xml: inout S3XMLWriter) {
        for group in groups {
            xml.open("CommonPrefixes")
            xml.element("Prefix", Self.encoded(group, encodes))
            xml.close("CommonPrefixes")
        }
    }

    // MARK: Several deletions

    func deleteObjects(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectDelete)
        let service = try objects()
        let facts = try S3BodyFacts(request, access)
        // A document that was cut or changed on its way would delete something else.
        guard facts.md5 != nil || facts.checksum != nil || facts.trailer != nil else {
            throw S3Refusal(
                .invalidRequest, "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
        }
        let root = try S3XMLElement.parse(try await document(facts))
        guard root.isNamed("Delete") else { throw S3Refusal(.malformedXML, "expected the root element Delete") }
        var keys: [[UInt8]] = []
        var refused: [Int: S3Refusal] = [:]
        for object in root.children where object.isNamed("Object") {
            guard let key = object.child("Key")?.text, !key.isEmpty else {
                throw S3Refusal(.malformedXML, "expected a Key in every Object")
            }
            // What only some versions of an object have cannot be asked here.
            let others = object.children.filter { child in
                !child.isNamed("Key") && !(child.isNamed("VersionId") && S3Request.equals(child.trimmed, "null"))
            }
            if let other = others.first {
                refused[keys.count] = S3Refusal(
                    .notImplemented,
                    gate.refusal(.objectDelete, "\(String(decoding: other.name, as: UTF8.self)) of DeleteObjects"))
            }
            do throws(S3Refusal) { try S3Refusals.check(name: key) } catch { refused[keys.count] = error }
            keys.append(key)
        }
        guard !keys.isEmpty, keys.count <= ObjectBounds.page else {
            throw S3Refusal(.malformedXML, "expected 1 to \(ObjectBounds.page) objects")
        }
        let isQuiet = root.text("Quiet").map { S3Request.equals($0, "true") } ?? false
        let wanted = keys.enumerated().filter { refused[$0.offset] == nil }.map(\.element)
        let failures = try await asking { () async throws(ObjectFailure) in
            try await service.delete(wanted, of: bucket, context)
        }
        var results = failures.makeIterator()
        var xml = S3XMLWriter("DeleteResult")
        for (index, key) in keys.enumerated() {
            let failed = refused[index] ?? results.next()?.map { S3Refusal($0, gate) }
            if let failed {
                xml.open("Error")
                xml.element("Key", key)
                xml.element("Code", failed.code.code.description)
                xml.element("Message", failed.message)
                xml.close("Error")
            } else if !isQuiet {
                xml.open("Deleted")
                xml.element("Key", key)
                xml.close("Deleted")
            }
        }
        xml.close("DeleteResult")
        answer(200, common, xml: xml)
    }
}
