// Which operation of the object family answers which operation of S3.

import Capabilities
import S3Wire

extension S3Call {
    /// Answers the request; throws the error that answers it instead.
    func perform(_ capabilities: [UInt8]) async throws(S3Refusal) {
        var common = S3AnswerFields()
        common.add("x-fairlead-capabilities", capabilities)
        switch request.command {
        case .listBuckets: try await listBuckets(common)
        case .createBucket: try await createBucket(common)
        case .headBucket: try await headBucket(common)
        case .deleteBucket: try await deleteBucket(common)
        case .getBucketLocation: try await getBucketLocation(common)
        case .getBucketVersioning: try await getBucketVersioning(common)
        case .listObjects: try await listObjects(common, isSecondVersion: false)
        case .listObjectsV2: try await listObjects(common, isSecondVersion: true)
        case .deleteObjects: try await deleteObjects(common)
        case .putObject: try await putObject()
        case .getObject: try await getObject()
        case .headObject: try await headObject()
        case .deleteObject: try await deleteObject()
        case .copyObject: try await copyObject()
        case .createMultipartUpload: try await createUpload()
        case .uploadPart: try await uploadPart()
        case .uploadPartCopy: try await copyPart()
        case .completeMultipartUpload: try await completeUpload()
        case .abortMultipartUpload: try await abortUpload()
        case .listParts: try await listParts()
        case .listMultipartUploads: try await listUploads(common)
        default: throw S3Refusals.operation(request, gate)
        }
    }

    // MARK: Arguments

    /// A number in the query; nil when it is not given.
    func number(_ name: StaticString, _ range: ClosedRange<Int>) throws(S3Refusal) -> Int? {
        guard let text = request.parameter(name), !text.isEmpty else { return nil }
        guard let number = text.decimal, number >= range.lowerBound else {
            throw invalid(name, text, "Provided \(name) not an integer or within integer range")
        }
        guard number <= range.upperBound else {
            throw invalid(name, text, "\(name) must be an integer between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// How many items a page may have: a thousand at most, whatever is asked.
    func limit(_ name: StaticString) throws(S3Refusal) -> (asked: Int, given: Int) {
        let asked = try number(name, 0...Int(Int32.max)) ?? ObjectBounds.page
        return (asked, min(asked, ObjectBounds.page))
    }

    func invalid(_ name: StaticString, _ value: [UInt8], _ message: String) -> S3Refusal {
        S3Refusal(
            .invalidArgument, message,
            [
                S3Refusal.Detail("ArgumentName", Array(name.description.utf8)),
                S3Refusal.Detail("ArgumentValue", value),
            ])
    }

    /// The conditions of the request, or of a copy's source when the fields' names begin with `prefix`.
    func conditions(ofSource: Bool = false) -> ObjectConditions {
        func field(_ own: StaticString, _ ofSourceName: StaticString) -> [UInt8]? {
            request.field(ofSource ? ofSourceName : own)
        }
        // A date that is none counts as not given; RFC 9110, 13.1.3.
        func date(_ text: [UInt8]?) -> Int64? { text.flatMap { S3Date(http: $0) }.map { $0.seconds * 1000 } }
        return ObjectConditions(
            ifMatch: field("if-match", "x-amz-copy-source-if-match").map(Self.tags),
            ifNoneMatch: field("if-none-match", "x-amz-copy-source-if-none-match").map(Self.tags),
            ifModifiedSince: date(field("if-modified-since", "x-amz-copy-source-if-modified-since")),
            ifUnmodifiedSince: date(field("if-unmodified-since", "x-amz-copy-source-if-unmodified-since")))
    }

    /// Reads `*`, or tags in quotes or, as S3 takes them too, without.
    private static func tags(_ text: [UInt8]) -> ObjectConditions.Tags {
        if text == [UInt8(ascii: "*")] { return .any }
        return .oneOf(
            text.split(separator: UInt8(ascii: ",")).map { part in
                var tag = part.filter { $0 != 0x20 && $0 != 0x09 }
                if tag.starts(with: Array("W/".utf8)) { tag.removeFirst(2) }
                return tag.filter { $0 != 0x22 }
            })
    }

    /// The range of bytes that is asked for.
    ///
    /// What is no range, and several of them, count as none, which RFC 9110, 14.2 leaves to the server: the answer then is
    /// a 200 with the whole. So does a range that depends on `If-Range`.
    func range() throws(S3Refusal) -> ObjectRange {
        if let number = try number("partNumber", 1...ObjectBounds.parts) {
            guard !request.hasField("range") else {
                throw S3Refusal(.invalidRequest, "Cannot specify both Range header and partNumber query parameter")
            }
            return .part(number)
        }
        guard let text = request.field("range"), !request.hasField("if-range") else { return .whole }
        return Self.range(text) ?? .whole
    }

    static func range(_ text: [UInt8]) -> ObjectRange? {
        let unit = Array("bytes=".utf8)
        guard text.starts(with: unit) else { return nil }
        let ends = text.dropFirst(unit.count).split(separator: 0x2D, omittingEmptySubsequences: false).map(Array.init)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty { return offset(ends[1]).map { .last($0) } }
        guard let first = offset(ends[0]) else { return nil }
        if ends[1].isEmpty { return .from(first, through: nil) }
        guard let last = offset(ends[1]), last >= first else { return nil }
        return .from(first, through: last)
    }

    /// A place in an object; one of more digits than a number holds is behind the end of any.
    private static func offset(_ digits: [UInt8]) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return digits.decimal.map { Int64($0) } ?? .max
    }

    // MARK: Metadata

    private static let contentFields: [StaticString] = [
        "content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
    ]

    /// What the request says of the object's content.
    func metadata() throws(S3Refusal) -> ObjectMetadata {
        var metadata = ObjectMetadata()
        for name in Self.contentFields {
            guard var value = request.field(name) else { continue }
            // How the body came is no property of the object.
            if name.description == "content-encoding" { value = Self.withoutChunked(value) }
            if !value.isEmpty { metadata.fields.append(Pair(Array(name.description.utf8), value)) }
        }
        let prefix = Array("x-amz-meta-".utf8)
        var size = 0
        for field in request.fields {
            let name = request.name(of: field)
            guard name.starts(with: prefix) else { continue }
            let own = Array(name.dropFirst(prefix.count))
            let value = request.value(of: field)
            size += own.count + value.count
            if let index = metadata.user.firstIndex(where: { $0.name == own }) {
                metadata.user[index].value += [0x2C] + value
            } else {
                metadata.user.append(Pair(own, value))
            }
        }
        guard S3Limits.userMetadata.allows(size) else {
            throw S3Refusal(
                .metadataTooLarge, "Your metadata headers exceed the maximum allowed metadata size",
                [
                    S3Refusal.Detail("Size", Array(String(size).utf8)),
                    S3Refusal.Detail("MaxSizeAllowed", Array(String(S3Limits.userMetadata.maximum).utf8)),
                ])
        }
        return metadata
    }

    private static func withoutChunked(_ value: [UInt8]) -> [UInt8] {
        let names = value.split(separator: UInt8(ascii: ",")).map { $0.filter { $0 != 0x20 } }
        return Array(names.filter { !S3Request.equals($0, "aws-chunked") }.joined(separator: [UInt8(ascii: ",")]))
    }
}
