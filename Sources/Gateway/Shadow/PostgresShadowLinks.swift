// The connections of a PostgreSQL shadow to one side, for several kinds of clients.

/// One connection for each of the last identities that were asked for.
final class PostgresShadowLinks {
    private let login: PostgresShadowLink.Login?
    private let database: String?
    private let mayWrite: Bool
    private let connect: () -> ShadowConnection
    /// The one used last comes last.
    private var links: [PostgresShadowLink] = []

    private static let limit = 8

    /// `connect` makes connections to `listener`, which is the shadow's own; `database` takes the place of the
    /// clients', whose name stands in it for `*`.
    init(
        to listener: ListenerState, database: String? = nil, mayWrite: Bool = false,
        _ connect: @escaping () -> ShadowConnection
    ) {
        self.database = database
        self.mayWrite = mayWrite
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
            link = PostgresShadowLink(
                as: identity, login: login, database: database?.replacing("*", with: identity.database),
                mayWrite: mayWrite, connect())
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
