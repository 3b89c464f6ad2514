// What an S3 session shows of its applications, request by request.

import S3Wire
import Wire

/// Counts every request by its operation, and looks at the fields and the query of a sample.
final class S3Usage: SessionUsage {
    private let words = S3UsageTable.shared

    /// Notes a request whose head is `bytes`.
    func received(_ request: S3RequestHead, _ command: S3Command, in bytes: Bytes) {
        if block == nil { identify(request, in: bytes) }
        guard let counted = block else { return }
        let weight = counted.count(request: Int(command.rawValue), words: request.fieldCount, now: worker.now)
        guard weight > 0 else { return }
        // A connection may be shared by clients, such as those of a proxy: whoever is looked at is named.
        identify(request, in: bytes)
        look(request, command, in: bytes, weight: weight)
    }

    private func look(_ request: S3RequestHead, _ command: S3Command, in bytes: Bytes, weight: UInt64) {
        block?.beginSample(Int(command.rawValue))
        defer { block?.endSample { sample(request, command, in: bytes) } }
        var cursor = Self.fields(of: request, in: bytes)
        while let field = try? cursor.next(bytes) {
            if let feature = header(field.name, command, in: bytes) { note(feature, weight: weight) }
            if let feature = unusual(field, in: bytes) { note(feature, weight: weight) }
            if bytes.equalsIgnoringCase("x-amz-content-sha256", in: field.name) {
                note(S3UsageTable.find(field.value, in: bytes, words.payloads) ?? words.payloadHash, weight: weight)
            }
            if bytes.equalsIgnoringCase("authorization", in: field.name) {
                note(Self.scheme(field.value, in: bytes, words), weight: weight)
            }
        }
        if let query = request.query { look(at: query, in: bytes, weight: weight) }
        if isEncrypted { note(words.tls, weight: weight) }
        guard let block else { return }
        block.note(size: request.path.count, of: S3UsageTable.pathSize, weight: weight)
        block.note(size: request.length, of: S3UsageTable.headSize, weight: weight)
        if command == .putObject || command == .uploadPart,
            let size = request.decodedContentLength ?? request.contentLength
        {
            block.note(size: size, of: S3UsageTable.bodySize, weight: weight)
        }
    }

    /// The feature of a field called so; nil for one that asks for nothing.
    private func header(_ name: Range<Int>, _ command: S3Command, in bytes: Bytes) -> Int? {
        if let feature = S3UsageTable.find(name, in: bytes, words.headers) { return feature }
        guard name.count > 6, bytes.equalsIgnoringCase("x-amz-", in: name.prefix(6)) else {
            let stores = command == .putObject || command == .createMultipartUpload || command == .copyObject
            return stores && bytes.equalsIgnoringCase("content-type", in: name) ? words.contentType : nil
        }
        if name.count > 11, bytes.equalsIgnoringCase("x-amz-meta-", in: name.prefix(11)) { return words.metadata }
        return S3UsageTable.find(name, in: bytes, words.plainHeaders) == nil ? words.unknownHeader : nil
    }

    /// The feature of a field with another value than those that ask for what is the case anyway.
    private func unusual(_ field: S3Field, in bytes: Bytes) -> Int? {
        guard field.name.count > 6, let feature = S3UsageTable.find(field.name, in: bytes, words.values) else {
            return nil
        }
        let name = String(decoding: field.name.dropFirst(6).map { bytes[$0].asciiLowercased }, as: UTF8.self)
        let value = String(decoding: field.value.prefix(64).map { bytes[$0] }, as: UTF8.self)
        return S3Refusals.isTaken(field: name, value: value) ? nil : feature
    }

    private func sample(_ request: S3RequestHead, _ command: S3Command, in bytes: Bytes) -> String {
        var sample = S3UsageSample(command, path: request.path.count, words)
        if let query = request.query {
            Self.parameters(query, in: bytes) { name, value in
                sample.parameter(
                    S3UsageTable.find(name, in: bytes, words.parameters), name: name.count, value: value.count)
            }
        }
        var cursor = Self.fields(of: request, in: bytes)
        while let field = try? cursor.next(bytes) {
            if let feature = header(field.name, command, in: bytes) {
                sample.field(feature, value: field.value.count)
            }
        }
        return sample.text
    }

