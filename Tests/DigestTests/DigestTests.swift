// The digests against published vectors.

import Digest
import Testing

@Suite("Digests")
struct DigestTests {
    static func text(_ bytes: [UInt8]) -> String { String(decoding: hexadecimal(bytes), as: UTF8.self) }

    @Test("hashes are those of RFC 1321's and FIPS 180's examples")
    func hashes() {
        // RFC 1321, A.5.
        #expect(Self.text(HashAlgorithm.md5.hash([])) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(Self.text(HashAlgorithm.md5.hash(Array("message digest".utf8))) == "f96b697d7cb7938d525a2f31aaf161d0")
        // NIST's example values for FIPS 180: SHA1.pdf and SHA256.pdf.
        let long = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        #expect(Self.text(HashAlgorithm.sha1.hash(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(Self.text(HashAlgorithm.sha1.hash(long)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        #expect(
            Self.text(HashAlgorithm.sha256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Self.text(HashAlgorithm.sha256.hash(long))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    @Test("a hash does not depend on how its bytes are cut, and a finished one begins anew", arguments: 1...70)
    func pieces(size: Int) {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for algorithm in HashAlgorithm.allCases {
            var function = HashFunction(algorithm)
            for _ in 0..<2 {
                for start in stride(from: 0, to: bytes.count, by: size) {
                    function.update(bytes[start..<min(start + size, bytes.count)])
                }
                #expect(function.finish() == algorithm.hash(bytes))
            }
        }
        for algorithm in CRCAlgorithm.allCases {
            var whole = CRC(algorithm)
            whole.update(bytes)
            var crc = CRC(algorithm)
            for start in stride(from: 0, to: bytes.count, by: size) {
                crc.update(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(crc.value == whole.value)
        }
    }

    @Test("keyed hashes are those of RFC 4231's examples")
    func keyedHashes() {
        // RFC 4231, 4.2, 4.3 and 4.7.
        #expect(
            Self.text(hmacSHA256(key: [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            Self.text(hmacSHA256(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Self.text(
                hmacSHA256(
                    key: [UInt8](repeating: 0xAA, count: 131),
                    Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        // The value that FIPS 198's empty key and empty message give, as Python's hmac has it.
        #expect(
            Self.text(hmacSHA256(key: [], []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("keys from passwords are those of RFC 7914's examples")
    func passwords() {
        // RFC 7914, 11.
        #expect(
            Self.text(
                pbkdf2SHA256(password: Array("passwd".utf8), salt: Array("salt".utf8), iterations: 1, byteCount: 64))
                == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783")
        #expect(
            Self.text(
                pbkdf2SHA256(
                    password: Array("Password".utf8), salt: Array("NaCl".utf8), iterations: 80000, byteCount: 64))
                == "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d")
    }

    @Test("cyclic checks are those that the CRC catalogue gives for 123456789")
    func cyclicChecks() {
        // reveng.sourceforge.io/crc-catalogue: CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME.
        let expected: [CRCAlgorithm: UInt64] = [
            .crc32: 0xCBF4_3926, .crc32c: 0xE306_9283, .crc64NVME: 0xAE8B_1486_0A79_9888,
        ]
        for (algorithm, value) in expected {
            var crc = CRC(algorithm)
            crc.update(Array("123456789".utf8))
            #expect(crc.value == value)
            #expect(crc.bytes.reduce(0) { $0 << 8 | UInt64($1) } == value)
            #expect(crc.bytes.count == algorithm.byteCount)
        }
        // RFC 3720, B.4: 32 bytes of zeroes, of ones, and rising.
        let castagnoli: [([UInt8], UInt64)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ((0..<32).map { UInt8($0) }, 0x46DD_794E),
        ]
        for (bytes, value) in castagnoli {
            var crc = CRC(.crc32c)
            crc.update(bytes)
            #expect(crc.value == value)
        }
    }

    @Test("the checks of two halves join to the check of the whole", arguments: [0, 1, 7, 64, 4095, 10_000])
    func joining(cut: Int) {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 5) }
        for algorithm in CRCAlgorithm.allCases {
            func check(_ piece: ArraySlice<UInt8>) -> UInt64 {
                var crc = CRC(algorithm)
                crc.update(piece)
                return crc.value
            }
            let joined = algorithm.joined(
                check(bytes[..<cut]), check(bytes[cut...]), byteCount: UInt64(bytes.count - cut))
            #expect(joined == check(bytes[...]))
        }
    }

    @Test("random bytes are as many as asked for and differ")
    func random() {
        #expect(randomBytes(0).isEmpty)
        #expect(randomBytes(32).count == 32)
        #expect(randomBytes(32) != randomBytes(32))
    }

    @Test("a comparison in constant time compares")
    func comparison() {
        #expect(equalInConstantTime([], []))
        #expect(equalInConstantTime([1, 2, 3], [1, 2, 3]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2, 4]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2]))
    }
}
