// What is made from SHA-256 and a secret, secret bytes themselves, and their comparison.

import COpenSSL

/// HMAC-SHA-256 (RFC 2104), 32 bytes.
package func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: HashAlgorithm.sha256.byteCount) { buffer, count in
        var written: UInt32 = 0
        // An empty array has no address, and OpenSSL takes a null key to mean the key of the call before.
        let key = key.isEmpty ? [0] : key
        HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, buffer.baseAddress, &written)
        count = Int(written)
    }
}

/// PBKDF2 with HMAC-SHA-256 (RFC 8018, 5.2): `byteCount` bytes from a password; one thousand iterations take about a
/// millisecond.
package func pbkdf2SHA256(password: [UInt8], salt: [UInt8], iterations: Int, byteCount: Int = 32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
        let done = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: password.count),
                salt, Int32(clamping: salt.count), Int32(clamping: iterations), EVP_sha256(),
                Int32(clamping: byteCount), buffer.baseAddress)
        }
        precondition(done == 1, "PBKDF2 takes at least one iteration")
        count = byteCount
    }
}

/// `count` bytes that nobody can guess.
package func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        precondition(RAND_bytes(buffer.baseAddress, Int32(clamping: count)) == 1, "the system gives no random bytes")
        initialized = count
    }
}

/// Whether both are the same, in a time that tells only whether their lengths are.
package func equalInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && (one.isEmpty || CRYPTO_memcmp(one, other, one.count) == 0)
}