    private func look(at query: Range<Int>, in bytes: Bytes, weight: UInt64) {
        Self.parameters(query, in: bytes) { name, value in
            note(S3UsageTable.find(name, in: bytes, words.parameters) ?? words.parameter, weight: weight)
            if bytes.equals("versionId", in: name), !bytes.equals("null", in: value) {
                note(words.version, weight: weight)
            }
            if bytes.equalsIgnoringCase("x-amz-signature", in: name) { note(words.presigned4, weight: weight) }
            if bytes.equals("Signature", in: name) { note(words.presigned2, weight: weight) }
        }
    }

    /// Becomes the application that the request names by its User-Agent's product and its access key.
    private func identify(_ request: S3RequestHead, in bytes: Bytes) {
        var identity = UsageIdentity()
        var cursor = Self.fields(of: request, in: bytes)
        while let field = try? cursor.next(bytes) {
            if bytes.equalsIgnoringCase("user-agent", in: field.name) {
                identity.name = UsageIdentity.text(Self.until(field.value, in: bytes) { $0 == 0x2F || $0 == 0x20 })
            }
            if bytes.equalsIgnoringCase("authorization", in: field.name) {
                identity.user = Self.accessKey(field.value, in: bytes)
            }
        }
        if let query = request.query {
            Self.parameters(query, in: bytes) { name, value in
                guard bytes.equals("X-Amz-Credential", in: name) || bytes.equals("AWSAccessKeyId", in: name) else {
                    return
                }
                // The slashes of a credential may be escaped.
                identity.user = UsageIdentity.text(Self.until(value, in: bytes) { $0 == 0x2F || $0 == 0x25 })
            }
        }
        become(identity)
    }

    // MARK: Pieces

    private static func fields(of request: S3RequestHead, in bytes: Bytes) -> S3FieldCursor {
        let lineEnd = bytes.firstIndex(of: .lineFeed, from: request.target.upperBound) ?? bytes.count
        return S3FieldCursor(at: min(lineEnd + 1, bytes.count), side: .client)
    }

    private static func until(_ range: Range<Int>, in bytes: Bytes, _ isEnd: (UInt8) -> Bool) -> [UInt8] {
        let end = range.first { isEnd(bytes[$0]) } ?? range.upperBound
        return bytes.array(range.lowerBound..<min(end, range.lowerBound + 64))
    }

    /// Names and values of a query, as they came.
    private static func parameters(
        _ query: Range<Int>, in bytes: Bytes, _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) {
        var start = query.lowerBound
        while start < query.upperBound {
            let end = (start..<query.upperBound).first { bytes[$0] == UInt8(ascii: "&") } ?? query.upperBound
            let equals = (start..<end).first { bytes[$0] == UInt8(ascii: "=") } ?? end
            if equals > start { body(start..<equals, min(equals + 1, end)..<end) }
            start = end + 1
        }
    }

    private static func starts(_ range: Range<Int>, _ word: StaticString, in bytes: Bytes) -> Bool {
        let count = word.utf8CodeUnitCount
        return range.count >= count && bytes.equals(word, in: range.lowerBound..<(range.lowerBound + count))
    }

    private static func scheme(_ value: Range<Int>, in bytes: Bytes, _ words: S3UsageTable) -> Int {
        if starts(value, "AWS4-HMAC-SHA256", in: bytes) { return words.signature4 }
        if starts(value, "AWS4-ECDSA", in: bytes) { return words.signature4a }
        return starts(value, "AWS ", in: bytes) ? words.signature2 : words.signatureOther
    }

    /// `Credential=KEY/…` of version 4, `AWS KEY:…` of version 2; never what follows them.
    private static func accessKey(_ value: Range<Int>, in bytes: Bytes) -> String {
        if starts(value, "AWS ", in: bytes) {
            let key = until((value.lowerBound + 4)..<value.upperBound, in: bytes) { $0 == UInt8(ascii: ":") }
            return UsageIdentity.text(key)
        }
        for place in value where starts(place..<value.upperBound, "Credential=", in: bytes) {
            return UsageIdentity.text(until((place + 11)..<value.upperBound, in: bytes) { $0 == 0x2F || $0 == 0x2C })
        }
        return ""
    }
}
