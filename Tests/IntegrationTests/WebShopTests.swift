// A real application: its profile is right to the feature, and what is said of where it could move is what happens there.

import Conformance
import Foundation
import Portability
import TestSupport
import Testing
import Usage

@Suite("a web shop", .serialized, .blocking)
struct WebShopTests {
    /// Runs the shop through a gateway in front of the servers that it was written for.
    private static func profile() throws -> (WebShop, Profile) {
        let redis = try RedisServer()
        let postgres = try PostgresServer()
        let s3 = try RcloneS3Server()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  redis: { protocol: redis, listen: 127.0.0.1:0, backend: cache }
                  orders: { protocol: postgres, listen: 127.0.0.1:0, backend: database }
                  images: { protocol: s3, listen: 127.0.0.1:0, backend: store }
                backends:
                  cache: { url: "redis://127.0.0.1:\(redis.port)" }
                  database: { url: "postgres://127.0.0.1:\(postgres.port)?sslmode=disable" }
                  store: { url: "http://127.0.0.1:\(s3.port)" }

                """)
        let shop = try WebShop(
            WebShop.redisParts.map { "\($0)=redis://127.0.0.1:\(gateway.port())" } + [
                "orders=host=127.0.0.1 port=\(gateway.port("orders")) user=\(PostgresServer.role) password=\(PostgresServer.password) dbname=postgres sslmode=disable",
                "images=http://127.0.0.1:\(gateway.port("images")),\(s3.credentials.accessKey),\(s3.credentials.secretKey)",
            ])
        return (shop, try Profile(json: gateway.get("/usage").body))
    }

    private static func report(_ name: String) throws -> Report {
        try ReportFile.read("\(Tools.repository)/conformance/reports/\(name).json")
    }

    private static let library = Result {
        try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
    }

    /// Features of commands and of what they are told, without those of the connection.
    private static func features(_ application: Application?) -> Set<String> {
        Set((application?.features.keys).map(Array.init) ?? [])
    }

    @Test("has a profile that is right to the feature")
    func profile() throws {
        let (shop, profile) = try Self.profile()
        for part in WebShop.redisParts + ["orders", "images"] { #expect(shop.problems(of: part) == []) }
        func commands(_ text: String) -> Set<String> {
            Set(text.split(separator: " ").map { "redis.\($0.contains(".") ? "" : "command.")\($0)" })
        }
        let connection =
            "client hello subcommand.client.setname subcommand.client.setinfo option.hello.setname protocol.resp3 "
        let expected = [
            "sessions": "set get expire ttl del incrby option.set.ex",
            "carts": "hincrby hdel hgetall multi exec del state.transaction protocol.pipelining",
            "pages": "set mget del option.set.px option.set.nx shape.set.nx-with-time shape.mget.many shape.del.many",
            "bestsellers": "zincrby zrevrange del option.zrevrange.withscores",
            "mails": "lpush brpop state.blocking",
            "visits": "incrby expire multi exec state.transaction protocol.pipelining shape.incrby.queued",
            "imports":
                "set hset multi exec state.transaction protocol.pipelining option.set.px option.set.nx shape.set.nx-with-time "
                + "shape.set.nx-with-time.queued",
            "nightly":
                "set evalsha script option.set.px option.set.nx shape.set.nx-with-time subcommand.script.load "
                + "shape.script.lock-script",
        ]
        for (part, text) in expected {
            let found = Self.features(profile.part(part))
            #expect(found.subtracting(commands(connection)) == commands(text), "\(part)")
        }
        let orders = profile.part("orders")
        #expect(orders?.protocol == "postgres")
        let used =
            "statement.begin statement.commit statement.create statement.insert statement.select feature.simple-query "
            + "feature.extended-query message.bind message.describe message.execute message.sync feature.parameters "
            + "feature.returning feature.join feature.group-by feature.order-by feature.limit feature.primary-key "
            + "feature.foreign-key feature.check-constraint function.sum function.coalesce function.now type.bigserial "
            + "type.bigint type.integer type.smallint type.text type.timestamptz feature.binary-parameters"
        let expectedOrders = Set(used.split(separator: " ").map { "postgres.\($0)" })
        #expect(
            Self.features(orders) == expectedOrders,
            "\(Self.features(orders).symmetricDifference(expectedOrders).sorted())")
        let images = profile.part("images")
        let asked =
            "operation.CreateBucket operation.DeleteObjects operation.GetObject operation.HeadObject "
            + "operation.ListObjectsV2 operation.PutObject signature.v4 payload.sha256 header.range header.expect "
            + "header.content-type header.x-amz-meta header.x-amz-sdk-checksum-algorithm header.x-amz-checksum-crc32 "
            + "query.list-type query.prefix query.encoding-type query.delete"
        let expectedImages = Set(asked.split(separator: " ").map { "s3.\($0)" })
        #expect(
            Self.features(images) == expectedImages,
            "\(Self.features(images).symmetricDifference(expectedImages).sorted())")
    }

    /// The verdict on each part, held to what happens when the part is pointed at `gateway`: what is said to be blocked fails, for one of the
    /// reasons that were given, and all else runs.
    private static func verdicts(
        on report: Report, of profile: Profile, _ parts: [String: String], named name: String
    ) throws -> [String: MoveVerdict] {
        let suites = try SuiteFeatures(library.get(), of: [report])
        let shop = try WebShop(parts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        var seen: [String: MoveVerdict] = [:]
        for part in parts.keys {
            let assessment = Assessment(try #require(profile.part(part)), on: report, suites)
            seen["\(part) on \(name)"] = assessment.verdict
            let problems = shop.problems(of: part)
            guard assessment.verdict == .blocked else {
                #expect(problems == [] && shop.held(part), "\(part) on \(name): \(assessment.verdict)")
                continue
            }
            #expect(!problems.isEmpty, "\(part) on \(name) was said to be blocked: \(assessment.findings)")
            let blocked = assessment.findings.filter { $0.level == .blocked }
            // A refusal names the capability, and what a lock hides is not found.
            let words = blocked.flatMap { finding -> [String] in
                if finding.subject.hasPrefix("lock:") { return ["none"] }
                // `kv.increment: in MULTI` names the capability too; who had MULTI refused is told that EXEC has none.
                let word = finding.subject.split(separator: ":")[0].split(separator: ".").last.map(String.init) ?? ""
                return word == "transaction" ? [word, "exec without multi"] : [word]
            }
            for problem in problems {
                #expect(
                    words.contains { problem.lowercased().contains($0) }, "\(part) on \(name): \(problem); \(words)")
            }
        }
        return seen
    }

    private static func gateway(_ listeners: [String], _ backend: String) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                \(listeners.map { "  \($0)" }.joined(separator: "\n"))
                backends:
                  candidate: { \(backend) }

                """)
    }

    private static let redisListener = "redis: { protocol: redis, listen: 127.0.0.1:0, backend: candidate }"

    private static func redisParts(_ gateway: Fairlead) -> [String: String] {
        Dictionary(uniqueKeysWithValues: WebShop.redisParts.map { ($0, "redis://127.0.0.1:\(gateway.port())") })
    }

    @Test("is safe or blocked where it was said to be")
    func verdicts() throws {
        let (_, profile) = try Self.profile()
        let memcached = try MemcachedServer()
        let etcd = try EtcdServer()
        let redis = try RedisServer()
        let folder = try TemporaryFolder()
        let backends = [
            ("redis", "url: \"redis://127.0.0.1:\(redis.port)\""),
            ("memcached", "adapter: memcached, url: \"\(memcached.url)\""),
            ("etcd", "adapter: etcd, url: \"\(etcd.url)\""),
            ("embedded", "adapter: embedded, options: { folder: \"\(folder.path)\" }"),
        ]
        var seen: [String: MoveVerdict] = [:]
        for (name, backend) in backends {
            let gateway = try Self.gateway([Self.redisListener], backend)
            seen.merge(
                try Self.verdicts(on: Self.report(name), of: profile, Self.redisParts(gateway), named: name)
            ) { $1 }
        }
        #expect(
            seen == [
                "sessions on redis": .safe, "carts on redis": .safe, "pages on redis": .safe,
                "bestsellers on redis": .safe, "mails on redis": .safe, "nightly on redis": .safe,
                "visits on redis": .safe, "imports on redis": .safe,
                "sessions on memcached": .limited, "carts on memcached": .blocked, "pages on memcached": .limited,
                "bestsellers on memcached": .blocked, "mails on memcached": .blocked, "nightly on memcached": .limited,
                "visits on memcached": .blocked, "imports on memcached": .blocked,
                "sessions on etcd": .limited, "carts on etcd": .blocked, "pages on etcd": .limited,
                "bestsellers on etcd": .blocked, "mails on etcd": .blocked, "nightly on etcd": .limited,
                "visits on etcd": .blocked, "imports on etcd": .blocked,
                "sessions on embedded": .safe, "carts on embedded": .safe, "pages on embedded": .safe,
                "bestsellers on embedded": .safe, "mails on embedded": .safe, "nightly on embedded": .limited,
                "visits on embedded": .safe, "imports on embedded": .safe,
            ], "\(seen.sorted { $0.key < $1.key })")
    }

    @Test("is told what a lock, a queue and a sequence do in a key's place, and gets it")
    func standIns() throws {
        let (_, profile) = try Self.profile()
        let folder = try TemporaryFolder()
        let refused = ["list.push", "kv.conditional-set", "kv.compare-and-set", "kv.increment"]
        let backend = """
            adapter: embedded, options: { folder: "\(folder.file("store"))" }, \
            gaps: { \(refused.map { "\($0): refuse" }.joined(separator: ", ")) }
            """
        let file = try folder.write(
            "fairlead.yaml",
            "listeners: { \(Self.redisListener) }\nbackends: { candidate: { \(backend) } }\n")
        let made = try Command.runBlocking(
            [
                try Tools.fairlead, "conform", "candidate", "--config", file, "--suites",
                "\(Tools.repository)/conformance/suites", "--suite", "capabilities", "--scratch", "--json",
                folder.file("report.json"),
            ], timeout: .seconds(180))
        #expect(made.status == 0, "\(made.text.suffix(2000)) \(made.errorText)")
        let report = try ReportFile.read(folder.file("report.json"))
        let gateway = try Self.gateway([Self.redisListener], backend)
        let seen = try Self.verdicts(on: report, of: profile, Self.redisParts(gateway), named: "stand-ins")
        #expect(
            seen == [
                "sessions on stand-ins": .limited, "carts on stand-ins": .safe, "pages on stand-ins": .blocked,
                "bestsellers on stand-ins": .safe, "mails on stand-ins": .limited, "nightly on stand-ins": .limited,
                "visits on stand-ins": .blocked, "imports on stand-ins": .blocked,
            ], "\(seen.sorted { $0.key < $1.key })")
        let suites = SuiteFeatures()
        for (part, kind) in [("sessions", "sequence"), ("mails", "queue"), ("nightly", "lock")] {
            let findings = Assessment(try #require(profile.part(part)), on: report, suites).findings
            let finding = try #require(findings.first { $0.subject == "\(kind): stands in" }, "\(findings)")
            #expect(!finding.cases.isEmpty && !findings.contains { $0.level == .unproven }, "\(findings)")
        }
    }

    @Test("keeps its orders and images where it was said, and nowhere else")
    func otherWires() throws {
        let (_, profile) = try Self.profile()
        func orders(_ gateway: Fairlead, _ user: String, _ password: String) -> [String: String] {
            let place = "host=127.0.0.1 port=\(gateway.port("orders")) user=\(user) password=\(password)"
            return ["orders": "\(place) dbname=postgres sslmode=disable"]
        }
        func images(_ gateway: Fairlead, _ key: String, _ secret: String) -> [String: String] {
            ["images": "http://127.0.0.1:\(gateway.port("images")),\(key),\(secret)"]
        }
        let ordersAt = "orders: { protocol: postgres, listen: 127.0.0.1:0, backend: candidate"
        let imagesAt = "images: { protocol: s3, listen: 127.0.0.1:0, backend: candidate"
        var seen: [String: MoveVerdict] = [:]
        let postgres = try PostgresServer()
        let database = try Self.gateway(
            ["\(ordersAt) }"], "url: \"postgres://127.0.0.1:\(postgres.port)?sslmode=disable\"")
        seen.merge(
            try Self.verdicts(
                on: Self.report("postgres"), of: profile,
                orders(database, PostgresServer.role, PostgresServer.password), named: "postgres")
        ) { $1 }
        let rados = try RadosGateway()
        let store = try Self.gateway(["\(imagesAt) }"], "url: \"\(rados.url)\"")
        seen.merge(
            try Self.verdicts(
                on: Self.report("radosgw"), of: profile,
                images(store, rados.credentials.accessKey, rados.credentials.secretKey), named: "radosgw")
        ) { $1 }
        let folder = try TemporaryFolder()
        let embedded = try Self.gateway(
            ["\(ordersAt), users: { shop: secret } }", "\(imagesAt), access-keys: { AKIASHOP: secret } }"],
            "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        seen.merge(
            try Self.verdicts(
                on: Self.report("embedded"), of: profile,
                orders(embedded, "shop", "secret").merging(images(embedded, "AKIASHOP", "secret")) { $1 },
                named: "embedded")
        ) { $1 }
        #expect(
            seen == [
                "orders on postgres": .safe, "images on radosgw": .limited, "orders on embedded": .safe,
                "images on embedded": .safe,
            ], "\(seen.sorted { $0.key < $1.key })")

        // What speaks neither is said to be nothing for them, and is not bound.
        for (name, backend) in [
            ("memcached", "adapter: memcached, url: \"tcp://127.0.0.1:1\""),
            ("etcd", "adapter: etcd, url: \"http://127.0.0.1:1\""), ("redis", "url: \"redis://127.0.0.1:1\""),
        ] {
            let report = try Self.report(name)
            for (part, listener, wire) in [("orders", ordersAt, "postgres"), ("images", imagesAt, "s3")] {
                let one = Assessment(try #require(profile.part(part)), on: report, SuiteFeatures())
                #expect(one.verdict == .blocked && one.findings.map(\.subject) == [wire])
                let file = try folder.write(
                    "\(name)-\(part).yaml",
                    """
                    listeners: { \(listener) } }
                    backends: { candidate: { \(backend) } }

                    """)
                let checked = try Command.runBlocking([try Tools.fairlead, "check", file])
                #expect(checked.status == 1, "\(checked.text)")
                #expect(checked.errorText.contains("listeners.\(part).backend: "), "\(checked.errorText)")
            }
        }
    }
}
