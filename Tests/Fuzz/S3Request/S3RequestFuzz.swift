// Fuzzes a stream of S3 requests: whole and split, it must read the same, and every range must lie in its head.

import S3Wire
import Wire

/// What one pass over a stream found; two passes over the same bytes must find the same.
private struct Pass: Equatable {
    var heads: [S3RequestHead] = []
    var commands: [S3Command] = []
    var bodies: [S3BodyEnd] = []
    var error: String?
    var consumed = 0
    private var scanner = S3HeadScanner(.client)
    private var framer: S3Framer?
    private var kept: [UInt8] = []

    mutating func feed(_ piece: Span<UInt8>) {
        guard error == nil else { return }
        var offset = 0
        do {
            while try step(piece, at: &offset) {}
            precondition(offset == piece.count)
            consumed += offset
        } catch let broken {
            error = broken.code
            precondition(S3ErrorCode(broken).status >= 400)
        }
    }

    private mutating func step(_ bytes: Span<UInt8>, at offset: inout Int) throws(WireError) -> Bool {
        let start = offset
        defer { precondition(offset >= start && offset <= bytes.count) }
        if framer != nil {
            guard let end = try framer?.next(bytes, at: &offset) else { return false }
            bodies.append(end)
            framer = nil
            return true
        }
        guard let length = try scanner.next(bytes, at: &offset) else {
            let fresh = min(scanner.headLength, offset - start)
            kept += bytes.array(offset - fresh..<offset)
            precondition(kept.count == scanner.headLength)
            return false
        }
        if length <= offset - start {
            try take(bytes.extracting(offset - length..<offset))
        } else {
            kept += bytes.array(start..<offset)
            precondition(kept.count == length)
            let head = kept
            try take(head.span)
        }
        kept = []
        return true
    }

    private mutating func take(_ bytes: Span<UInt8>) throws(WireError) {
        let head = try S3RequestHead(bytes)
        let all = 0..<bytes.count
        precondition(head.length == bytes.count)
        for range in [head.methodRange, head.target, head.path, head.query ?? 0..<0, head.host ?? 0..<0] {
            precondition(range.clamped(to: all) == range)
        }
        let resource = S3Resource(head, bytes, baseDomains: S3BaseDomains(["s3.test"]))
        for range in [resource.bucket ?? 0..<0, resource.key ?? 0..<0] {
            precondition(range.clamped(to: all) == range)
        }
        heads.append(head)
        commands.append(S3Command(head, bytes, for: resource))
        framer = S3Framer(head.framing, side: .client)
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzS3Request(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var whole = Pass()
    whole.feed(bytes.span)
    var split = Pass()
    var index = 0
    while index < count {
        // The input itself says where it is cut, so that a finding can be repeated.
        let end = min(count, index + 1 + Int(bytes[index]) % 23)
        split.feed(Array(bytes[index..<end]).span)
        index = end
    }
    precondition(whole.heads == split.heads)
    precondition(whole.commands == split.commands)
    precondition(whole.bodies == split.bodies)
    precondition(whole.error == split.error)
    precondition(whole.error != nil || whole.consumed == count)
    return 0
}
