// What the shadow knows of a PostgreSQL client's session: its settings and its prepared statements.

import PostgresWire

/// What the answers to a client depend on, and the statements that it has prepared.
struct PostgresShadowSession {
    private(set) var identity: PostgresShadowIdentity
    /// Whether it has something that no other session can have, such as a temporary table.
    var isOwn = false
    private var statements: [[UInt8]: PostgresShadowStatement] = [:]
    private var size = 0
    /// What portals with names run.
    private var portals: [[UInt8]: PostgresShadowStatement] = [:]

    /// Prepared statements that are known of a client, and bytes of them.
    private static let statementLimit = 256
    private static let sizeLimit = 256 * 1024
    /// Portals that are known of a client.
    private static let portalLimit = 8

    init(_ identity: PostgresShadowIdentity) { self.identity = identity }

    /// Whether it has said in which schemas names without one are looked for.
    var isElsewhere: Bool {
        identity.parameters.settings.contains { $0.name.lowercased() == "search_path" }
            || identity.settings.contains { text in
                let words = PostgresReach(statement: text.span).words
                return words.contains("search_path") || words.contains("schema")
            }
    }

    /// A statement was prepared, or will be found missing.
    mutating func prepare(_ name: [UInt8], _ statement: PostgresShadowStatement) {
        forget(name)
        guard statements.count < Self.statementLimit, size + statement.parse.count <= Self.sizeLimit else { return }
        size += statement.parse.count
        statements[name] = statement
    }

    mutating func forget(_ name: [UInt8]) {
        if let old = statements.removeValue(forKey: name) { size -= old.parse.count }
    }

    mutating func forgetAll() {
        statements = [:]
        portals = [:]
        size = 0
    }

    func prepared(_ name: [UInt8]) -> PostgresShadowStatement? { statements[name] }

    /// A portal with a name runs `statement` from here on; nil: something that is not known.
    mutating func bind(_ portal: [UInt8], to statement: PostgresShadowStatement?) {
        portals[portal] = nil
        // Most have ended with their transaction.
        if portals.count >= Self.portalLimit { portals = [:] }
        portals[portal] = statement
    }

    func bound(_ portal: [UInt8]) -> PostgresShadowStatement? { portals[portal] }

    /// A setting was changed by `text`.
    mutating func add(_ text: [UInt8]) {
        guard identity.settings.count < PostgresShadowIdentity.settingLimit,
            text.count <= PostgresShadowIdentity.settingSize
        else {
            isOwn = true
            return
        }
        // Clients that set the same for each of their tasks must not fill the list.
        if identity.settings.last != text { identity.settings.append(text) }
    }

    /// DISCARD ALL.
    mutating func reset() {
        identity.settings = []
        isOwn = false
        forgetAll()
    }
}
