// Empties a bucket of the run's own and deletes it.

import Foundation

/// What removes one bucket with everything in it: objects, versions and uploads.
struct S3Emptying {
    private let connection: S3RawConnection
    private let path: String
    private let deadline: Deadline

    /// How often a bucket is emptied, and the seconds from one time to the next.
    private static let attempts = 5
    private static let pause = 0.3
    /// Pages of a list that are read before the rest is left where it is.
    private static let pagesAtMost = 100
    /// Keys of one page that are deleted each by itself.
    private static let oneByOneAtMost = 50

    init(_ connection: S3RawConnection, bucket: String, deadline: Deadline) {
        self.connection = connection
        path = S3Request.path(bucket: Array(bucket.utf8), key: [])
        self.deadline = deadline
    }

    /// Removes the bucket; one that is not there is as good.
    ///
    /// The server may still be at a request whose client was cut off, and put an object behind the removal of the others.
    func remove() throws(DriverFailure) {
        for attempt in 0..<Self.attempts {
            let status = try delete()
            guard status == 409 || status >= 500 else { return }
            if attempt > 0 { Thread.sleep(forTimeInterval: Self.pause) }
            try removeVersions()
            try removeObjects()
            try removeUploads()
        }
        let status = try delete()
        guard status < 300 || status == 404 else {
            throw DriverFailure(.unable, "the bucket \(path) cannot be deleted: status \(status)")
        }
    }

    private func delete() throws(DriverFailure) -> Int {
        try connection.ask(S3Request("DELETE", path), deadline: deadline).status
    }

    private func removeObjects() throws(DriverFailure) {
        for _ in 0..<Self.pagesAtMost {
            let page = try list([.init("list-type", "2"), .init("encoding-type", "url")], "ListBucketResult")
            let keys = Self.elements(page, ["Contents"])
            guard !keys.isEmpty else { return }
            try remove(keys.map { ($0, nil) })
        }
    }

    private func removeVersions() throws(DriverFailure) {
        for _ in 0..<Self.pagesAtMost {
            let page = try list([.init("versions", nil), .init("encoding-type", "url")], "ListVersionsResult")
            let versions = Self.elements(page, ["Version", "DeleteMarker"])
            guard !versions.isEmpty else { return }
            try remove(versions.map { ($0, $0["VersionId"]?.asText) })
        }
    }

    private func removeUploads() throws(DriverFailure) {
        for _ in 0..<Self.pagesAtMost {
            let page = try list([.init("uploads", nil), .init("encoding-type", "url")], "ListMultipartUploadsResult")
            let uploads = Self.elements(page, ["Upload"])
            guard !uploads.isEmpty else { return }
            for upload in uploads {
                let query: [S3Request.Parameter] = [.init("uploadId", upload["UploadId"]?.asText)]
                let request = S3Request("DELETE", place(of: upload), query: query)
                guard try connection.ask(request, deadline: deadline).status < 300 else { return }
            }
        }
    }

    /// Deletes one after another, so that a key that no document can hold goes too; many plain ones at once, for time's sake.
    private func remove(_ keys: [(Value, version: String?)]) throws(DriverFailure) {
        if keys.count > Self.oneByOneAtMost, try removeAtOnce(keys) { return }
        for (key, version) in keys {
            let query: [S3Request.Parameter] = version.map { [.init("versionId", $0)] } ?? []
            let status = try connection.ask(S3Request("DELETE", place(of: key), query: query), deadline: deadline)
                .status
            guard status < 300 || status == 404 else {
                throw DriverFailure(.unable, "an object of \(path) cannot be deleted: status \(status)")
            }
        }
    }

    /// Deletes objects with one document; false where a key is no plain text, or the server does not do it.
    private func removeAtOnce(_ keys: [(Value, version: String?)]) throws(DriverFailure) -> Bool {
        var body = "<Delete><Quiet>true</Quiet>"
        for (key, version) in keys {
            guard version == nil, let name = key["Key"]?.asText,
                name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
            else { return false }
            body += "<Object><Key>\(name)</Key></Object>"
        }
        let bytes = Array("\(body)</Delete>".utf8)
        let request = S3Request(
            "POST", path, query: [.init("delete", nil)], fields: [.init("Content-MD5", S3Signer.md5(bytes))],
            body: bytes)
        return try connection.ask(request, deadline: deadline).status == 200
    }

    private func list(_ query: [S3Request.Parameter], _ root: String) throws(DriverFailure) -> Value? {
        let response = try connection.ask(S3Request("GET", path, query: query), deadline: deadline)
        return response.status == 200 ? response.document?[root] : nil
    }

    /// The path of what an element of a list names; lists come with encoded keys where the server knows how.
    private func place(of element: Value) -> String {
        guard case .bytes(let key) = element["Key"] ?? .null else { return path }
        let isEncoded = element["@encoded"] != nil
        let bytes = isEncoded ? S3Percent.decode(String(decoding: key, as: UTF8.self).replacing("+", with: " ")) : key
        return "\(path)/\(S3Percent.encode(bytes, keepsSlash: true))"
    }

    private static func elements(_ page: Value?, _ names: [String]) -> [Value] {
        let isEncoded = page?["EncodingType"]?.asText == "url"
        return names.flatMap { name -> [Value] in
            guard case .list(let values) = page?[name] ?? .null else { return [] }
            guard isEncoded else { return values }
            return values.map { value in
                guard case .fields(let fields) = value else { return value }
                return .fields(fields + [.init("@encoded", .boolean(true))])
            }
        }
    }
}
