// The web shop of Tests/WebShop, run against gateways.

import Conformance
import Foundation
import Portability
import TestSupport
import Usage

/// One run of parts of the shop's own tests.
struct WebShop {
    struct Result: Decodable, Equatable {
        let part: String
        let test: String
        /// Empty where the test held.
        let problem: String
    }

    static let redisParts = ["sessions", "carts", "pages", "bestsellers", "mails", "nightly", "visits", "imports"]

    let results: [Result]

    /// Runs parts of it, such as `sessions=redis://127.0.0.1:6380`.
    init(_ parts: [String]) throws {
        let folder = "\(Tools.repository)/Tests/WebShop"
        let output = try Command.checkBlocking(
            [try Tools.python, "-m", "shop"] + parts,
            env: ["PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1", "AWS_EC2_METADATA_DISABLED": "true"],
            timeout: .seconds(120)
        ).text
        results = try output.split(separator: "\n").map { try JSONDecoder().decode(Result.self, from: Data($0.utf8)) }
    }

    func problems(of part: String) -> [String] {
        results.filter { $0.part == part && !$0.problem.isEmpty }.map { "\($0.test): \($0.problem)" }
    }

    func held(_ part: String) -> Bool {
        results.contains { $0.part == part } && problems(of: part).isEmpty
    }
}

extension Profile {
    /// What the part of the shop was seen to use.
    func part(_ name: String) -> Application? {
        applications.first { $0.identity.values.contains(name) || $0.identity["agent"]?.contains(name) == true }
    }
}
