// The buckets of a case.

/// What the mapping `scope:` of a case says.
struct S3Scope {
    /// The buckets that are the case's own.
    let names: [String]
    /// Whether they are made before the case.
    let isMade: Bool
    /// The status of their versioning, or nil where there is none.
    let versions: String?

    init(_ scope: Scope) throws(SuiteProblem) {
        var count: Int64 = 1
        var isMade = true
        var versions: String?
        if let options = scope.options {
            var keys = try KeyedTree(options, "scope")
            count = try keys.integer("buckets") ?? 1
            guard (0...S3Driver.bucketsAtMost).contains(count) else {
                throw SuiteProblem(options, "buckets takes 0 to \(S3Driver.bucketsAtMost)")
            }
            if keys.take("made") != nil { isMade = try keys.flag("made") }
            versions = try keys.text("versions")
            guard versions == nil || versions == "Enabled" || versions == "Suspended" else {
                throw SuiteProblem(options, "versions takes Enabled or Suspended")
            }
            try keys.finish()
        }
        names = count == 0 ? [] : (1...Int(count)).map { Self.name(scope, $0) }
        self.isMade = isMade
        self.versions = versions
    }

    /// The name of the case's bucket `number`, from 1.
    static func name(_ scope: Scope, _ number: Int) -> String {
        let name = "\(stem(scope.run))\(scope.number)"
        return number == 1 ? name : "\(name)-\(number)"
    }

    /// What the names of all buckets of a run hold.
    static func stem(_ run: String) -> String { "fairlead-\(run)-" }

    /// The request that makes a bucket, in the region of the target.
    func creation(_ path: String, in target: Target) -> S3Request {
        var request = S3Request("PUT", path)
        if target.s3Region != "us-east-1" { request.body = S3Documents.creation(in: target.s3Region) }
        return request
    }
}
