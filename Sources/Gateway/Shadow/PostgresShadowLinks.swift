// The connections of a PostgreSQL shadow to one side, for several kinds of clients.

import Reactor

/// One connection for each of the last identities that were asked for.
final class PostgresShadowLinks {
    private let login: PostgresShadowLink.Login?
    private let waker: Waker
    private let serve: @Sendable (AcceptedConnection) async -> Void
    /// The one used last comes last.
    private var links: [PostgresShadowLink] = []

    private static let limit = 8

    init(
        to listener: ListenerState, waker: Waker, _ serve: @escaping @Sendable (AcceptedConnection) async -> Void
    ) {
        login = listener.routes.last?.backend?.login.map { ($0.user, $0.password) }
        self.waker = waker
        self.serve = serve
    }

    /// Whether a connection is open.
    var isOpen: Bool { links.contains { $0.isOpen } }

    func link(_ identity: PostgresShadowIdentity) async -> PostgresShadowLink {
        let link: PostgresShadowLink
        if let index = links.firstIndex(where: { $0.identity == identity }) {
            link = links.remove(at: index)
        } else {
            link = PostgresShadowLink(as: identity, login: login, waker: waker, serve)
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
