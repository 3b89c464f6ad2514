// The capabilities of objects, in words.

extension Capability {
    var objectDescription: CapabilityDescription {
        switch self {
        case .objectPut:
            CapabilityDescription(
                "Writes an object over whatever was there.", in: "bucket, key, bytes of any length", out: "ETag",
                "Readers see the old object or the new one, never a part; durable when answered.",
                bounds: [.keyBytes, .valueBytes])
        case .objectGet:
            CapabilityDescription(
                "Reads an object.", in: "bucket, key", out: "bytes, ETag, metadata",
                "The whole object as it was when reading began.")
        case .objectHead:
            CapabilityDescription(
                "Reads what is known about an object.", in: "bucket, key", out: "length, ETag, metadata",
                "As `object.get`.")
        case .objectDelete:
            CapabilityDescription(
                "Deletes objects.", in: "bucket, keys", out: "done for each", "Durable when answered.", bounds: [.batch]
            )
        case .objectList:
            CapabilityDescription(
                "Lists keys in the order of their bytes, by prefix and delimiter.",
                in: "bucket, prefix, delimiter, start, number",
                out: "keys with lengths and ETags, common prefixes, where to go on",
                "Sees every write that was answered before.",
                bounds: [.pageItems])
        case .objectRange:
            CapabilityDescription(
                "Reads one range of an object.", in: "bucket, key, range", out: "bytes", "As `object.get`.")
        case .objectMultipart:
            CapabilityDescription(
                "Writes an object in parts, which become visible together.", in: "bucket, key, parts", out: "ETag",
                "As `object.put`; an upload that is not completed is never seen.", bounds: [.parts])
        case .objectCopy:
            CapabilityDescription(
                "Writes an object with the bytes of another.", in: "two buckets and keys", out: "ETag",
                "As `object.put`.")
        case .objectConditional:
            CapabilityDescription(
                "Reads or writes only if ETag or time are as given.", in: "conditions",
                out: "the answer, or that it did not hold",
                "Atomic for writes: of many that ask for absence one succeeds.")
        case .objectMetadata:
            CapabilityDescription(
                "Keeps what a client says about an object and gives it back.",
                in: "names and values, content type and its kin",
                out: "the same", "Byte for byte.")
        default:
            CapabilityDescription(
                "Makes, lists and deletes buckets.", in: "bucket", out: "buckets", "Durable when answered.")
        }
    }
}
