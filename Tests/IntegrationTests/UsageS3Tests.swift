// What S3 clients use, as a gateway in front of a real server has seen it: right to the feature, and nothing else.

import Foundation
import TestSupport
import Testing

@testable import Gateway
@testable import Usage

@Suite("what S3 applications use", .serialized)
struct UsageS3Tests {
    @Test("is told by operation, header, query, signature and payload")
    func features() async throws {
        let server = try await MotoServer.start()
        defer { server.stop() }
        let gateway = try S3Gateway(to: server.port)
        let folder = try TemporaryFolder()
        let file = try folder.write("main.py", Self.program)
        try await Command.check(
            [try Tools.python, file, gateway.url],
            env: [
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary-secret",
                "AWS_DEFAULT_REGION": "us-east-1",
            ], timeout: .seconds(120))
        let profile = try #require(await gateway.profile())
        let application = try #require(profile.applications.first { $0.identity["agent"] == "Boto3" })
        #expect(application.identity == ["agent": "Boto3", "access-key": "AKIDEXAMPLE"])
        let seen = Set(application.features.keys)
        for feature in [
            "operation.CreateBucket", "operation.PutObject", "operation.GetObject", "operation.ListObjectsV2",
            "operation.DeleteObjects", "operation.CreateMultipartUpload", "operation.AbortMultipartUpload",
            "header.range", "header.x-amz-storage-class", "header.if-none-match", "query.prefix", "query.list-type",
            "query.max-keys", "query.uploads", "query.uploadid", "signature.v4",
        ] {
            #expect(seen.contains("s3.\(feature)"), "\(feature)")
        }
        for feature in ["operation.CopyObject", "header.x-amz-acl", "query.delimiter", "signature.v2"] {
            #expect(!seen.contains("s3.\(feature)"), "\(feature)")
        }
        #expect(application.features["s3.operation.PutObject"]?.count == 1)
        #expect(application.sizes["s3.body.bytes"] != nil)
        let listed = try #require(application.samples?["s3.query.max-keys"]?.first)
        #expect(listed.hasPrefix("ListObjectsV2 <path, 14 bytes> ?list-type=<1 bytes>"))
        #expect(listed.contains(" ?max-keys=<1 bytes>") && listed.contains(" ?prefix=<9 bytes>"))
        #expect(
            application.samples?["s3.header.range"]?.first?.hasPrefix("GetObject <path, 25 bytes> range: <9 bytes>")
                == true)
        // A presigned request has an agent of its own and the same key.
        let signed = profile.applications.first { $0.features["s3.signature.v4-presigned"] != nil }
        #expect(signed?.identity["access-key"] == "AKIDEXAMPLE")
        let text = profile.json()
        #expect(!text.contains("canary") && !text.contains("us-east-1"))
        await gateway.stop()
    }

    private static let program = #"""
        import sys, boto3, urllib.request
        from botocore.config import Config
        s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
        s3.create_bucket(Bucket="canary-bucket")
        s3.put_object(Bucket="canary-bucket", Key="canary/key", Body=b"canary body", StorageClass="STANDARD",
                      Metadata={"canary-name": "canary-value"}, IfNoneMatch="*")
        s3.get_object(Bucket="canary-bucket", Key="canary/key", Range="bytes=0-3")["Body"].read()
        s3.list_objects_v2(Bucket="canary-bucket", Prefix="canary/", MaxKeys=7)
        upload = s3.create_multipart_upload(Bucket="canary-bucket", Key="canary/parts")["UploadId"]
        s3.abort_multipart_upload(Bucket="canary-bucket", Key="canary/parts", UploadId=upload)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "canary-bucket", "Key": "canary/key"})
        urllib.request.urlopen(url).read()
        s3.delete_objects(Bucket="canary-bucket", Delete={"Objects": [{"Key": "canary/key"}]})
        """#
}
