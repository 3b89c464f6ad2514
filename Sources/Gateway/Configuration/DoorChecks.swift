// The checks of who may come in at Redis listeners in front of trusted backends.

import Capabilities

/// Checks users and the logins that they lead to.
enum DoorChecks {
    /// Every finding about who may come in at `listener`.
    static func findings(
        _ listener: ListenerConfiguration, in configuration: Configuration
    ) -> [ConfigurationChecks.Finding] {
        guard listener.protocol == .redis, configuration.privateBackend(named: listener.backend) == nil else {
            return []
        }
        let path = "listeners.\(listener.name)"
        var findings: [ConfigurationChecks.Finding] = []
        let own = listener.allRoutes.lazy.compactMap { configuration.backend(named: $0.backend) }
            .first { $0.login != nil }
        if let own, listener.users.isEmpty, !listener.allowsAnonymous {
            findings.append(
                .init(
                    key: "\(path).backend",
                    message: """
                        backend "\(own.name)" has a login of Fairlead's, which anybody could use here: add users, or write \
                        allow-anonymous: true
                        """))
        }
        guard !listener.users.isEmpty else { return findings }
        for (index, route) in listener.routes.enumerated() {
            guard let user = route.match.user, listener.users[user] == nil else { continue }
            let clause = NearestWord.clause(for: user, among: listener.users.keys.sorted())
            findings.append(
                .init(
                    key: "\(path).routes[\(index)].user",
                    message: "no user is called \"\(user)\"\(clause): add it to users, or this would take nothing"))
        }
        return findings
    }
}
