// Clients of an S3 listener `s3` whose shadow has a scratch bucket, and what the shadow has found.

import Foundation
import TestSupport
import Testing

enum ShadowedS3 {
    static func gateway(
        _ primary: String, _ candidate: String, _ shadow: String = "", listener: String = ""
    ) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  s3:
                    protocol: s3
                    listen: 127.0.0.1:0
                    backend: blobs
                    shadow: { backend: new, scratch-bucket: scratch\(shadow) }
                \(listener)
                backends:
                  blobs: { \(primary) }
                  new: { \(candidate) }
                """)
    }

    static func report(_ gateway: Fairlead) throws -> ShadowFindings {
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        return try ShadowFindings(gateway.get("/shadow").body)
    }

    /// Threads that write, read, copy and delete objects of their own, and some of all; the end of each is read again.
    private static let program = #"""
        import boto3, random, sys, threading
        from botocore.config import Config
        from botocore.exceptions import ClientError

        endpoint, rounds = sys.argv[1], int(sys.argv[2])
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, max_pool_connections=1,
                        response_checksum_validation="when_required")
        session = boto3.session.Session()
        failures = []

        def play(number):
            s3 = session.client("s3", endpoint_url=endpoint, config=config)
            def key(): return f"{random.choice(['all', number, number, number])}/k {random.randrange(4)}+é"
            def body(): return random.randbytes(random.choice([0, 1, 700, 60000, 90000]))
            def upload(parts):
                name = key()
                id = s3.create_multipart_upload(Bucket="photos", Key=name)["UploadId"]
                done = [{"PartNumber": n, "ETag": s3.upload_part(Bucket="photos", Key=name, UploadId=id, PartNumber=n, Body=p)["ETag"]}
                        for n, p in enumerate(parts, 1)]
                s3.complete_multipart_upload(Bucket="photos", Key=name, UploadId=id, MultipartUpload={"Parts": done})
                s3.get_object(Bucket="photos", Key=name, Range="bytes=0-99")["Body"].read()
            for round in range(rounds):
                choice = random.randrange(10)
                try:
                    if choice < 3: s3.put_object(Bucket="photos", Key=key(), Body=body(), Metadata={"n": str(round)}, ContentType="text/x")
                    elif choice < 6: s3.get_object(Bucket="photos", Key=key())["Body"].read()
                    elif choice == 6: s3.head_object(Bucket="photos", Key=key())
                    elif choice == 7: s3.copy_object(Bucket="photos", Key=key(), CopySource={"Bucket": "photos", "Key": key()})
                    elif choice == 8: s3.delete_object(Bucket="photos", Key=key())
                    elif round % 3: upload([body() + b"."])
                    else: s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": key()} for _ in range(3)]})
                except ClientError as error:
                    if error.response["Error"]["Code"] not in ("NoSuchKey", "404", "InvalidRequest", "InternalError", "NoSuchUpload", "InvalidRange"): failures.append(str(error))
                except Exception as error:
                    # rclone breaks off the answer where an object is written anew while it is read.
                    if "broken" not in str(error) and "not satisf" not in str(error): failures.append(repr(error))
            if number == 0:
                upload([b"x" * (5 << 20), b"y"])
            for n in range(4):
                s3.put_object(Bucket="photos", Key=f"{number}/k {n}+é", Body=str(n).encode())
                if s3.get_object(Bucket="photos", Key=f"{number}/k {n}+é")["Body"].read() != str(n).encode(): failures.append("content")

        s3 = boto3.client("s3", endpoint_url=endpoint, config=config)
        s3.create_bucket(Bucket="photos")
        # With the last object of a folder rclone takes the folder away, and an upload to it that is under way fails with a 500.
        for folder in ["all", *range(6)]: s3.put_object(Bucket="photos", Key=f"{folder}/stays", Body=b".")
        threads = [threading.Thread(target=play, args=(n,)) for n in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        if failures: sys.exit("\n".join(failures[:5]))
        """#

    static func play(_ gateway: Fairlead, _ credentials: S3Credentials) async throws -> ShadowFindings {
        let folder = try TemporaryFolder()
        _ = try await Command.check(
            [
                try Tools.python, try folder.write("main.py", program),
                "http://127.0.0.1:\(gateway.port("s3"))", "60",
            ], env: credentials.environment, timeout: .seconds(240))
        return try await blocking { try report(gateway) }
    }

    static func expectNoAlarm(_ report: ShadowFindings) {
        #expect(report.causes == [], "\(report.differences)")
        #expect(report.isAccountedFor, "\(report)")
        let operations = [
            "PutObject", "GetObject", "HeadObject", "CopyObject", "DeleteObject", "DeleteObjects",
            "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
        ]
        for operation in operations {
            let feature = report.features.first { $0.feature == "s3.operation.\(operation)" }
            #expect((feature?.identical ?? 0) > 0, "\(operation) \(report.features)")
        }
        #expect(report.compared > 150, "\(report)")
    }
}
