// Uploads by a browser's form, signed by a policy.

import Digest

/// The form of a POST upload ("Browser-Based Uploads Using POST (AWS Signature Version 4)", Amazon S3 API Reference).
struct S3Form {
    /// The fields in order, without those of the signature.
    var fields: [S3Request.Field]
    /// The name that the browser tells for the file.
    static let fileName = "file.txt"
    /// A text that no body of a suite holds.
    private static let boundary = "fairlead-form-boundary-5f0c2a7e"

    /// The policy as JSON that allows just these fields, up to `expiration`.
    func policy(bucket: String, expiration: String) -> String {
        var conditions = ["{\"bucket\":\"\(bucket)\"}"]
        for field in fields { conditions.append("[\"starts-with\",\"$\(field.name)\",\"\"]") }
        for name in ["x-amz-algorithm", "x-amz-credential", "x-amz-date"] {
            conditions.append("[\"starts-with\",\"$\(name)\",\"\"]")
        }
        return "{\"expiration\":\"\(expiration)\",\"conditions\":[\(conditions.joined(separator: ","))]}"
    }

    /// The type of ``body(signature:file:)``.
    static var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// The form as it is sent; what stands behind the file is not looked at by servers, so the file is last.
    func body(signature: [S3Request.Field], file: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        for field in fields + signature {
            body += Array("--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"\(field.name)\"\r\n\r\n".utf8)
            body += field.value + [0x0D, 0x0A]
        }
        let name = "name=\"file\"; filename=\"\(Self.fileName)\""
        body += Array("--\(Self.boundary)\r\nContent-Disposition: form-data; \(name)\r\n\r\n".utf8)
        return body + file + Array("\r\n--\(Self.boundary)--\r\n".utf8)
    }
}

extension S3Signer {
    /// `request`, whose body is the file, as the upload of `form`.
    func sign(_ request: S3Request, form: S3Form) -> Signed {
        var request = request
        request.fields.append(.init("Content-Type", S3Form.contentType))
        var signature: [S3Request.Field] = []
        if rules.place == .form {
            let bucket = String(decoding: S3Percent.decode(request.path.dropFirst()), as: UTF8.self)
            let text = rules.policy ?? form.policy(bucket: bucket, expiration: expiration)
            let policy = base64(Array(text.utf8))
            signature = [
                .init("x-amz-algorithm", rules.algorithm), .init("x-amz-credential", credential),
                .init("x-amz-date", statedTime), .init("policy", policy), .init("x-amz-signature", seal(policy)),
            ].filter { !rules.omitted.contains($0.name) }
        }
        let body = form.body(signature: signature, file: request.body)
        return Signed(request: request, body: body)
    }
}
