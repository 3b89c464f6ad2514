// The scripts that clients have loaded, to be called by their digests.

import Digest
import RedisWire
import Synchronization

/// The loaded scripts of one backend, as redis-server keeps them for all its clients: SHA-1 in hexadecimal to meaning.
final class RedisScriptStore: Sendable {
    /// Scripts are told apart by their bytes, spaces included, so that there can be more of them than meanings.
    private static let limit = 1024

    private let scripts = Mutex<[[UInt8]: RedisKnownScript]>([:])

    /// Keeps a script and gives its digest.
    @discardableResult
    func load(_ script: RedisKnownScript, _ text: [UInt8]) -> [UInt8] {
        let digest = hexadecimal(HashAlgorithm.sha1.hash(text))
        scripts.withLock { scripts in
            // Clients cope with a server that has forgotten its scripts: they load them again.
            if scripts.count >= Self.limit { scripts.removeAll() }
            scripts[digest] = script
        }
        return digest
    }

    /// The script with a digest, whose letters may be of either case.
    subscript(digest: [UInt8]) -> RedisKnownScript? {
        guard digest.count == HashAlgorithm.sha1.byteCount * 2 else { return nil }
        let folded = digest.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return scripts.withLock { $0[folded] }
    }

    func removeAll() { scripts.withLock { $0.removeAll() } }
}
