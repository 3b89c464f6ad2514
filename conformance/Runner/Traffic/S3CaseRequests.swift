// The requests of S3 cases: their heads, since a body asks for nothing.

extension S3Driver: RequestWriter {
    /// Where requests that nobody gets would go.
    private static let nowhere = Target(
        label: "", wire: .s3, host: "localhost", port: 1, user: "AKIACASE", password: "secret")

    package func requests(
        of action: Tree, client: String, expecting expectation: Tree?
    ) throws(SuiteProblem) -> [CaseRequest] {
        let wanted = try S3Action(action, bucket: "bucket")
        let isToFail = Self.isError(expectation)
        switch wanted.kind {
        case .exchange(let request):
            let signer = S3Signer(wanted.rules, for: Self.nowhere)
            let bytes = signer.bytes(
                of: request, form: wanted.form, for: Self.nowhere, isChunked: wanted.isChunked, waits: wanted.waits)
            return [CaseRequest(bytes.head, isToFail: isToFail)]
        case .raw(let bytes, _): return [CaseRequest(bytes, isToFail: isToFail)]
        case .read: return []
        }
    }

    package func opening(_ options: Tree?, client: String) -> [CaseRequest] { [] }

    private static func isError(_ expectation: Tree?) -> Bool {
        (expectation?["status"]?.integer ?? 0) >= 400 || expectation?["xml"]?["Error"] != nil
    }
}
