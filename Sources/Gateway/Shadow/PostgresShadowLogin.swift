// What the shadow answers when a PostgreSQL server asks who it is.

import Digest
import PostgresWire
import Wire

/// The client's side of a login by password: in the clear, MD5, or SCRAM-SHA-256 (protocol page "Message Flow", "Start-up").
struct PostgresShadowLogin {
    private let user: [UInt8]
    private let password: [UInt8]
    private var nonce: [UInt8] = []
    private var signature: [UInt8] = []

    /// What is computed for a server that asks for more takes too long: its own default is 4096.
    private static let iterationLimit = 1_000_000

    init(user: [UInt8], password: [UInt8]) {
        self.user = user
        self.password = password
    }

    /// What to send in answer to an Authentication message with this body; nil where there is no answer, empty for none needed.
    mutating func answer(_ body: [UInt8]) -> [UInt8]? {
        guard let code = body.span.bigEndianUInt32(at: 0) else { return nil }
        let data = Array(body.dropFirst(4))
        switch code {
        case 0: return []
        case 3: return PostgresQuestion.password(password)
        case 5 where data.count == 4: return PostgresQuestion.password(Self.md5(user, password, salt: data))
        case 10: return first(data)
        case 11: return last(data)
        // A server that does not know the password cannot have computed this.
        case 12: return data == Array("v=".utf8) + base64(signature) ? [] : nil
        default: return nil
        }
    }

    private static func md5(_ user: [UInt8], _ password: [UInt8], salt: [UInt8]) -> [UInt8] {
        func hash(_ bytes: [UInt8]) -> [UInt8] { hexadecimal(HashAlgorithm.md5.hash(bytes)) }
        return Array("md5".utf8) + hash(hash(password + user) + salt)
    }

    private mutating func first(_ mechanisms: [UInt8]) -> [UInt8]? {
        guard mechanisms.split(separator: 0).contains(where: { $0.elementsEqual(PostgresSCRAM.mechanism.utf8) })
        else { return nil }
        nonce = base64(randomBytes(18))
        return PostgresQuestion.saslInitialResponse(PostgresSCRAM.mechanism, Array("n,,".utf8) + bare)
    }

    private var bare: [UInt8] { Array("n=,r=".utf8) + nonce }

    private mutating func last(_ message: [UInt8]) -> [UInt8]? {
        let parts = message.split(separator: UInt8(ascii: ",")).map { Array($0) }
        guard parts.count >= 3, parts[0].starts(with: Array("r=".utf8) + nonce),
            parts[1].starts(with: Array("s=".utf8)),
            let salt = bytesOfBase64(parts[1].dropFirst(2)), parts[2].starts(with: Array("i=".utf8)),
            let iterations = Int(String(decoding: parts[2].dropFirst(2), as: UTF8.self)),
            (1...Self.iterationLimit).contains(iterations)
        else { return nil }
        let withoutProof = Array("c=biws,".utf8) + parts[0]
        let signed = bare + Array(",".utf8) + message + Array(",".utf8) + withoutProof
        let salted = pbkdf2SHA256(password: password, salt: salt, iterations: iterations)
        let clientKey = hmacSHA256(key: salted, Array("Client Key".utf8))
        let clientSignature = hmacSHA256(key: HashAlgorithm.sha256.hash(clientKey), signed)
        signature = hmacSHA256(key: hmacSHA256(key: salted, Array("Server Key".utf8)), signed)
        let proof = zip(clientKey, clientSignature).map { $0 ^ $1 }
        return PostgresQuestion.saslResponse(withoutProof + Array(",p=".utf8) + base64(proof))
    }
}
