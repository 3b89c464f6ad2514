// What an S3 server says of itself, and what it has of that which not every server has.

import Capabilities

/// Looks at a target with requests to a bucket of its own, which is gone afterwards.
struct S3Survey {
    private let target: Target
    private let deadline: Deadline
    private let connection: S3RawConnection
    private let bucket: String
    private let path: String

    init(_ target: Target, deadline: Deadline) throws(DriverFailure) {
        self.target = target
        self.deadline = deadline
        connection = try S3RawConnection(target, bucket: "", deadline: deadline)
        bucket = "fairlead-survey-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        path = "/\(bucket)"
    }

    func facts() throws(DriverFailure) -> TargetFacts {
        defer { connection.close() }
        let made = try ask("PUT", body: creation)
        guard (200...299).contains(made.status) else {
            throw DriverFailure(
                .unreachable, "a bucket cannot be made: \(ValueText.short(made.value(asBytes: false)))")
        }
        var facts: TargetFacts
        do throws(DriverFailure) {
            facts = identity(try ask("GET", query: [.init("list-type", "2")]))
            facts.features = try features()
        } catch {
            try? S3Emptying(connection, bucket: bucket, deadline: deadline).remove()
            throw error
        }
        try S3Emptying(connection, bucket: bucket, deadline: deadline).remove()
        return facts
    }

    private var creation: [UInt8] {
        let scope = try? S3Scope(Scope(run: "", number: 0, name: ""))
        return scope?.creation(path, in: target).body ?? []
    }

    // MARK: Identity

    /// Product and version as the server states them: `rclone/v1.68`, `Ceph Object Gateway (pacific)`.
    private func identity(_ response: S3Response) -> TargetFacts {
        let stated = response.field("server") ?? ""
        let words = stated.split { $0 == "/" || $0 == " " || $0 == "(" || $0 == ")" }
        let version = stated.split(whereSeparator: { !$0.isNumber && $0 != "." }).first.map(String.init) ?? ""
        var facts = TargetFacts(product: words.first.map { $0.lowercased() } ?? "s3", version: version)
        // Ceph's gateway says who it is in its request ids only, unless it is asked to say more.
        if response.field("x-amz-request-id")?.hasPrefix("tx0") ?? false { facts.product = "radosgw" }
        if let text = response.field("x-fairlead-capabilities") {
            facts.product = "fairlead-private"
            facts.capabilities = Self.capabilities(text)
        }
        return facts
    }

    /// `put,get,head` and its like: what the manifest of a private backend supports in the end.
    ///
    /// Whether the gateway emulates something is not told there, and counts as native.
    private static func capabilities(_ text: String) -> [String: String] {
        let names = Set(text.split(separator: ",").map { "object.\($0)" })
        let known = Capability.allCases.map(\.name).filter(names.contains)
        return Dictionary(uniqueKeysWithValues: known.map { ($0, "native") })
    }

    // MARK: Features

