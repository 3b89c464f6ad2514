// Objects and the buckets that they are in.

extension OperationShape {
    private static let described: [Output] = [.size, .etag, .modified, .contentType, .metadata]
    private static let stored: [Input] = [.bucket, .key, .value, .size, .md5, .contentType, .metadata]

    static let object: [OperationShape] = [
        .init(
            "object.put", .objectPut, stored, [.etag, .modified],
            "Stores {value}, the whole body, of {size} bytes and with the MD5 {md5} in hexadecimal, which is the tag where the answer has no `etag`; no-bucket, or missing, when there is no such bucket."
        ),
        .init(
            "object.put-if-absent", .objectConditional, stored, [.etag, .modified],
            "The same where there is no such object; conflict when there is."),
        .init(
            "object.put-if-match", .objectConditional, stored + [.etag], [.etag, .modified],
            "The same in place of the object with the tag {etag}: conflict when it has another one, missing when there is none."
        ),
        .init(
            "object.get", .objectGet, [.bucket, .key], [.value] + described, needs: [[.value], [.etag]],
            "A whole object: its bytes in `value`, and what `object.head` tells; missing when there is none."),
        .init(
            "object.get-range", .objectRange, [.bucket, .key, .start, .stop, .etag], [.value, .etag],
            needs: [[.value]],
            "The bytes from {start} to {stop}, which is one of them, of the object that object.head has shown: conflict when its tag is no longer {etag}. Without this operation all of an object is asked for."
        ),
        .init(
            "object.head", .objectHead, [.bucket, .key], described, needs: [[.size], [.etag]],
            "What is known of an object: `size`, `etag` without quotes, `modified` in milliseconds since 1970 (the filter `date` reads dates), `content-type`, and in `metadata` what {metadata} was."
        ),
        .init(
            "object.delete", .objectDelete, [.bucket, .key], [], "Result when there was one, missing when not."),
        .init(
            "object.delete-if-match", .objectConditional, [.bucket, .key, .etag], [],
            "Deletes the object with the tag {etag}: conflict when it has another one, missing when there is none."),
        .init(
            "object.list", .objectList, [.bucket, .prefix, .after, .page, .limit],
            [.names, .sizes, .etags, .times, .name, .size, .etag, .modified],
            needs: [[.names, .name], [.sizes, .size], [.etags, .etag]],
            "Objects with their sizes, tags and times, in lists of the same order or a `more` message for each. With {after}, at most {items} of those behind that name, by their bytes; without, all of them, in pages or not. {prefix} is what they begin with."
        ),
        .init(
            "object.copy", .objectCopy, [.bucket, .key, .targetBucket, .targetKey, .etag], [.etag, .modified],
            needs: [[.etag]],
            "Copies an object with its metadata; missing when there is none. Without this operation it is got and put."),
        .init(
            "bucket.create", .objectBuckets, [.bucket], [], "Makes a bucket; conflict when it is there."),
        .init(
            "bucket.delete", .objectBuckets, [.bucket], [],
            "Deletes a bucket; missing when there is none, conflict when an object is in it."),
        .init(
            "bucket.head", .objectBuckets, [.bucket], [.modified],
            "Result when there is such a bucket, made at `modified` if that is told."),
        .init(
            "bucket.list", .objectBuckets, [], [.names, .times, .name, .modified], needs: [[.names, .name]],
            "All buckets, and when they were made."),
    ]
}
