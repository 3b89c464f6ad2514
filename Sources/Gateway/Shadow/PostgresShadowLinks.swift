// The connections of a PostgreSQL shadow to one side, for several kinds of clients.

import Capabilities
import PostgresWire

/// Where connections lead at their server, and what they may do there.
struct PostgresShadowTarget {
    /// In place of the client's, whose name stands in it for `*`; nil for that one.
    var database: String?
    /// The one schema in which names without one are looked for; nil where the client's settings say so.
    var schema: String?
    var mayWrite = false

    func database(of identity: PostgresShadowIdentity) -> String {
        database?.replacing("*", with: identity.database) ?? identity.database
    }

    var quotedSchema: String? { schema.map(SQLQuoting.name) }

    /// Statements that come after the client's own settings.
    var settings: [[UInt8]] { quotedSchema.map { [Array("SET search_path TO \($0)".utf8)] } ?? [] }
}

extension ShadowConfiguration {
    /// Where the candidate of a PostgreSQL listener is asked.
    func target(mayWrite: Bool) -> PostgresShadowTarget {
        var target = PostgresShadowTarget(mayWrite: mayWrite)
        switch scratch {
        case .copy(let name): target.database = name
        case .schema(let name): target.schema = name
        default: break
        }
        return target
    }
}

/// One connection for each of the last identities that were asked for.
final class PostgresShadowLinks {
    let target: PostgresShadowTarget
    private let login: PostgresShadowLink.Login?
    private let connect: () -> ShadowConnection
    /// The one used last comes last.
    private var links: [PostgresShadowLink] = []

    private static let limit = 8

    /// `connect` makes connections to `listener`, which is the shadow's own.
    init(to listener: ListenerState, _ target: PostgresShadowTarget, _ connect: @escaping () -> ShadowConnection) {
        self.target = target
        login = listener.routes.last?.backend?.login.map { ($0.user, $0.password) }
        self.connect = connect
    }

    /// Whether a connection is open.
    var isOpen: Bool { links.contains { $0.isOpen } }

    func link(_ identity: PostgresShadowIdentity) async -> PostgresShadowLink {
        let link: PostgresShadowLink
        if let index = links.firstIndex(where: { $0.identity == identity }) {
            link = links.remove(at: index)
        } else {
            link = PostgresShadowLink(as: identity, login: login, target, connect())
            if links.count >= Self.limit { await links.removeFirst().close() }
        }
        links.append(link)
        return link
    }

    func close() async {
        for link in links { await link.close() }
        links = []
    }
}
