// A request as a step describes it, before it is signed.

/// One request to an S3 server.
struct S3Request {
    /// A parameter of the query; without a value there is no equals sign either.
    struct Parameter: Equatable {
        var name: [UInt8]
        var value: [UInt8]?

        init(_ name: [UInt8], _ value: [UInt8]?) {
            self.name = name
            self.value = value
        }

        init(_ name: String, _ value: String?) { self.init(Array(name.utf8), value.map { Array($0.utf8) }) }
    }

    struct Field: Equatable {
        var name: String
        var value: [UInt8]

        init(_ name: String, _ value: [UInt8]) {
            self.name = name
            self.value = value
        }

        init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }
    }

    var method: String
    /// As it is sent, percent-encoded.
    var path: String
    var query: [Parameter]
    /// The query as it is sent, where a step spells it in a way of its own.
    var literalQuery: String?
    var fields: [Field]
    var body: [UInt8]

    init(
        _ method: String, _ path: String, query: [Parameter] = [], fields: [Field] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
    }

    /// The path of `key` in `bucket`, of the bucket where there is no key, and of the service where there is neither.
    static func path(bucket: [UInt8], key: [UInt8]) -> String {
        if bucket.isEmpty { return "/" }
        let bucket = S3Percent.encode(bucket)
        return key.isEmpty ? "/\(bucket)" : "/\(bucket)/\(S3Percent.encode(key, keepsSlash: true))"
    }

    /// The value of the first field of this name; names are compared without case.
    func field(_ name: String) -> [UInt8]? { fields.first { $0.name.lowercased() == name }?.value }

    /// Adds a field unless the step has one of the name.
    mutating func addIfAbsent(_ name: String, _ value: String) {
        if field(name.lowercased()) == nil { fields.append(Field(name, value)) }
    }

    mutating func remove(_ name: String) { fields.removeAll { $0.name.lowercased() == name.lowercased() } }

    /// The query as it is sent, without its question mark.
    var queryText: String {
        if let literalQuery { return literalQuery }
        return query.map { parameter in
            let name = S3Percent.encode(parameter.name)
            return parameter.value.map { "\(name)=\(S3Percent.encode($0))" } ?? name
        }.joined(separator: "&")
    }

    /// The query as signatures have it: sorted by encoded name, then value, every name with an equals sign.
    var canonicalQuery: String {
        query.map { (S3Percent.encode($0.name), S3Percent.encode($0.value ?? [])) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// The path as signatures have it: encoded once, whatever way it is sent.
    var canonicalPath: String { S3Percent.encode(S3Percent.decode(path), keepsSlash: true) }

    /// Path and query as they stand in the request line.
    var target: String { queryText.isEmpty ? path : "\(path)?\(queryText)" }

    /// Reads the parameters of a query that is spelled out.
    static func parameters(_ text: some StringProtocol) -> [Parameter] {
        text.split(separator: "&").map { part in
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Parameter(S3Percent.decode(halves[0]), halves.count > 1 ? S3Percent.decode(halves[1]) : nil)
        }
    }
}
