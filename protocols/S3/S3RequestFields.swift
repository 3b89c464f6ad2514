// Picks the fields of a request that matter to a gateway.

import Wire

/// What the fields of one request head have said so far.
struct S3RequestFields: Sendable, Equatable {
    private(set) var framing = S3FramingFields(.client)
    private(set) var hostField: Range<Int>?
    private(set) var expectsContinue = false
    private(set) var hasUpgrade = false
    private(set) var isConditional = false
    private(set) var hasCopySource = false
    private(set) var decodedContentLength: Int?
    private(set) var count = 0

    @inline(__always)
    mutating func take(_ bytes: Bytes, _ field: S3Field) throws(WireError) {
        count &+= 1
        // Lengths first: most fields of a request differ from all of these names in their length alone.
        switch field.name.count {
        case 4:
            if bytes.equalsIgnoringCase("host", in: field.name) { try takeHost(bytes, field.value) }
        case 6:
            // 100-continue is the only expectation there is; a client with another may hold back its body as well.
            if bytes.equalsIgnoringCase("expect", in: field.name) { expectsContinue = true }
        case 7:
            if bytes.equalsIgnoringCase("upgrade", in: field.name) { hasUpgrade = true }
        case 8:
            if bytes.equalsIgnoringCase("if-match", in: field.name) { isConditional = true }
        case 10:
            if bytes.equalsIgnoringCase("connection", in: field.name) { framing.takeConnection(bytes, field.value) }
        case 13:
            if bytes.equalsIgnoringCase("if-none-match", in: field.name) { isConditional = true }
        case 14:
            if bytes.equalsIgnoringCase("content-length", in: field.name) {
                try framing.takeContentLength(bytes, field.value)
            }
        case 17: try takeOfSeventeen(bytes, field)
        case 19:
            if bytes.equalsIgnoringCase("if-unmodified-since", in: field.name) { isConditional = true }
        case 28:
            if bytes.equalsIgnoringCase("x-amz-decoded-content-length", in: field.name) {
                decodedContentLength = bytes.decimal(in: field.value)
            }
        default: break
        }
    }

    private mutating func takeOfSeventeen(_ bytes: Bytes, _ field: S3Field) throws(WireError) {
        if bytes.equalsIgnoringCase("transfer-encoding", in: field.name) {
            try framing.takeTransferEncoding(bytes, field.value)
        } else if bytes.equalsIgnoringCase("x-amz-copy-source", in: field.name) {
            hasCopySource = true
        } else if bytes.equalsIgnoringCase("if-modified-since", in: field.name) {
            isConditional = true
        }
    }

    private mutating func takeHost(_ bytes: Bytes, _ value: Range<Int>) throws(WireError) {
        guard hostField == nil else { throw WireError(.client, "host-repeated", "more than one Host") }
        for index in value where !S3Byte.isHost(bytes[index]) {
            throw WireError(.client, "bad-host", "byte \(bytes[index]) at offset \(index) cannot be in a Host")
        }
        hostField = value
    }

    /// The host the request is for, RFC 9112 section 3.2: an absolute form and its `Host` must agree.
    func host(_ bytes: Bytes, for line: S3RequestLine) throws(WireError) -> Range<Int>? {
        guard hostField != nil || line.minorVersion == 0 else {
            throw WireError(.client, "host-missing", "expected a Host in a request of HTTP/1.1")
        }
        guard let authority = line.authority else { return hostField }
        guard let hostField else { return authority }
        guard authority.count == hostField.count else { throw disagreement }
        for index in 0..<authority.count {
            let named = bytes[authority.lowerBound &+ index].asciiLowercased
            guard named == bytes[hostField.lowerBound &+ index].asciiLowercased else { throw disagreement }
        }
        return hostField
    }

    private var disagreement: WireError {
        WireError(.client, "host-differs-from-target", "the target is for another host than the Host field")
    }
}
