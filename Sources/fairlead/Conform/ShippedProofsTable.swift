// Made by `fairlead conform matrix --proofs` from conformance/reports; not edited by hand.

import Gateway

extension ShippedProofs {
    static let table: [String: ShippedProof] = [:]
}
