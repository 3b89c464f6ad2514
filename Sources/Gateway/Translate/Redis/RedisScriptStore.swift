// The scripts that clients have loaded, to be called by their digests.

import Digest
import Synchronization

/// The loaded scripts of one backend, as redis-server keeps them for all its clients: SHA-1 in hexadecimal to meaning.
final class RedisScriptStore: Sendable {
    /// Scripts are told apart by their bytes, spaces included, so that there can be more of them than meanings.
    private static let limit = 1024

    private let scripts = Mutex<[[UInt8]: RedisLoadedScript]>([:])

    func load(_ script: RedisLoadedScript) {
        scripts.withLock { scripts in
            // Clients cope with a server that has forgotten its scripts: they load them again.
            if scripts.count >= Self.limit { scripts.removeAll() }
            scripts[script.digest] = script
        }
    }

    /// The script with a digest, whose letters may be of either case.
    subscript(digest: [UInt8]) -> RedisLoadedScript? {
        guard digest.count == HashAlgorithm.sha1.byteCount * 2 else { return nil }
        let folded = digest.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return scripts.withLock { $0[folded] }
    }

    func removeAll() { scripts.withLock { $0.removeAll() } }
}
