// Fuzzes the reader of aws-chunked bodies: the same chunks, bytes and trailers, however they arrive.

import S3Wire
import Wire

/// What a pass found; the bytes of a chunk are joined, because pieces cut them.
private struct Found: Equatable {
    var sizes: [Int] = []
    var signatures: [[UInt8]?] = []
    var data: [UInt8] = []
    var ended = 0
    var trailers: [[UInt8]] = []
    var error = ""
    var isAtEnd = false
}

private func find(_ input: [UInt8], pieceSize: (Int) -> Int) -> Found {
    var reader = S3SignedChunks()
    var found = Found()
    var start = 0
    var index = 0
    while start < input.count {
        let piece = Array(input[start..<min(input.count, start + max(1, pieceSize(index)))])
        start += piece.count
        index += 1
        var offset = 0
        do throws(S3Refusal) {
            while let event = try reader.next(piece.span, at: &offset) {
                switch event {
                case .chunkStarted(let size, let signature):
                    precondition(size >= 0)
                    found.sizes.append(size)
                    found.signatures.append(signature)
                case .data(let range):
                    precondition(range.clamped(to: 0..<piece.count) == range)
                    found.data += piece[range]
                case .chunkEnded: found.ended += 1
                case .trailer(let name, let value): found.trailers += [name, value]
                }
            }
        } catch {
            found.error = "\(error.code)"
            return found
        }
        precondition(offset == piece.count, "every byte is consumed")
    }
    found.isAtEnd = reader.isAtEnd
    return found
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzS3SignedChunks(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = find(input) { _ in count }
    precondition(find(input) { _ in 1 } == whole, "byte by byte differs")
    precondition(find(input) { Int(input[($0 * 7 + 3) % count] & 31) } == whole, "in pieces differs")
    precondition(whole.ended <= whole.sizes.count && whole.data.count <= count)
    if whole.isAtEnd { precondition(whole.sizes.last == 0 && whole.sizes.reduce(0, +) == whole.data.count) }
    return 0
}
