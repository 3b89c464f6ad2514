// The admin listener's answers: a pure function from a request to a status, a type and a text.

/// One answer of the admin listener.
struct AdminAnswer: Equatable {
    var status: Int
    var contentType = "text/plain; charset=utf-8"
    var body: String
    /// The methods that are answered, where the one that was asked for is not.
    var allow: String?

    private static let migrationPath = "/migrate"
    private static let resetPath = "/usage/reset"

    /// The paths that have an answer, with what they show.
    static let paths: [(path: String, meaning: String)] = [
        ("/metrics", "metrics as Prometheus text"),
        ("/healthz", "200 while the process answers"),
        ("/readyz", "200 while new sessions are welcome, otherwise 503 and the reason"),
        ("/shadow", "what comparing candidates has found, as JSON"),
        ("/shadow.txt", "the same for a terminal"),
        ("/keys", "hot keys and big values of listeners that sample them, as JSON"),
        ("/keys.txt", "the same for a terminal"),
        (
            migrationPath,
            "how far migrations of data are, as JSON; POST \(migrationPath)/LISTENER/ORDER: what fairlead migrate asks"
        ),
        ("/config", "the configuration that holds, as YAML without secrets"),
        ("/usage", "what applications were seen to use, as JSON"),
        (resetPath, "POST: forgets what applications were seen to use"),
    ]

    /// The answer to `method` on `path`; the path is without its query.
    static func to(_ method: String, _ path: String, from source: some AdminSource) async -> AdminAnswer {
        if path.hasPrefix(migrationPath + "/") { return order(method, path, source) }
        guard paths.contains(where: { $0.path == path }) else { return unknown(path) }
        if path == resetPath { return await reset(method, source) }
        guard method == "GET" || method == "HEAD" else {
            return AdminAnswer(status: 405, body: "only GET and HEAD are answered here\n", allow: "GET, HEAD")
        }
        switch path {
        case "/metrics":
            // The version is part of the type: Prometheus, exposition formats.
            return AdminAnswer(
                status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: await source.metrics())
        case "/shadow":
            return AdminAnswer(status: 200, contentType: "application/json", body: await source.shadows(asTable: false))
        case "/shadow.txt":
            return AdminAnswer(status: 200, body: await source.shadows(asTable: true))
        case migrationPath:
            return AdminAnswer(status: 200, contentType: "application/json", body: source.migrations())
        case "/keys":
            return AdminAnswer(status: 200, contentType: "application/json", body: await source.keys(asTable: false))
        case "/keys.txt":
            return AdminAnswer(status: 200, body: await source.keys(asTable: true))
        case "/readyz":
            let (ready, reason) = source.readiness
            return AdminAnswer(status: ready ? 200 : 503, body: ready ? "ready\n" : "not ready: \(reason)\n")
        case "/config":
            return AdminAnswer(
                status: 200, contentType: "application/yaml; charset=utf-8", body: source.configuration())
        case "/usage":
            guard let usage = await source.usage() else { return unrecorded }
            return AdminAnswer(status: 200, contentType: "application/json", body: usage)
        default:
            return AdminAnswer(status: 200, body: "ok\n")
        }
    }

    private static func order(_ method: String, _ path: String, _ source: some AdminSource) -> AdminAnswer {
        guard method == "POST" else {
            return AdminAnswer(status: 405, body: "only POST is answered here\n", allow: "POST")
        }
        let words = path.split(separator: "/").dropFirst().map(String.init)
        guard let listener = words.first, source.orderMigration(of: listener, Array(words.dropFirst())) else {
            return AdminAnswer(status: 404, body: "no listener has a migration of that name, or knows that order\n")
        }
        return AdminAnswer(status: 200, body: "taken\n")
    }

    private static func reset(_ method: String, _ source: some AdminSource) async -> AdminAnswer {
        guard method == "POST" else {
            return AdminAnswer(status: 405, body: "only POST is answered here\n", allow: "POST")
        }
        return await source.resetUsage() ? AdminAnswer(status: 200, body: "forgotten\n") : unrecorded
    }

    private static let unrecorded = AdminAnswer(
        status: 404, body: "what applications use is not recorded: see usage.enabled in the configuration\n")

    private static func unknown(_ path: String) -> AdminAnswer {
        let list = paths.map { "  \($0.path)  \($0.meaning)\n" }.joined()
        return AdminAnswer(status: 404, body: "nothing is at \(path); there are:\n\(list)")
    }
}
