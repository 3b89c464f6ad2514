// What a listener that is to be moved may not be.

import Foundation
import Testing

@testable import Gateway

@Suite("migrate in a configuration")
struct MigrationConfigurationTests {
    private static func problems(_ listeners: String) -> [String] {
        var decoder = ConfigurationDecoder(source: "f.yaml", folder: "/etc/fairlead", checkingFiles: false)
        _ = decoder.decode(
            """
            listeners:
            \(listeners)
            backends:
              old: { url: redis://old.example.com, mode: shared }
              new: { url: redis://new.example.com, mode: shared }
              third: { url: redis://third.example.com, mode: shared }
              many: { url: "redis+cluster://c.example.com:7000", mode: shared }
              house: { adapter: embedded, options: { folder: data } }
              sql: { url: "postgres://db.example.com" }
              blobs: { url: "http://s3.example.com" }

            """)
        return decoder.problems.map(\.description)
    }

    @Test("the folder of the state file is looked for where files are checked")
    func stateFolder() {
        func problems(_ state: String, checkingFiles: Bool = true) -> [String] {
            var decoder = ConfigurationDecoder(source: "f.yaml", folder: "/", checkingFiles: checkingFiles)
            _ = decoder.decode(
                """
                listeners:
                  a: { protocol: redis, listen: 6380, backend: old, migrate: { to: new, state: \(state) } }
                backends:
                  old: { url: redis://old.example.com }
                  new: { url: redis://new.example.com }

                """)
            return decoder.problems.map(\.description)
        }
        let found = problems("/nowhere/x.json")
        #expect(found.count == 1 && found[0].contains("listeners.a.migrate.state"), "\(found)")
        #expect(found.first?.contains("/nowhere/ is no folder") == true)
        #expect(
            problems("\(NSTemporaryDirectory())/x.json") == [] && problems("/nowhere/x", checkingFiles: false) == [])
    }

    private static func one(_ more: String, to target: String = "new", wire: String = "redis", from: String = "old")
        -> String
    {
        "  cache: { protocol: \(wire), listen: 6380, backend: \(from), migrate: { to: \(target), state: m.json }\(more) }"
    }

    @Test(
        "a listener alone at its backend can be moved to any other that takes its protocol",
        arguments: ["new", "house", "many"])
    func fine(target: String) { #expect(Self.problems(Self.one("", to: target)) == []) }

    @Test("objects move too, and who may ask is known before the embedded store serves")
    func objects() {
        func problems(_ listen: String, _ more: String = "") -> [String] {
            Self.problems(
                "  s3: { protocol: s3, listen: \"\(listen)\", backend: blobs, migrate: { to: house, state: m.json }\(more) }"
            )
        }
        let keys = ", access-keys: { KEY: secret }"
        #expect(problems("127.0.0.1:9000") == [] && problems("*:9000", keys) == [])
        #expect(problems("*:9000").first?.contains("add access-keys") == true)
        // Without a move the server asks for itself.
        let fixed = Self.problems("  s3: { protocol: s3, listen: 9000, backend: blobs\(keys) }")
        #expect(fixed.first?.contains("is trusted and asks its clients itself") == true)
    }

    @Test("hosts that name buckets are domains, of S3 listeners")
    func domains() {
        func first(_ more: String, wire: String = "s3", backend: String = "blobs") -> String {
            Self.problems("  a: { protocol: \(wire), listen: 9000, backend: \(backend), \(more) }").first ?? ""
        }
        #expect(first("domains: [s3.example.com, localhost]") == "")
        #expect(first("domains: \"s3.example.com:80\"").contains("without a port"))
        #expect(first("domains: a.example", wire: "redis", backend: "old").contains("only S3 clients name"))
        #expect(first("domains: .example").contains("expected a domain"))
    }

    @Test("one route moves where nobody else can touch its keys, at either place")
    func routes() {
        func first(_ routes: String, _ more: String = "", to target: String = "new", backend: String = "old") -> String
        {
            Self.problems(
                "  a: { protocol: redis, listen: 6380, backend: \(backend), split: false, routes: [\(routes)], migrate: { to: \(target), state: m.json, route: \"a:\"\(more) } }"
            ).first ?? ""
        }
        let third = "third"
        #expect(first("{ prefix: \"a:\", backend: \(third) }") == "")
        // What else leads there cannot have such a name.
        #expect(first("{ prefix: \"a:\", backend: old }, { prefix: \"b:\", backend: old }") == "")
        #expect(first("{ prefix: \"b:\", backend: third }").contains("there are: prefix \"b:\"; all else"))
        #expect(
            first("{ prefix: \"a:\", user: u, backend: third }").contains("no route is for just this (prefix \"a:\")"))
        for other in [
            "{ prefix: \"a:deep:\", backend: third }", "{ prefix: \"a:deep:\", backend: new }",
            "{ prefix: \"a:\", database: 3, backend: third }", "{ prefix: \"x:\", rewrite: \"a:\", backend: third }",
        ] {
            #expect(
                first("{ prefix: \"a:\", backend: third }, \(other)").contains("may have the same names"), "\(other)")
        }
        #expect(first("{ prefix: \"a:\", rewrite: \"b:\", backend: old }").contains("may have the same names"))
        #expect(first("{ prefix: \"a:\", backend: third }", to: "third").contains("leads to \"third\" already"))
        #expect(first("{ prefix: \"a:\", backend: third }", to: "house").contains("is behind an adapter"))
        #expect(
            first("{ prefix: \"a:\", backend: third, shadow: { backend: new } }").contains("remove the route's shadow"))
    }

    @Test("a route moves by whatever it goes by, and so does what no route takes")
    func routeKinds() {
        func first(_ route: String, _ routes: String, backend: String = "old", to target: String = "new") -> String {
            Self.problems(
                "  a: { protocol: redis, listen: 6380, backend: \(backend), routes: [\(routes)], migrate: { to: \(target), state: m.json, route: \(route) } }"
            ).first ?? ""
        }
        let database = "{ database: 3, backend: third }"
        #expect(first("{ database: 3 }", database) == "")
        #expect(first("{ database: 3 }", "\(database), { database: 4, backend: third }") == "")
        #expect(
            first("{ database: 3 }", "\(database), { prefix: x, backend: third }").contains("may have the same names"))
        #expect(first("{ database: 3 }", "\(database), { prefix: x, database: 4, backend: third }") == "")
        #expect(first("{ database: 3 }", "{ database: 3, backend: old }") == "")
        let user = "{ user: u, backend: third }"
        #expect(first("{ user: u }", user) == "" && first("{ user: u }", "\(user), { prefix: x, backend: old }") == "")
        for other in ["{ user: v, backend: third }", "{ prefix: x, backend: new }", "{ database: 1, backend: new }"] {
            #expect(first("{ user: u }", "\(user), \(other)").contains("may have the same names"), "\(other)")
        }
        #expect(first("{ user: u }", "{ user: u, backend: old }").contains("the route for all else may have the same"))
        #expect(
            first(
                "{ prefix: \"a:\", user: u }",
                "{ prefix: \"a:\", user: u, backend: third }, { prefix: \"b:\", backend: new }")
                == "")
        let rest = "{ all-else: true }"
        #expect(first(rest, "{ prefix: x, backend: third }") == "")
        #expect(first(rest, "{ prefix: x, backend: new }").contains("may have the same names at \"new\""))
        #expect(first(rest, "{ prefix: x, backend: old }").contains("may have the same names at \"old\""))
        #expect(first("{ all-else: true, user: u }", user).contains("or all-else: true by itself"))
        #expect(first("{ database: 4 }", database).contains("there are: database 3; all else"))
        #expect(
            Self.problems(Self.one("").replacing("m.json", with: "m.json, route: \(rest)")).first?.contains(
                "has no routes") == true)
        // What a route cannot lead to, it leads to by a listener in between.
        for name in ["house", "many"] {
            #expect(
                first("{ user: u }", user, to: name).contains("{ url: \"unix:\(name).sock\", mode: shared }"), "\(name)"
            )
        }
    }

    @Test("keys are a route's as the route takes them, and those that another takes first are not")
    func scope() {
        var listener = ListenerConfiguration(name: "a", protocol: .redis, listen: [], backend: "old")
        listener.routes = [
            RouteConfiguration(RouteMatch(prefix: "a:"), backend: "one", rewrite: "z*:"),
            RouteConfiguration(RouteMatch(database: 3), backend: "two"),
            RouteConfiguration(RouteMatch(user: "u"), backend: "three"),
        ]
        func own(_ key: String, _ database: UInt32, of place: Int) -> String? {
            MigrationScope(place, of: listener).ownName(of: Array(key.utf8).span, in: database)
                .map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(own("a:1", 7, of: 0) == "z*:1" && own("b:1", 7, of: 0) == nil)
        #expect(own("b:1", 3, of: 1) == "b:1" && own("b:1", 0, of: 1) == nil && own("a:1", 3, of: 1) == nil)
        // The user is not known; a database without one is asked later.
        #expect(own("b:1", 3, of: 2) == "b:1" && own("a:1", 3, of: 2) == nil)
        #expect(own("b:1", 0, of: 3) == "b:1" && own("b:1", 3, of: 3) == nil && own("a:1", 0, of: 3) == nil)
        #expect(MigrationScope(0, of: listener).pattern == Array("z\\*:*".utf8))
        #expect(MigrationScope(1, of: listener).pattern == nil)
        #expect(!MigrationScope(1, of: listener).isEverything && MigrationScope(3, of: listener).isEverything)
        #expect(!MigrationScope(1, of: listener).holds(0) && MigrationScope(1, of: listener).holds(3))
    }

    @Test("what would lose writes, or data, is refused")
    func refused() {
        func first(_ listeners: String) -> String { Self.problems(listeners).first ?? "" }
        #expect(first(Self.one("", to: "old")).contains("leads to \"old\" already"))
        #expect(first(Self.one("", to: "nowhere")).contains("nowhere"))
        #expect(first(Self.one("", to: "sql")).contains("\"sql\" speaks postgres"))
        #expect(
            first(Self.one("", to: "new", wire: "postgres", from: "sql")).contains("only the data of Redis and S3"))
        #expect(
            first(Self.one("", to: "new", wire: "s3", from: "blobs")).contains("speaks s3 and \"new\" speaks redis"))
        #expect(
            first(Self.one(", routes: [{ prefix: \"a:\", backend: new }]", to: "house")).contains("several places"))
        #expect(
            first(Self.one("").replacing("m.json", with: "m.json, largest-request: 6MiB")).contains(
                "only objects go in parts"))
        #expect(
            first(Self.one("").replacing("m.json", with: "m.json, largest-request: 4MiB")).contains("from 5MiB to 5GiB")
        )
        #expect(first(Self.one(", shadow: { backend: house }")).contains("remove shadow while data is moved"))
        #expect(
            first(Self.one("") + "\n  side: { protocol: redis, listen: 6381, backend: old }").contains(
                "listener \"side\" leads to \"old\" too"))
    }
}
