// swift-tools-version: 6.2
// The package: wire modules, the reactor, the gateway, the admin listener and the command line.

import PackageDescription

let strict: [SwiftSetting] = [
    // An async function stays where its caller is: no hop between a session's steps.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "fairlead",
    targets: [
        // Proof.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: strict),
    ]
)
