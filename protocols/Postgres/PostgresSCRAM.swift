// The messages of SCRAM as text; what is computed from them is the caller's part.

import Wire

/// The messages of SCRAM-SHA-256 as PostgreSQL uses them (RFC 5802, 7; RFC 7677; protocol page "SASL Authentication").
package enum PostgresSCRAM {
    package static let mechanism = "SCRAM-SHA-256"
    package static let boundMechanism = "SCRAM-SHA-256-PLUS"

    /// A SASLInitialResponse: the mechanism and the first message.
    package static func initialResponse(_ body: [UInt8]) -> (mechanism: String, message: [UInt8])? {
        guard let zero = body.firstIndex(of: 0), body.count - zero >= 5 else { return nil }
        let length = body[(zero + 1)..<(zero + 5)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let message = Array(body[(zero + 5)...])
        guard Int(length) == message.count else { return nil }
        return (String(decoding: body[..<zero], as: UTF8.self), message)
    }

    /// What a client-first-message says; the user's name in it is not used, as in the server itself.
    package struct ClientFirst: Sendable, Equatable {
        /// `n`: no channel binding; `y`: the client could, and believes that the server cannot; `p`: it binds.
        package var flag: UInt8
        /// The name of the binding, with `p`.
        package var binding: String?
        /// Everything up to the second comma, which the client's last message repeats.
        package var header: [UInt8]
        package var bare: [UInt8]
        package var nonce: [UInt8]

        package init?(_ message: [UInt8]) {
            let parts = PostgresSCRAM.parts(message)
            guard parts.count >= 4, let flag = parts[0].first, parts[1].isEmpty else { return nil }
            switch flag {
            case UInt8(ascii: "n"), UInt8(ascii: "y"): guard parts[0].count == 1 else { return nil }
            case UInt8(ascii: "p"):
                guard parts[0].count > 2, parts[0][1] == UInt8(ascii: "=") else { return nil }
                binding = String(decoding: parts[0][2...], as: UTF8.self)
            default: return nil
            }
            guard parts[2].starts(with: Array("n=".utf8)), parts[3].starts(with: Array("r=".utf8)) else { return nil }
            nonce = Array(parts[3].dropFirst(2))
            guard !nonce.isEmpty, nonce.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            self.flag = flag
            header = parts[0] + [UInt8(ascii: ","), UInt8(ascii: ",")]
            bare = Array(message.dropFirst(header.count))
        }
    }

    /// What a client-final-message says.
    package struct ClientFinal: Sendable, Equatable {
        /// The header and the binding's data, in Base64.
        package var binding: [UInt8]
        package var nonce: [UInt8]
        /// In Base64.
        package var proof: [UInt8]
        package var withoutProof: [UInt8]

        package init?(_ message: [UInt8]) {
            let parts = PostgresSCRAM.parts(message)
            guard parts.count >= 3, let last = parts.last, parts[0].starts(with: Array("c=".utf8)),
                parts[1].starts(with: Array("r=".utf8)), last.starts(with: Array("p=".utf8))
            else { return nil }
            binding = Array(parts[0].dropFirst(2))
            nonce = Array(parts[1].dropFirst(2))
            proof = Array(last.dropFirst(2))
            withoutProof = Array(message.dropLast(last.count + 1))
        }
    }

    package static func serverFirst(nonce: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
        Array("r=".utf8) + nonce + Array(",s=".utf8) + salt + Array(",i=\(iterations)".utf8)
    }

    private static func parts(_ message: [UInt8]) -> [[UInt8]] {
        message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Array($0) }
    }
}
