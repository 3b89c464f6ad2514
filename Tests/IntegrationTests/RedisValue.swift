// A Redis reply as a tree, for tests that look into one.

import Foundation
import TestSupport

/// A reply of RESP2, taken apart.
indirect enum RedisValue: Equatable {
    case null
    case number(Int)
    case text(String)
    case error(String)
    case array([RedisValue])

    /// The whole reply in `text`, as `RawConnection.reply` gives it.
    init(_ text: String) throws {
        var lines = Array(text.utf8)[...]
        self = try Self.next(&lines)
    }

    private static func next(_ bytes: inout ArraySlice<UInt8>) throws -> RedisValue {
        guard let end = bytes.firstRange(of: [13, 10]), let mark = bytes.first else {
            throw SupportError("not a reply: \(String(decoding: bytes, as: UTF8.self))")
        }
        let line = String(decoding: bytes[bytes.startIndex + 1..<end.lowerBound], as: UTF8.self)
        bytes = bytes[end.upperBound...]
        let count = Int(line) ?? 0
        switch Character(Unicode.Scalar(mark)) {
        case "-": return .error(line)
        case ":": return .number(count)
        case "$":
            guard count >= 0 else { return .null }
            defer { bytes = bytes.dropFirst(count + 2) }
            return .text(String(decoding: bytes.prefix(count), as: UTF8.self))
        case "*":
            guard count >= 0 else { return .null }
            return .array(try (0..<count).map { _ in try next(&bytes) })
        default: return .text(line)
        }
    }

    var items: [RedisValue] { if case .array(let items) = self { items } else { [] } }
    var string: String { if case .text(let text) = self { text } else { "" } }
    var integer: Int { if case .number(let number) = self { number } else { 0 } }
    var isError: Bool { if case .error = self { true } else { false } }
}
