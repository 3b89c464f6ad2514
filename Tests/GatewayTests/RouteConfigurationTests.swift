// Routes in the configuration: what they mean, what is said about bad ones, and how they are rendered.

import Testing

@testable import Gateway

@Suite("The routes of a listener")
struct RouteConfigurationTests {
    private static func file(_ routes: String, listener: String = "", backends: String = "") -> String {
        """
        listeners:
          cache:
            protocol: redis
            listen: 6380
            backend: main
        \(listener)
        \(routes.isEmpty ? "" : "    routes:\n" + routes)
        backends:
          main: { url: redis://127.0.0.1:6379, mode: shared }
          other: { url: redis://127.0.0.1:6378, mode: shared }
          own: { url: redis://127.0.0.1:6377 }
          pg: { url: "postgres://127.0.0.1:5432" }
          house: { adapter: memcached, url: tcp://127.0.0.1:11211 }
        """
    }

    private static let good = """
              - { prefix: "a:", backend: other }
              - { prefix: "old:", rewrite: "", backend: other }
              - { database: 3, user: ann, backend: main }
        """

    @Test("are read in their order, and the listener's own backend takes the rest")
    func read() throws {
        let result = try configuration(Self.file(Self.good, listener: "    split: true"))
        let listener = try #require(result.listeners.first)
        #expect(
            listener.routes == [
                RouteConfiguration(RouteMatch(prefix: "a:"), backend: "other"),
                RouteConfiguration(RouteMatch(prefix: "old:"), backend: "other", rewrite: ""),
                RouteConfiguration(RouteMatch(database: 3, user: "ann"), backend: "main"),
            ])
        #expect(listener.allRoutes.last == RouteConfiguration(backend: "main"))
        #expect(listener.splits)
        #expect(try configuration(Self.file("")).listeners.first?.splits == false)
    }

    @Test("are shown with what goes where, a rewrite in capitals")
    func destination() throws {
        let result = try configuration(Self.file(Self.good))
        let listener = try #require(result.listeners.first)
        #expect(
            result.destination(of: listener)
                == """
                prefix "a:" -> other (redis://127.0.0.1:6378); \
                prefix "old:", KEYS REWRITTEN to begin with "" -> other (redis://127.0.0.1:6378); \
                database 3, user ann -> main (redis://127.0.0.1:6379); \
                all else -> main (redis://127.0.0.1:6379)
                """)
    }

    @Test("are rendered so that reading the result gives an equal configuration")
    func rendered() throws {
        let result = try configuration(Self.file(Self.good, listener: "    split: true"))
        #expect(try configuration(result.rendered()) == result)
    }

    @Test(
        "have problems that say what is wrong, where, and what to do",
        arguments: [
            ("      - { prefix: a, backend: mian }", "no backend is called \"mian\" (did you mean \"main\"?)"),
            ("      - { prefix: a, backend: own }", "write mode: shared at backend \"own\""),
            ("      - { prefix: a, backend: pg }", "speaks redis and backend \"pg\" speaks postgres"),
            ("      - { prefix: a, backend: house }", "\"house\" is behind an adapter"),
            ("      - { backend: other }", "expected prefix, database or user"),
            ("      - { prefix: a }", "this key is missing; expected name of a backend"),
            ("      - { prefix: \"\", backend: other }", "expected the first bytes of keys"),
            ("      - { user: a, rewrite: b, backend: other }", "rewrite stands in place of a prefix"),
            ("      - { database: -1, backend: other }", "expected a whole number, 0 to 2147483647"),
            (
                "      - { prefix: a, backend: other }\n      - { prefix: a, backend: main }",
                "routes[0] takes the same already (prefix \"a\")"
            ),
            ("      - { prefix: a, backend: other, prefx: b }", "this key is not known"),
            ("      []", "expected at least one entry"),
            ("      { prefix: a }", "expected a list of mappings, got a mapping"),
        ])
    func bad(routes: String, message: String) {
        let found = problems(Self.file(routes))
        #expect(found.count == 1 && found.first?.contains(message) == true, "\(found)")
        #expect(found.allSatisfy { $0.contains("listeners.cache.routes") })
    }

    @Test("belong to Redis listeners in front of shared backends")
    func place() {
        let postgres = problems(
            """
            listeners:
              a:
                protocol: postgres
                listen: 1
                backend: b
                routes: [{ user: x, backend: b }]
            backends: { b: { url: "postgres://127.0.0.1" } }
            """)
        #expect(postgres.count == 1 && postgres[0].contains("only Redis listeners have routes"), "\(postgres)")
        let session = problems(
            """
            listeners:
              a: { protocol: redis, listen: 1, backend: b, routes: [{ user: x, backend: c }] }
            backends:
              b: { url: redis://127.0.0.1 }
              c: { url: redis://127.0.0.1, mode: shared }
            """)
        #expect(session.count == 1 && session[0].contains("listeners.a.backend"), "\(session)")
        let split = problems(Self.file("", listener: "    split: true"))
        #expect(split.count == 1 && split[0].contains("listeners.cache.split"), "\(split)")
    }
}
