// An object's bucket and key as one name, as it is noted when it is written.

/// `BUCKET/KEY`, in the bytes that they stand for; `BUCKET/` is the bucket itself.
///
/// No bucket's name has a slash.
enum S3MigrationName {
    static func spell(_ bucket: [UInt8], _ key: [UInt8] = []) -> [UInt8] { bucket + [0x2F] + key }

    static func key(_ name: [UInt8]) -> MigrationKey {
        guard let slash = name.firstIndex(of: 0x2F) else { return MigrationKey(part: .bucket(name), name: []) }
        return MigrationKey(part: .bucket(Array(name[..<slash])), name: Array(name[(slash + 1)...]))
    }

    /// For messages; bytes that are no text are replaced.
    static func text(_ bucket: [UInt8], _ key: [UInt8]) -> String {
        String(decoding: spell(bucket, key), as: UTF8.self)
    }
}
