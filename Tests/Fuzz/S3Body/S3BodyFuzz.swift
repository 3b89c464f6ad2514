// Fuzzes the body framer: whole, split and with payload skipped unseen, a body must end at the same byte.

import S3Wire
import Wire

/// Where a body ended, or why it did not.
private struct Pass: Equatable {
    var end: S3BodyEnd?
    var error: String?
    var consumed = 0
}

private func run(_ framing: S3BodyFraming, _ bytes: [UInt8], cut: (Int) -> Int, skips: Bool) -> Pass {
    var framer = S3Framer(framing, side: .client)
    var pass = Pass()
    var index = 0
    do {
        while index < bytes.count, pass.end == nil {
            if skips, let size = framer.skippable, size > 0 {
                let size = min(size, bytes.count - index)
                pass.end = framer.skip(size)
                index += size
                continue
            }
            // A skipping relay shows lines one byte at a time, so that it never shows payload.
            let last = skips ? index + 1 : min(bytes.count, index + cut(index))
            let piece = Array(bytes[index..<last])
            var offset = 0
            pass.end = try framer.next(piece.span, at: &offset)
            precondition(offset <= piece.count && (pass.end != nil || offset == piece.count))
            index += offset
        }
        if pass.end == nil { pass.end = try framer.finish() }
        pass.consumed = index
    } catch {
        pass.error = error.code
        precondition(framer.isLost)
    }
    precondition(framer.payload <= bytes.count)
    return pass
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzS3Body(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let bytes = Array(input.dropFirst())
    let framing: S3BodyFraming =
        switch input[0] {
        case 0x4C: .length(Int(bytes[0]))
        case 0x55: .untilClose
        case 0x4E: .none
        default: .chunked
        }
    let whole = run(framing, bytes, cut: { _ in bytes.count }, skips: false)
    precondition(whole == run(framing, bytes, cut: { 1 + Int(bytes[$0]) % 23 }, skips: false))
    if framing != .untilClose {
        precondition(whole == run(framing, bytes, cut: { _ in 1 }, skips: true))
    }
    return 0
}
