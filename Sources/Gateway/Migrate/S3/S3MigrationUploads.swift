// Uploads in progress: their ids are the server's own, so no other can take their next part.

import Migration
import S3Wire

extension S3MigrationCopier {
    func lastObstacles() async throws(LinkProblem) -> [MigrationObstacle] {
        var found: [MigrationObstacle] = []
        for bucket in try await buckets(from) {
            guard let list = try await uploads(from, bucket), let first = list.uploads.first else { continue }
            let count = "\(list.isTruncated ? "more than " : "")\(list.uploads.count)"
            var text =
                "uploads in progress in bucket '\(String(decoding: bucket, as: UTF8.self))' would be lost at a cut-over: "
                + "\(count), such as \(S3MigrationName.text(bucket, first.key))"
            if let oldest = list.uploads.compactMap(\.begun?.seconds).min() {
                text += ", the oldest of \(S3Date.iso(milliseconds: oldest * 1000))"
            }
            found.append(MigrationObstacle(loss: .uploads, text: text))
        }
        return found
    }

    func abortUploads(age: Int64) async throws(LinkProblem) {
        let limit = S3Date.now.seconds - age
        for bucket in try await buckets(from) {
            try await abort(from, bucket) { upload in upload.begun.map { $0.seconds <= limit } ?? (age == 0) }
        }
    }

    func tidy() async throws(LinkProblem) {
        // Nobody but an earlier try has written there.
        for bucket in try await buckets(to) { try await abort(to, bucket) { _ in true } }
    }

    /// Gives up the uploads of a bucket that `isOver` is true of.
    private func abort(
        _ link: S3MigrationLink, _ bucket: [UInt8], where isOver: (S3UploadList.Entry) -> Bool
    ) async throws(LinkProblem) {
        var marker: (key: [UInt8], id: [UInt8])?
        while let list = try await uploads(link, bucket, after: marker) {
            for upload in list.uploads where isOver(upload) {
                let request = S3MigrationRequest(.delete, bucket, upload.key).with("uploadId", upload.id)
                let reply = try await link.ask(request)
                guard reply.isSuccess || reply.status == 404 else { throw link.unexpected(reply, to: request) }
            }
            guard let next = list.next, next.id != marker?.id else { return }
            marker = next
        }
    }

    /// Some uploads in progress; nil where the server does not tell.
    private func uploads(
        _ link: S3MigrationLink, _ bucket: [UInt8], after marker: (key: [UInt8], id: [UInt8])? = nil
    ) async throws(LinkProblem) -> S3UploadList? {
        var request = S3MigrationRequest(.get, bucket).with("uploads").with("encoding-type", "url")
        if let marker { request = request.with("key-marker", marker.key).with("upload-id-marker", marker.id) }
        let reply = try await link.ask(request)
        return reply.isSuccess ? try? S3UploadList(reply.body) : nil
    }
}