    private func features() throws(DriverFailure) -> Set<String> {
        var found: Set<String> = []
        func add(_ name: String, if holds: Bool) { if holds { found.insert(name) } }
        let object = Array("survey".utf8)
        _ = try ask("PUT", "k", body: object)
        var wrong = S3SigningRules()
        wrong.spoilt = [.signature]
        add("signature-checked", if: try ask("GET", "k", rules: wrong).status == 403)
        var nobody = S3SigningRules()
        nobody.place = .none
        add("login-checked", if: try ask("GET", "k", rules: nobody).status == 403)
        var presigned = S3SigningRules()
        presigned.place = .query
        add("presigned", if: try ask("GET", "k", rules: presigned).body == object)
        for (feature, isSigned, hasTrailer) in [
            ("signed-chunks", true, false), ("signed-trailer", true, true), ("unsigned-trailer", false, true),
        ] {
            var rules = S3SigningRules()
            rules.payload = .chunks(isSigned: isSigned, hasTrailer: hasTrailer)
            if hasTrailer { rules.trailers = [.init("x-amz-checksum-crc32", "auto")] }
            let key = "k-\(feature)"
            let isStored = try ask("PUT", key, body: object, rules: rules).status == 200
            add(feature, if: try isStored ? ask("GET", key).body == object : false)
        }
        try addForm(&found)
        for (feature, query, body) in Self.settings {
            let place = feature.hasPrefix("object-") ? "k" : ""
            let put = try ask("PUT", place, query: [.init(query, nil)], body: Array(body.utf8), hasMD5: true)
            guard put.status < 300 else { continue }
            // A server that does not know the parameter answers with what it has there: its list, or the object.
            let root = String(body.dropFirst().prefix { $0 != ">" })
            add(feature, if: try ask("GET", place, query: [.init(query, nil)]).document?[root] != nil)
            _ = try ask("DELETE", place, query: [.init(query, nil)])
            _ = try ask("PUT", "k", body: object)
        }
        add("acl", if: try ask("GET", query: [.init("acl", nil)]).status == 200)
        add("versions-list", if: try ask("GET", query: [.init("versions", nil)]).status == 200)
        let isPublic = try ask("PUT", "public", fields: [.init("x-amz-acl", "public-read")], body: object).status == 200
        add("public-read", if: try isPublic ? ask("GET", "public", rules: nobody).body == object : false)
        let once = [S3Request.Field("If-None-Match", "*")]
        add("put-if-absent", if: try ask("PUT", "k", fields: once, body: object).status == 412)
        let match = [S3Request.Field("If-Match", "\"00000000000000000000000000000000\"")]
        let right = try ask("HEAD", "k").field("etag").map { [S3Request.Field("If-Match", $0)] } ?? []
        let isRefused = try ask("PUT", "k", fields: match, body: object).status == 412
        add("put-if-match", if: try isRefused ? ask("PUT", "k", fields: right, body: object).status == 200 : false)
        add("delete-if-match", if: try ask("DELETE", "k", fields: match).status == 412)
        _ = try ask("PUT", "k", body: object)
        try addChecksums(&found)
        let attributes = [S3Request.Field("x-amz-object-attributes", "ObjectSize")]
        let answer = try ask("GET", "k", query: [.init("attributes", nil)], fields: attributes)
        add("attributes", if: answer.document?["GetObjectAttributesResponse"] != nil)
        add("part-number", if: try ask("GET", "k", query: [.init("partNumber", "1")]).status == 206)
        let on = S3Documents.versioning("Enabled")
        let put = try ask("PUT", query: [.init("versioning", nil)], body: on).status == 200
        let versioning = try ask("GET", query: [.init("versioning", nil)]).document?["VersioningConfiguration"]?[
            "Status"]
        add("versioning", if: put && versioning == .text("Enabled"))
        add("tls", if: target.isTLS)
        return found
    }

    /// Uploads by a browser's form.
    private func addForm(_ found: inout Set<String>) throws(DriverFailure) {
        var rules = S3SigningRules()
        rules.place = .form
        let form = S3Form(fields: [.init("key", "k-form")])
        let file = Array("survey".utf8)
        let status: Int
        do throws(DriverFailure) {
            status = try connection.ask(S3Request("POST", path, body: file), rules, form: form, deadline: deadline)
                .status
        } catch {
            guard error.kind == .closed else { throw error }
            return
        }
        guard status == 204 else { return }
        if try ask("GET", "k-form").body == file { found.insert("post-form") }
    }

    /// Checksums that the server keeps and tells.
    private func addChecksums(_ found: inout Set<String>) throws(DriverFailure) {
        let body = Array("survey".utf8)
        for name in ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] {
            guard let value = S3Checksum.value(name, of: body) else { continue }
            let key = "checksum-\(name)"
            let put = try ask("PUT", key, fields: [.init(S3Checksum.header(name), value)], body: body)
            guard put.status == 200 else { continue }
            let head = try ask("HEAD", key, fields: [.init("x-amz-checksum-mode", "ENABLED")])
            guard head.field(S3Checksum.header(name)) != nil else { continue }
            found.insert("checksum-\(name)")
        }
    }

    /// Settings of buckets and objects that a server either keeps or does not know: the parameter, and one that is right.
    private static let settings: [(feature: String, query: String, body: String)] = [
        ("object-tagging", "tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
        ("bucket-tagging", "tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
        (
            "cors", "cors",
            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"
        ),
        (
            "lifecycle", "lifecycle",
            "<LifecycleConfiguration><Rule><ID>a</ID><Filter><Prefix>never/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3000</Days></Expiration></Rule></LifecycleConfiguration>"
        ),
        (
            "website", "website",
            "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"
        ),
    ]

    // MARK: Requests

    private func ask(
        _ method: String, _ key: String = "", query: [S3Request.Parameter] = [], fields: [S3Request.Field] = [],
        body: [UInt8] = [], hasMD5: Bool = false, rules: S3SigningRules = S3SigningRules()
    ) throws(DriverFailure) -> S3Response {
        var request = S3Request(
            method, S3Request.path(bucket: Array(bucket.utf8), key: Array(key.utf8)), query: query, fields: fields,
            body: body)
        if hasMD5 { request.fields.append(.init("Content-MD5", S3Signer.md5(body))) }
        do throws(DriverFailure) {
            return try connection.ask(request, rules, deadline: deadline)
        } catch {
            // A server that ends the connection over a request that it does not like is asked the next thing anew.
            guard error.kind == .closed else { throw error }
            return S3Response(status: 0)
        }
    }
}
