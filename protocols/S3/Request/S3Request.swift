// A request head with its bucket, key, fields and parameters at hand, for whoever answers it.

import Wire

/// One parameter of a query, decoded.
package struct S3Parameter: Sendable, Equatable {
    package let name: [UInt8]
    package let value: [UInt8]

    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A complete request head and everything that was found in it.
package struct S3Request: Sendable {
    package let bytes: [UInt8]
    package let head: S3RequestHead
    package let command: S3Command
    package let fields: [S3Field]
    package let parameters: [S3Parameter]
    /// The path, decoded.
    package let path: [UInt8]
    /// Decoded; nil for the service itself.
    package let bucket: [UInt8]?
    /// Decoded; nil for a bucket.
    package let key: [UInt8]?

    /// Takes the head apart; throws when path or query are not encoded well.
    package init(_ bytes: [UInt8], _ head: S3RequestHead, baseDomains: S3BaseDomains) throws(S3Refusal) {
        self.bytes = bytes
        self.head = head
        let span = bytes.span
        let resource = S3Resource(head, span, baseDomains: baseDomains)
        command = S3Command(head, span, for: resource)
        guard let path = S3Percent.decoded(span, head.path) else { throw S3Request.badEncoding }
        self.path = path
        let bucket = try S3Request.decode(span, resource.bucket)
        // Names of hosts have no case, and buckets of S3 are lower.
        self.bucket = resource.isInHost ? bucket?.map(\.asciiLowercased) : bucket
        key = try S3Request.decode(span, resource.key)
        parameters = try S3Request.parameters(span, head.query)
        fields = S3Request.fields(span)
    }

    private static let badEncoding = S3Refusal(.invalidURI, "expected % to be followed by two hexadecimal digits")

    private static func decode(_ bytes: Bytes, _ range: Range<Int>?) throws(S3Refusal) -> [UInt8]? {
        guard let range else { return nil }
        guard let plain = S3Percent.decoded(bytes, range) else { throw badEncoding }
        return plain
    }

    private static func parameters(_ bytes: Bytes, _ query: Range<Int>?) throws(S3Refusal) -> [S3Parameter] {
        guard let query else { return [] }
        var parameters: [S3Parameter] = []
        var start = query.lowerBound
        while start < query.upperBound {
            var end = start
            var equals: Int?
            while end < query.upperBound, bytes[end] != UInt8(ascii: "&") {
                if bytes[end] == UInt8(ascii: "="), equals == nil { equals = end }
                end &+= 1
            }
            let nameEnd = equals ?? end
            let valueStart = min(nameEnd &+ 1, end)
            guard let name = S3Percent.decoded(bytes, start..<nameEnd, plusIsSpace: true),
                let value = S3Percent.decoded(bytes, valueStart..<end, plusIsSpace: true)
            else { throw badEncoding }
            if end > start { parameters.append(S3Parameter(name: name, value: value)) }
            start = end &+ 1
        }
        return parameters
    }

    private static func fields(_ bytes: Bytes) -> [S3Field] {
        guard let line = try? S3RequestLine(bytes) else { return [] }
        var cursor = S3FieldCursor(at: line.end, side: .client)
        var fields: [S3Field] = []
        // The head was parsed before: no line of it is bad.
        while let field = try? cursor.next(bytes) { fields.append(field) }
        return fields
    }

    /// The value of the first field called `name`, which is given in lower case; nil when there is none.
    package func field(_ name: StaticString) -> [UInt8]? {
        let span = bytes.span
        for field in fields where span.equalsIgnoringCase(name, in: field.name) { return span.array(field.value) }
        return nil
    }

    /// The values of all fields called `name`.
    package func values(of name: StaticString) -> [[UInt8]] {
        let span = bytes.span
        var values: [[UInt8]] = []
        for field in fields where span.equalsIgnoringCase(name, in: field.name) {
            values.append(span.array(field.value))
        }
        return values
    }

    package func hasField(_ name: StaticString) -> Bool {
        let span = bytes.span
        for field in fields where span.equalsIgnoringCase(name, in: field.name) { return true }
        return false
    }

    /// The name of `field` in lower case.
    package func name(of field: S3Field) -> [UInt8] {
        var name: [UInt8] = []
        for index in field.name { name.append(bytes[index].asciiLowercased) }
        return name
    }

    package func value(of field: S3Field) -> [UInt8] { bytes.span.array(field.value) }

    /// The value of the first parameter called `name`; nil when there is none, empty when it has none.
    package func parameter(_ name: StaticString) -> [UInt8]? {
        for parameter in parameters where S3Request.equals(parameter.name, name) { return parameter.value }
        return nil
    }

    package func hasParameter(_ name: StaticString) -> Bool { parameter(name) != nil }

    /// Whether `bytes` are the ASCII `text`.
    package static func equals(_ bytes: [UInt8], _ text: StaticString) -> Bool {
        bytes.span.equals(text, in: 0..<bytes.count)
    }
}
