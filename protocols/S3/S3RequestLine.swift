// Takes a request line apart: method, target in its four forms, version.

import Wire

/// The parts of a request line, RFC 9112 section 3.
struct S3RequestLine: Sendable, Equatable {
    let method: S3Method
    let methodRange: Range<Int>
    let target: Range<Int>
    let path: Range<Int>
    let query: Range<Int>?
    /// Host and port of an absolute form, else nil.
    let authority: Range<Int>?
    let minorVersion: UInt8
    /// Where the first field begins.
    let end: Int

    init(_ bytes: Bytes) throws(WireError) {
        var index = 0
        while index < bytes.count, S3Byte.isToken(bytes[index]) { index &+= 1 }
        guard index > 0, index < bytes.count, bytes[index] == S3Byte.space else {
            throw WireError(.client, "bad-method", "expected a method and one space, found a bad byte at \(index)")
        }
        methodRange = 0..<index
        method = try S3RequestLine.method(bytes, methodRange)
        let start = index &+ 1
        index = start
        var firstQuestion = -1
        while index < bytes.count, S3Byte.isTarget(bytes[index]) {
            if bytes[index] == S3Byte.question, firstQuestion < 0 { firstQuestion = index }
            index &+= 1
        }
        guard index > start, index < bytes.count, bytes[index] == S3Byte.space else {
            throw WireError(.client, "bad-target", "expected a target and one space, found a bad byte at \(index)")
        }
        target = start..<index
        let pathEnd = firstQuestion < 0 ? index : firstQuestion
        query = firstQuestion < 0 ? nil : firstQuestion &+ 1..<index
        if bytes[start] == S3Byte.slash {
            authority = nil
            path = start..<pathEnd
        } else if bytes[start] == UInt8(ascii: "*"), target.count == 1, method == .options {
            authority = nil
            path = start..<start
        } else {
            let found = try S3RequestLine.authority(bytes, start..<pathEnd)
            authority = found
            path = found.upperBound..<pathEnd
        }
        minorVersion = try S3RequestLine.version(bytes, at: index &+ 1)
        end = index &+ 11
    }

    private static func method(_ bytes: Bytes, _ range: Range<Int>) throws(WireError) -> S3Method {
        // Methods are case-sensitive, RFC 9110 section 9.1.
        switch range.count {
        case 3:
            if bytes.equals("GET", in: range) { return .get }
            if bytes.equals("PUT", in: range) { return .put }
        case 4:
            if bytes.equals("HEAD", in: range) { return .head }
            if bytes.equals("POST", in: range) { return .post }
        case 5:
            if bytes.equals("PATCH", in: range) { return .patch }
            if bytes.equals("TRACE", in: range) { return .trace }
        case 6:
            if bytes.equals("DELETE", in: range) { return .delete }
        case 7:
            if bytes.equals("OPTIONS", in: range) { return .options }
            if bytes.equals("CONNECT", in: range) {
                throw WireError(.client, "connect-refused", "CONNECT asks for a tunnel, which S3 does not have")
            }
        default: break
        }
        return .other
    }

    /// The authority of an absolute form such as `http://host:80/path`.
    private static func authority(_ bytes: Bytes, _ range: Range<Int>) throws(WireError) -> Range<Int> {
        let start: Int
        if range.count >= 7, bytes.equalsIgnoringCase("http://", in: range.lowerBound..<range.lowerBound &+ 7) {
            start = range.lowerBound &+ 7
        } else if range.count >= 8, bytes.equalsIgnoringCase("https://", in: range.lowerBound..<range.lowerBound &+ 8) {
            start = range.lowerBound &+ 8
        } else {
            throw WireError(.client, "bad-target", "expected a path, or http:// or https:// and a host")
        }
        var end = start
        while end < range.upperBound, bytes[end] != S3Byte.slash {
            guard S3Byte.isHost(bytes[end]) else {
                throw WireError(.client, "bad-target", "byte \(bytes[end]) cannot be in the host of a target")
            }
            end &+= 1
        }
        guard end > start else { throw WireError(.client, "bad-target", "a target without a host") }
        return start..<end
    }

    /// The minor version of the `HTTP/1.x` and line end at `start`.
    private static func version(_ bytes: Bytes, at start: Int) throws(WireError) -> UInt8 {
        guard bytes.count &- start >= 10, bytes.equals("HTTP/", in: start..<start &+ 5),
            bytes[start &+ 5].isASCIIDigit, bytes[start &+ 6] == UInt8(ascii: "."), bytes[start &+ 7].isASCIIDigit,
            bytes[start &+ 8] == S3Byte.carriageReturn, bytes[start &+ 9] == S3Byte.lineFeed
        else {
            throw WireError(.client, "bad-version", "expected HTTP/1.1 and CR LF after the target")
        }
        guard bytes[start &+ 5] == UInt8(ascii: "1"), bytes[start &+ 7] <= UInt8(ascii: "1") else {
            throw WireError(.client, "version-not-supported", "expected HTTP/1.1 or HTTP/1.0")
        }
        return bytes[start &+ 7] &- 0x30
    }
}
