// The driver of the S3 wire.

/// Drives S3 with libcurl and its own signer, and with bytes and signatures of the runner's for what libcurl does not send.
package struct S3Driver: Driver {
    package let wire = "s3"
    package let clients = ["libcurl", "raw"]
    package let types: Set<String> = []
    package var actions: Set<String> { S3Action.keys }

    /// Buckets that one case may have.
    static let bucketsAtMost: Int64 = 4

    package init() {}

    package func check(_ action: Tree, client: String) throws(SuiteProblem) {
        try S3Action.check(action, client: client)
    }

    package func survey(_ target: Target, deadline: Deadline) throws(DriverFailure) -> TargetFacts {
        try S3Survey(target, deadline: deadline).facts()
    }

    // MARK: Scopes

    package func variables(of scope: Scope) -> [String: String] {
        var variables = ["p": S3Scope.name(scope, 1), "bucket": S3Scope.name(scope, 1)]
        for (index, name) in ((try? S3Scope(scope).names) ?? []).enumerated().dropFirst() {
            variables["bucket\(index + 1)"] = name
        }
        return variables
    }

    /// Makes the buckets that the case asks for, with versions where it asks for them.
    package func open(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        let wanted: S3Scope
        do throws(SuiteProblem) { wanted = try S3Scope(scope) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
        guard wanted.isMade, !wanted.names.isEmpty else { return }
        let connection = try S3RawConnection(target, bucket: "", deadline: deadline)
        defer { connection.close() }
        for name in wanted.names {
            let bucket = S3Request.path(bucket: Array(name.utf8), key: [])
            try Self.require(connection.ask(wanted.creation(bucket, in: target), deadline: deadline), "make \(name)")
            guard let status = wanted.versions else { continue }
            let body = S3Documents.versioning(status)
            let request = S3Request("PUT", bucket, query: [.init("versioning", nil)], body: body)
            try Self.require(connection.ask(request, deadline: deadline), "give \(name) versions")
        }
    }

    private static func require(_ response: S3Response, _ what: String) throws(DriverFailure) {
        guard (200...299).contains(response.status) else {
            throw DriverFailure(
                .unable, "to \(what) is answered with \(ValueText.short(response.value(asBytes: false)))")
        }
    }

    /// Empties and deletes the buckets that carry the case's names, whatever made them.
    package func close(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        let names = (try? S3Scope(scope).names) ?? [S3Scope.name(scope, 1)]
        guard !names.isEmpty else { return }
        let connection = try S3RawConnection(target, bucket: "", deadline: deadline)
        defer { connection.close() }
        for name in names { try S3Emptying(connection, bucket: name, deadline: deadline).remove() }
    }

    /// Removes every bucket whose name holds the run's: those that a server made which should have refused their names, and those of cases
    /// that were cut.
    package func sweep(_ run: String, on target: Target, deadline: Deadline) throws(DriverFailure) -> [String] {
        let connection = try S3RawConnection(target, bucket: "", deadline: deadline)
        defer { connection.close() }
        let list = try connection.ask(S3Request("GET", "/"), deadline: deadline).document?["ListAllMyBucketsResult"]
        guard case .list(let buckets) = list?["Buckets"]?["Bucket"] ?? .null else { return [] }
        return buckets.compactMap { $0["Name"]?.asText }.filter { name in
            guard name.contains(S3Scope.stem(run)) else { return false }
            return (try? S3Emptying(connection, bucket: name, deadline: deadline).remove()) == nil
        }
    }

    // MARK: Connections

    package func connect(
        _ target: Target, client: String, options: Tree?, scope: Scope, deadline: Deadline
    ) throws(DriverFailure) -> any DriverConnection {
        let bucket = S3Scope.name(scope, 1)
        if client == "raw" { return try S3RawConnection(target, bucket: bucket, deadline: deadline) }
        return try S3CurlConnection(target, bucket: bucket)
    }

    private static let refusal = "x-fairlead-refusal"

    package func refusedCapability(in value: Value) -> String? {
        // An answer to HEAD has no body; Fairlead says it in a field then.
        guard value["status"] == .integer(501),
            let text = value["xml"]?["Error"]?["Message"]?.asText ?? value["headers"]?[Self.refusal]?.asText,
            let mark = text.firstRange(of: "UNSUPPORTED ")
        else { return nil }
        return text[mark.upperBound...].split(separator: ":").first.map(String.init)
    }
}
