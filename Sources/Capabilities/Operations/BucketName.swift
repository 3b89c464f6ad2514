// What a bucket may be called.

/// The rules of "General purpose bucket naming rules" (Amazon S3 User Guide), which make a name a safe one for a host or a folder too.
public enum BucketName {
    /// Whether `name` has 3 to 63 small letters, digits, hyphens and dots, ends as it begins with a letter or digit, and has no two
    /// dots in a row.
    public static func isValid(_ name: [UInt8]) -> Bool {
        guard (3...63).contains(name.count), let first = name.first, let last = name.last else { return false }
        let isPlain = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) }
        guard isPlain(first), isPlain(last) else { return false }
        var before: UInt8 = 0
        for byte in name {
            guard isPlain(byte) || byte == 0x2D || byte == 0x2E, !(byte == 0x2E && before == 0x2E) else { return false }
            before = byte
        }
        return true
    }
}
