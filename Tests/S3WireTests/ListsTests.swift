// Lists as servers answer with them, read back.

import Testing

@testable import S3Wire

@Suite("lists of S3 servers")
struct ListsTests {
    private static func objects(_ document: String) throws -> S3ObjectList {
        try S3ObjectList(Array(document.utf8))
    }

    @Test("keys are decoded where the server has encoded them, and only there")
    func encoding() throws {
        let entry = "<Contents><Key>a+b%2Bc%26/%E6%97%A5</Key><Size>7</Size></Contents>"
        let encoded = try Self.objects(
            "<ListBucketResult><EncodingType>url</EncodingType>\(entry)</ListBucketResult>")
        #expect(encoded.objects == [.init(key: Array("a b+c&/\u{65e5}".utf8), size: 7)])
        let plain = try Self.objects("<ListBucketResult>\(entry)</ListBucketResult>")
        #expect(plain.objects.map(\.key) == [Array("a+b%2Bc%26/%E6%97%A5".utf8)])
        let spaces = try Self.objects("<ListBucketResult><Contents><Key> k </Key></Contents></ListBucketResult>")
        #expect(spaces.objects == [.init(key: Array(" k ".utf8), size: 0)])
    }

    @Test("a page leads to the next one, and a list that breaks off is none")
    func pages() throws {
        let next = "<NextContinuationToken>t+</NextContinuationToken>"
        let more = try Self.objects("<ListBucketResult><IsTruncated>true</IsTruncated>\(next)</ListBucketResult>")
        #expect(more.next == Array("t+".utf8))
        #expect(
            try Self.objects("<ListBucketResult><IsTruncated>false</IsTruncated>\(next)</ListBucketResult>").next == nil
        )
        for document in [
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "<Error/>", "",
            "<ListBucketResult>",
            "<ListBucketResult><Contents/></ListBucketResult>",
            "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%2</Key></Contents></ListBucketResult>",
        ] {
            #expect(throws: S3ListProblem.self, "\(document)") { try Self.objects(document) }
        }
    }

    @Test("a storage class is told where it is not the usual one")
    func storageClasses() throws {
        func entry(_ name: String) -> String { "<Contents><Key>k</Key><StorageClass>\(name)</StorageClass></Contents>" }
        let list = try Self.objects(
            "<ListBucketResult>\(entry("STANDARD"))\(entry("GLACIER"))\(entry(""))</ListBucketResult>")
        #expect(list.objects.map(\.storageClass) == [nil, Array("GLACIER".utf8), nil])
    }

    @Test(
        "dates of documents are read, and nothing else",
        arguments: ["2010-11-10", "2010-13-10T20:48:33Z", "2010-11-10 20:48:33.0Z"])
    func dates(text: String) {
        #expect(S3Date(iso: Array(text.utf8)) == nil)
        #expect(S3Date(iso: Array("1970-01-02T00:00:01Z".utf8)) == S3Date(seconds: 86_401))
    }

    @Test("buckets and uploads in progress")
    func others() throws {
        let buckets = try S3BucketList(
            Array(
                "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket><Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>"
                    .utf8))
        #expect(buckets.names == [[0x61], [0x62]] && buckets.next == nil)
        let uploads = try S3UploadList(
            Array(
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><Upload><Key>k</Key><UploadId>u</UploadId><Initiated>2010-11-10T20:48:33.000Z</Initiated></Upload></ListMultipartUploadsResult>"
                    .utf8))
        let begun = try #require(S3Date(basic: Array("20101110T204833Z".utf8)))
        #expect(uploads.uploads == [.init(key: [0x6B], id: [0x75], begun: begun)])
        #expect(uploads.next?.key == [0x6B] && uploads.next?.id == [0x75])
        let versions = try S3VersionList(
            Array(
                "<ListVersionsResult><Version><Key>k</Key><VersionId>v</VersionId></Version><DeleteMarker><Key>l</Key><VersionId>null</VersionId></DeleteMarker></ListVersionsResult>"
                    .utf8))
        #expect(versions.versions == [.init(key: [0x6B], id: [0x76]), .init(key: [0x6C], id: Array("null".utf8))])
        #expect(throws: S3ListProblem.self) { try S3BucketList(Array("<ListBucketResult/>".utf8)) }
        #expect(throws: S3ListProblem.self) { try S3UploadList(Array("<ListBucketResult/>".utf8)) }
    }
}
