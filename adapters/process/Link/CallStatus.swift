// How a gRPC call ended: the status of its trailers.

import NIOHPACK

/// A status as the peer sent it ("gRPC over HTTP2", Responses).
struct CallStatus: Sendable, Equatable {
    /// The codes that make a difference here (gRPC, "Status codes and their use").
    enum Code {
        static let ok = 0
        static let cancelled = 1
        static let invalidArgument = 3
        static let deadlineExceeded = 4
        static let failedPrecondition = 9
        static let aborted = 10
        static let unimplemented = 12
        static let `internal` = 13
        static let unavailable = 14
    }

    var code: Int
    var message: String
    /// The bytes of `grpc-status-details-bin`, a google.rpc.Status; empty when there are none.
    var details: [UInt8]

    init(code: Int, message: String = "", details: [UInt8] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The status in `trailers`; nil when there is none.
    init?(_ trailers: HPACKHeaders) {
        guard let text = trailers.first(name: "grpc-status"), let code = Int(text) else { return nil }
        self.code = code
        message = Self.percentDecoded(trailers.first(name: "grpc-message") ?? "")
        details = Self.base64Decoded(trailers.first(name: "grpc-status-details-bin") ?? "")
    }

    var isOK: Bool { code == Code.ok }

    /// `grpc-message` is percent-encoded; a `%` without two digits stands for itself.
    static func percentDecoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let high = digit(source[index + 1]), let low = digit(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Headers whose names end in `-bin` are base64, with or without its padding; empty for what is neither.
    static func base64Decoded(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var pool: UInt32 = 0
        var bits = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") { break }
            guard let value = base64Value(byte) else { return [] }
            pool = pool << 6 & 0xFF_FFFF | UInt32(value)
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pool >> UInt32(bits)))
        }
        return bytes
    }

    private static func base64Value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
