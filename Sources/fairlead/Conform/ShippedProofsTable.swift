// Made by `fairlead conform matrix --proofs` from conformance/reports; not edited by hand.

import Gateway

extension ShippedProofs {
    static let table: [String: ShippedProof] = [
        "embedded": ShippedProof(
            fairlead: "0.1.0", suites: "c72e7b181537", passed: true),
        "etcd": ShippedProof(
            fairlead: "0.1.0", suites: "c72e7b181537", passed: true),
        "memcached": ShippedProof(
            fairlead: "0.1.0", suites: "c72e7b181537", passed: true),
        "memcached-binary": ShippedProof(
            fairlead: "0.1.0", suites: "c72e7b181537", passed: true),
        "memcached-swift": ShippedProof(
            fairlead: "0.1.0", suites: "c72e7b181537", passed: true),
        "nats": ShippedProof(
            fairlead: "0.1.0", suites: "c72e7b181537", passed: true),
    ]
}
