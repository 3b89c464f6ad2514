// Requests about buckets.

import Capabilities
import S3Wire

extension S3Call {
    func listBuckets(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectBuckets)
        let service = try objects()
        let prefix = request.parameter("prefix") ?? []
        let limit = try number("max-buckets", 1...10_000)
        let after = try token(request.parameter("continuation-token"))
        let all = try await asking { () async throws(ObjectFailure) in try await service.listBuckets(context) }
        let matching = all.filter { bucket in
            bucket.name.starts(with: prefix) && after.map { $0.lexicographicallyPrecedes(bucket.name) } ?? true
        }
        let shown = matching.prefix(limit ?? matching.count)
        var xml = S3XMLWriter("ListAllMyBucketsResult")
        owner("Owner", &xml)
        xml.open("Buckets")
        for bucket in shown {
            xml.open("Bucket")
            xml.element("Name", bucket.name)
            xml.element("CreationDate", S3Date.iso(milliseconds: bucket.created))
            xml.close("Bucket")
        }
        xml.close("Buckets")
        if let last = shown.last, shown.count < matching.count {
            xml.element("ContinuationToken", Self.token(last.name))
        }
        if !prefix.isEmpty { xml.element("Prefix", prefix) }
        xml.close("ListAllMyBucketsResult")
        answer(200, common, xml: xml)
    }

    /// The one owner that everything has here.
    func owner(_ name: StaticString, _ xml: inout S3XMLWriter) {
        xml.open(name)
        xml.element("ID", "fairlead")
        xml.element("DisplayName", "fairlead")
        xml.close(name)
    }

    func createBucket(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectBuckets)
        let service = try objects()
        let document = try await document()
        // Whatever an adapter would make of another name, clients and hosts know none.
        guard BucketName.isValid(bucket) else {
            throw S3Refusal(.invalidBucketName, "The specified bucket is not valid.")
        }
        if !document.isEmpty {
            let root = try S3XMLElement.parse(document)
            guard root.isNamed("CreateBucketConfiguration") else {
                throw S3Refusal(.malformedXML, "expected the root element CreateBucketConfiguration")
            }
            // Without a region of the listener's it is the client's affair; anything else would be a wish unfulfilled.
            if hasRegion, let wanted = root.text("LocationConstraint"), wanted != Array(region.utf8) {
                throw S3Refusal(
                    .illegalLocationConstraint,
                    "The \(String(decoding: wanted, as: UTF8.self)) location constraint is incompatible for the region "
                        + "specific endpoint this request was sent to.")
            }
            if let other = root.children.first(where: { !$0.isNamed("LocationConstraint") }) {
                throw S3Refusal(
                    .notImplemented,
                    gate.refusal(.objectBuckets, "\(String(decoding: other.name, as: UTF8.self)) of CreateBucket"))
            }
        }
        try await asking { () async throws(ObjectFailure) in try await service.createBucket(bucket, context) }
        var fields = common
        fields.add("Location", [0x2F] + bucket)
        answer(200, fields)
    }

    func headBucket(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectBuckets)
        let service = try objects()
        _ = try await asking { () async throws(ObjectFailure) in try await service.headBucket(bucket, context) }
        var fields = common
        fields.add("x-amz-bucket-region", region)
        answer(200, fields)
    }

    func deleteBucket(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectBuckets)
        let service = try objects()
        try await asking { () async throws(ObjectFailure) in try await service.deleteBucket(bucket, context) }
        answer(204, common)
    }

    /// An empty constraint is the region us-east-1, "GetBucketLocation".
    func getBucketLocation(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectBuckets)
        let service = try objects()
        _ = try await asking { () async throws(ObjectFailure) in try await service.headBucket(bucket, context) }
        var xml = S3XMLWriter("LocationConstraint")
        if region != Self.standardRegion { xml.text(region) }
        xml.close("LocationConstraint")
        answer(200, common, xml: xml)
    }

    /// Versioning was never switched on: "GetBucketVersioning" then has no status.
    func getBucketVersioning(_ common: S3AnswerFields) async throws(S3Refusal) {
        try need(.objectBuckets)
        let service = try objects()
        _ = try await asking { () async throws(ObjectFailure) in try await service.headBucket(bucket, context) }
        var xml = S3XMLWriter("VersioningConfiguration")
        xml.close("VersioningConfiguration")
        answer(200, common, xml: xml)
    }
}
