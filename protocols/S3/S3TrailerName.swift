// Tells, letter by letter, whether a trailer names a field that must not be a trailer.

import Wire

/// A field name that arrives a byte at a time, compared with the framing fields without being kept.
struct S3TrailerName: Sendable, Equatable {
    private static let forbidden: (StaticString, StaticString, StaticString) =
        ("content-length", "transfer-encoding", "host")

    private var length = 0
    /// One bit for each forbidden name that the bytes so far begin.
    private var candidates: UInt8 = 0b111

    mutating func append(_ byte: UInt8) {
        if candidates != 0 {
            let letter = byte.asciiLowercased
            keep(0b001, S3TrailerName.forbidden.0, letter)
            keep(0b010, S3TrailerName.forbidden.1, letter)
            keep(0b100, S3TrailerName.forbidden.2, letter)
        }
        length &+= 1
    }

    /// Whether the whole name is a framing field or Host, RFC 9110 section 6.5.1.
    var isForbidden: Bool {
        candidates & 0b001 != 0 && length == S3TrailerName.forbidden.0.utf8CodeUnitCount
            || candidates & 0b010 != 0 && length == S3TrailerName.forbidden.1.utf8CodeUnitCount
            || candidates & 0b100 != 0 && length == S3TrailerName.forbidden.2.utf8CodeUnitCount
    }

    private mutating func keep(_ bit: UInt8, _ name: StaticString, _ letter: UInt8) {
        guard length < name.utf8CodeUnitCount, name.utf8Start[length] == letter else {
            candidates &= ~bit
            return
        }
    }
}
