// Which values stand alone between two slashes of a path, where `.` and `..` mean another place.

extension Template {
    /// The names that are, alone or beside dots, a whole segment of the path that this is (RFC 3986, 5.2.4).
    ///
    /// Slashes in a value are written as %2F, so that a value is never more than one segment.
    var wholeSegments: [String] {
        var scan = SegmentScan()
        scan.read(parts)
        scan.endSegment()
        return scan.found
    }
}

private struct SegmentScan {
    private(set) var found: [String] = []
    private var names: [String] = []
    private var isOther = false
    private var isOver = false

    mutating func read(_ parts: [Template.Part]) {
        for part in parts where !isOver {
            switch part {
            case .literal(let bytes): for byte in bytes where !isOver { read(byte) }
            case .constant: isOther = true
            case .value(let name, let filters):
                let keepsDots = filters.allSatisfy { [.percent, .json, .escaped].contains($0) }
                if keepsDots { names.append(name) } else { isOther = true }
            case .each(_, let inner): read(inner)
            }
        }
    }

    private mutating func read(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "/"): endSegment()
        case UInt8(ascii: "?"), UInt8(ascii: "#"):
            endSegment()
            isOver = true
        case UInt8(ascii: "."): break
        default: isOther = true
        }
    }

    mutating func endSegment() {
        if !isOther { found += names }
        names = []
        isOther = false
    }
}
