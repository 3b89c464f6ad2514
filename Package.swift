// swift-tools-version: 6.2
// The package: wire modules, the reactor, the gateway, the admin listener and the command line.

import PackageDescription

let strict: [SwiftSetting] = [
    // An async function stays where its caller is: no hop between a session's steps.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }
func http2(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio-http2") }

let package = Package(
    name: "fairlead",
    products: [
        .executable(name: "fairlead", targets: ["fairlead"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The trusted wires: pure, no socket, no clock.
        .target(name: "Wire", path: "protocols/Wire", swiftSettings: strict),
        .target(
            name: "RedisWire", dependencies: ["Wire"], path: "protocols/Redis", exclude: ["LIFECYCLE.md"],
            swiftSettings: strict),
        .target(
            name: "PostgresWire", dependencies: ["Wire"], path: "protocols/Postgres", exclude: ["LIFECYCLE.md"],
            swiftSettings: strict),
        .target(
            name: "S3Wire", dependencies: ["Wire"], path: "protocols/S3", exclude: ["LIFECYCLE.md"],
            swiftSettings: strict),

        // The event loop.
        .target(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "Reactor", dependencies: ["CLinux", "COpenSSL"], swiftSettings: strict),
        .target(name: "Digest", dependencies: ["COpenSSL"], swiftSettings: strict),

        // What a backend can be able to do, and what an adapter implements.
        .target(name: "Capabilities", swiftSettings: strict),
        // What applications were seen to use.
        .target(name: "Usage", swiftSettings: strict),
        // How far a migration is, and which keys it still has to copy.
        .target(name: "Migration", swiftSettings: strict),
        .target(name: "Multiplex", dependencies: ["Reactor"], exclude: ["LIFECYCLE.md"], swiftSettings: strict),

        // The private protocols.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "EmbeddedAdapter", dependencies: ["Capabilities", "Reactor", "Digest", "CLinux", "CSQLite"],
            path: "adapters/embedded", exclude: ["DURABILITY.md"], swiftSettings: strict),
        .target(
            name: "MemcachedSwiftAdapter", dependencies: ["Capabilities", "Reactor", "Multiplex"],
            path: "adapters/memcached-swift", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "DeclaredAdapter",
            dependencies: ["Capabilities", "Reactor", "Multiplex", "Digest", .product(name: "Yams", package: "Yams")],
            path: "adapters/declared", resources: [.embedInCode("Shipped")], swiftSettings: strict),
        .target(
            name: "ProcessAdapter",
            dependencies: [
                "Capabilities", "Reactor", nio("NIOCore"), nio("NIOPosix"), http2("NIOHPACK"), http2("NIOHTTP2"),
                protobuf,
            ],
            path: "adapters/process",
            exclude: [
                "README.md", "examples", "fairlead_adapter.proto", "dapr_components.proto", "reflection.proto",
                "status.proto",
            ], swiftSettings: strict),

        // The reference clients, and the runner of the conformance suites that drives backends with them.
        // hiredis.pc has a flag that SwiftPM forbids, with a warning; its header and library are where compilers look.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "Conformance",
            dependencies: [
                "Capabilities", "Digest", "CHiredis", "CPostgres", "CCurl", "COpenSSL",
                .product(name: "Yams", package: "Yams"),
            ],
            path: "conformance/Runner", swiftSettings: strict),

        // What ties them.
        .target(
            name: "Gateway",
            dependencies: [
                "Wire", "RedisWire", "PostgresWire", "S3Wire", "Reactor", "Capabilities", "Digest", "Migration",
                "Usage",
                logging,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "Admin",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                nio("NIOCore"), nio("NIOPosix"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                logging,
            ],
            swiftSettings: strict),
        // What applications use beside what backends are proven to do.
        .target(
            name: "Portability", dependencies: ["Capabilities", "Conformance", "Gateway", "Usage"],
            swiftSettings: strict),
        .executableTarget(
            name: "fairlead",
            dependencies: [
                "Gateway", "Admin", "Capabilities", "Conformance", "EmbeddedAdapter", "DeclaredAdapter",
                "MemcachedSwiftAdapter", "Portability", "Usage",
                "ProcessAdapter", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Proof.
        .target(name: "TestSupport", dependencies: ["Digest"], path: "Tests/Support", swiftSettings: strict),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "RedisWireTests", dependencies: ["RedisWire", "Wire"], exclude: ["Recording"],
            swiftSettings: strict),
        .testTarget(name: "PostgresWireTests", dependencies: ["PostgresWire", "Wire"], swiftSettings: strict),
        .testTarget(name: "S3WireTests", dependencies: ["S3Wire", "Wire", "Digest"], swiftSettings: strict),
        .testTarget(
            name: "PortabilityTests",
            dependencies: ["Portability", "Capabilities", "Conformance", "Gateway", "Usage", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "DigestTests", dependencies: ["Digest"], swiftSettings: strict),
        .testTarget(
            name: "MultiplexTests", dependencies: ["Multiplex", "Reactor", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "MemcachedSwiftAdapterTests",
            dependencies: [
                "MemcachedSwiftAdapter", "AdapterTestSupport", "Capabilities", "Multiplex", "Reactor", "TestSupport",
            ], swiftSettings: strict),
        .target(
            name: "AdapterTestSupport", dependencies: ["Capabilities", "Reactor"], path: "Tests/AdapterSupport",
            swiftSettings: strict),
        .testTarget(
            name: "DeclaredAdapterTests",
            dependencies: ["DeclaredAdapter", "Capabilities", "Multiplex", "Reactor", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "EmbeddedAdapterTests",
            dependencies: ["EmbeddedAdapter", "Capabilities", "Digest", "Reactor", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "EmbeddedSQLTests",
            dependencies: ["EmbeddedAdapter", "Capabilities", "Reactor", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "AdapterFaultTests",
            dependencies: [
                "AdapterTestSupport", "Capabilities", "DeclaredAdapter", "MemcachedSwiftAdapter", "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "ProcessAdapterTests",
            dependencies: [
                "ProcessAdapter", "Capabilities", "Reactor", "TestSupport", nio("NIOCore"), http2("NIOHPACK"), protobuf,
            ], exclude: ["Adapters"], swiftSettings: strict),
        .testTarget(name: "UsageTests", dependencies: ["Usage"], swiftSettings: strict),
        .testTarget(name: "MigrationTests", dependencies: ["Migration"], swiftSettings: strict),
        .testTarget(name: "CapabilitiesTests", dependencies: ["Capabilities"], swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "Capabilities", "Migration", "RedisWire", "PostgresWire", "Reactor", "S3Wire", "Usage",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "fairlead", "Gateway", "Capabilities", "Conformance", "Digest", "Portability", "Reactor", "RedisWire",
                "S3Wire", "Usage", "Wire", "TestSupport", "CAllocations", logging,
            ],
            swiftSettings: strict),
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .testTarget(
            name: "ReactorTests", dependencies: ["Reactor", "TestSupport", "CAllocations"], swiftSettings: strict),
        .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "ConformanceTests", dependencies: ["Conformance", "Capabilities", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "AdminTests", dependencies: ["Admin"], swiftSettings: strict),
        .testTarget(
            name: "FairleadTests",
            dependencies: [
                "fairlead", "Conformance", "DeclaredAdapter", "Gateway", "Portability", "TestSupport", "Usage",
            ],
            swiftSettings: strict),
    ]
)
