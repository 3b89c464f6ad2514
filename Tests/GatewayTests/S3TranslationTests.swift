// How requests of S3 become operations: ranges, checksums, names of what is refused.

import Capabilities
import Testing

@testable import Gateway

@Suite("S3 translation")
struct S3TranslationTests {
    static func range(_ text: String) -> ObjectRange? { S3Call.range(Array(text.utf8)) }

    @Test("a range is what RFC 9110, 14.1.2 says, and anything else is none")
    func ranges() {
        #expect(Self.range("bytes=0-0") == .from(0, through: 0))
        #expect(Self.range("bytes=5-") == .from(5, through: nil))
        #expect(Self.range("bytes=-5") == .last(5))
        for text in [
            "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=0-1,3-4", "lines=0-1", "bytes=--5",
        ] {
            #expect(Self.range(text) == nil, "\(text)")
        }
    }

    @Test("the bytes of a range are those that the object has")
    func bytes() throws {
        let info = ObjectInfo(size: 10, etag: [], modified: 0, partSizes: [4, 6])
        #expect(try info.bytes(of: .whole) == 0..<10)
        #expect(try info.bytes(of: .from(9, through: 100)) == 9..<10)
        #expect(try info.bytes(of: .from(0, through: .max)) == 0..<10)
        #expect(try info.bytes(of: .last(.max)) == 0..<10)
        #expect(try info.bytes(of: .part(2)) == 4..<10)
        for range in [ObjectRange.from(10, through: nil), .last(0), .from(.max, through: .max)] {
            #expect(throws: ObjectFailure.invalidRange(size: 10)) { try info.bytes(of: range) }
        }
        #expect(throws: ObjectFailure.noSuchPartNumber(parts: 2)) { try info.bytes(of: .part(3)) }
    }

    @Test("conditions are weighed in the order of RFC 9110, 13.2.2")
    func conditions() throws {
        let etag = Array("e".utf8)
        func failure(_ conditions: ObjectConditions, _ use: ObjectConditions.Use) -> ObjectFailure? {
            do throws(ObjectFailure) {
                try conditions.check(etag: etag, modified: 5_999, for: use)
                return nil
            } catch {
                return error
            }
        }
        let other = ObjectConditions.Tags.oneOf([Array("x".utf8)])
        #expect(failure(ObjectConditions(ifMatch: .any), .read) == nil)
        #expect(failure(ObjectConditions(ifMatch: other), .read) == .preconditionFailed("If-Match"))
        // If-Match decides, and If-Unmodified-Since is not looked at; the same for the other two.
        #expect(failure(ObjectConditions(ifMatch: .oneOf([etag]), ifUnmodifiedSince: 0), .read) == nil)
        #expect(failure(ObjectConditions(ifNoneMatch: other, ifModifiedSince: 10_000), .read) == nil)
        #expect(failure(ObjectConditions(ifNoneMatch: .oneOf([etag])), .read) == .notModified)
        #expect(failure(ObjectConditions(ifNoneMatch: .any), .changed) == .preconditionFailed("If-None-Match"))
        #expect(failure(ObjectConditions(ifModifiedSince: 5_000), .read) == .notModified)
        #expect(failure(ObjectConditions(ifModifiedSince: 4_000), .read) == nil)
        #expect(failure(ObjectConditions(ifModifiedSince: 5_000), .copied) == .preconditionFailed("If-Modified-Since"))
        #expect(failure(ObjectConditions(ifUnmodifiedSince: 5_000), .read) == nil)
        #expect(
            failure(ObjectConditions(ifUnmodifiedSince: 4_000), .changed) == .preconditionFailed("If-Unmodified-Since"))
        #expect(throws: ObjectFailure.noSuchKey) { try ObjectConditions(ifMatch: .any).checkAbsent() }
        try ObjectConditions(ifNoneMatch: .any).checkAbsent()
    }

    @Test("the capabilities of an answer are those of the effective manifest")
    func capabilities() {
        var manifest = Manifest(
            adapter: "x", [.objectPut: ManifestEntry(.native), .objectGet: ManifestEntry(.emulated)])
        manifest[.objectCopy] = ManifestEntry(.refused)
        #expect(S3Translator.capabilities(of: manifest) == Array("put,get".utf8))
    }

    @Test("checksums are read as they are shown", arguments: ObjectChecksum.Algorithm.allCases)
    func checksums(algorithm: ObjectChecksum.Algorithm) {
        let value = [UInt8](repeating: 0xA5, count: algorithm.byteCount)
        for parts in [nil, 3] {
            let checksum = ObjectChecksum(algorithm, value, parts: parts)
            #expect(ObjectChecksum(algorithm, text: checksum.text) == checksum)
        }
        #expect(ObjectChecksum(algorithm, text: Array("AA==".utf8)) == nil)
        #expect(ObjectChecksum(algorithm, text: []) == nil)
        #expect(ObjectChecksum.Algorithm(fieldName: Array(algorithm.fieldName.description.utf8)) == algorithm)
    }
}
