// What a request may ask for beyond its operation: everything else is refused by name, nothing is dropped.

import Capabilities
import S3Wire

/// The fields and parameters that are understood; a request with another one that S3 knows is refused.
enum S3Refusals {
    /// Fields of S3's own that any request may have, in lower case without `x-amz-`.
    private static let fields: Set<String> = [
        // Of signatures and bodies.
        "date", "content-sha256", "decoded-content-length", "trailer", "sdk-checksum-algorithm", "user-agent",
        "checksum-crc32", "checksum-crc32c", "checksum-crc64nvme", "checksum-sha1", "checksum-sha256",
        "checksum-mode", "checksum-algorithm", "checksum-type", "mp-object-size",
        // Of copies.
        "copy-source", "copy-source-range", "copy-source-if-match", "copy-source-if-none-match",
        "copy-source-if-modified-since", "copy-source-if-unmodified-since", "metadata-directive",
        // Whoever pays for a request, nobody does here.
        "request-payer",
    ]

    /// Fields that are understood with these values only, because they then ask for what is the case anyway.
    private static let values: [String: Set<String>] = [
        "acl": ["private", "bucket-owner-full-control"],
        "storage-class": ["STANDARD"],
        "object-ownership": ["BucketOwnerEnforced"],
        "bucket-object-lock-enabled": ["false", "False"],
        "tagging": [""],
        "tagging-directive": ["COPY"],
    ]

    /// Parameters that are understood, by operation.
    private static func parameters(of command: S3Command) -> Set<String> {
        switch command {
        case .getObject, .headObject:
            [
                "partNumber", "response-content-type", "response-content-language", "response-expires",
                "response-cache-control", "response-content-disposition", "response-content-encoding",
            ]
        case .listObjects: ["prefix", "delimiter", "marker", "max-keys", "encoding-type"]
        case .listObjectsV2:
            [
                "list-type", "prefix", "delimiter", "start-after", "continuation-token", "max-keys", "encoding-type",
                "fetch-owner",
            ]
        case .listMultipartUploads:
            ["uploads", "prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"]
        case .listParts: ["uploadId", "part-number-marker", "max-parts"]
        case .uploadPart, .uploadPartCopy: ["uploadId", "partNumber"]
        case .completeMultipartUpload, .abortMultipartUpload: ["uploadId"]
        case .createMultipartUpload: ["uploads"]
        case .deleteObjects: ["delete"]
        case .getBucketLocation: ["location"]
        case .getBucketVersioning: ["versioning"]
        case .listBuckets: ["prefix", "continuation-token", "max-buckets"]
        default: []
        }
    }

    /// Parameters of the older way to sign a URL (Amazon S3 developer guide, "Signing and authenticating REST requests").
    private static let signatureParameters: Set<String> = ["AWSAccessKeyId", "Signature", "Expires"]

    /// The names of the fields that are understood with some values only.
    static var fieldsOfSomeValues: Dictionary<String, Set<String>>.Keys { values.keys }

    /// Whether the field `x-amz-NAME`, which is understood with some values only, may have `value`.
    static func isTaken(field name: String, value: String) -> Bool { values[name]?.contains(value) ?? true }

    /// What is taken of a field.
    enum Taking { case always, someValues, never }

    /// Whether the field `x-amz-NAME` is understood.
    static func isTaken(field name: String) -> Taking {
        fields.contains(name) || name.hasPrefix("meta-") ? .always : values[name] == nil ? .never : .someValues
    }

    /// Whether any operation understands the parameter `name`, in lower case.
    static func isTaken(parameter name: String) -> Bool {
        S3Command.allCases.contains { parameters(of: $0).contains { $0.lowercased() == name } }
    }

    /// Throws for the name of an object, or what one begins with, that is no text: keys are UTF-8, and no XML can carry a zero.
    static func check(name: [UInt8]) throws(S3Refusal) {
        guard !name.contains(0), String(validating: name, as: UTF8.self) != nil else {
            throw S3Refusal(.invalidURI, "Couldn't parse the specified URI: keys are UTF-8 without zero bytes.")
        }
    }

    /// Throws when `request` asks for something that is not understood.
    static func check(_ request: S3Request, _ gate: Gate) throws(S3Refusal) {
        try check(name: request.key ?? [])
        for parameter in request.parameters { try check(name: parameter.value) }
        for field in request.fields {
            let name = request.name(of: field)
            guard name.starts(with: Array("x-amz-".utf8)) else { continue }
            let own = String(decoding: name.dropFirst(6), as: UTF8.self)
            if fields.contains(own) || own.hasPrefix("meta-") { continue }
            let value = String(decoding: request.value(of: field), as: UTF8.self)
            if values[own]?.contains(value) == true { continue }
            throw refusal("the header x-amz-\(own)", gate, request, name: name, value: request.value(of: field))
        }
        let known = parameters(of: request.command)
        for parameter in request.parameters {
            let name = String(decoding: parameter.name, as: UTF8.self)
            if known.contains(name) { continue }
            // Of signatures; and S3 lets everybody add parameters of their own that begin so, for its logs.
            let prefix = name.prefix(2)
            if prefix == "X-" || prefix == "x-" { continue }
            // Of signatures of version 2, with which older command lines presign: where signatures are checked they were refused.
            if signatureParameters.contains(name) { continue }
            // The version that an object has where there are no versions.
            if name == "versionId", S3Request.equals(parameter.value, "null") { continue }
            throw refusal("the parameter \(name)", gate, request, name: parameter.name, value: parameter.value)
        }
        if request.hasParameter("X-Amz-Security-Token") {
            throw refusal("the parameter X-Amz-Security-Token", gate, request, name: [], value: [])
        }
    }

    private static func refusal(
        _ what: String, _ gate: Gate, _ request: S3Request, name: [UInt8], value: [UInt8]
    ) -> S3Refusal {
        S3Refusal(
            .notImplemented, text(what, gate, request),
            name.isEmpty
                ? [] : [S3Refusal.Detail("Header", name), S3Refusal.Detail("AdditionalMessage", value)])
    }

    /// What the backend lacks: the capability of the operation, or the family where it has that one and an option, for which no
    /// capability stands, is asked for.
    private static func capability(of request: S3Request, _ gate: Gate) -> String {
        guard case .capabilities(let needs) = S3FeatureNeeds.of("operation", request.command.name) else {
            return CapabilityFamily.object.rawValue
        }
        return needs.members.first { !gate.permits($0) }?.name ?? CapabilityFamily.object.rawValue
    }

    /// Names what is missing and the backend that lacks it.
    private static func text(_ what: String, _ gate: Gate, _ request: S3Request) -> String {
        "UNSUPPORTED \(capability(of: request, gate)): backend '\(gate.backend.name)' (adapter \(gate.manifest.adapter)) cannot do this: "
            + "\(what) of \(request.command.name)"
    }

    /// The refusal of an operation that no capability stands for.
    static func operation(_ request: S3Request, _ gate: Gate) -> S3Refusal {
        if request.command == .unknown {
            return S3Refusal(.methodNotAllowed, "The specified method is not allowed against this resource.")
        }
        return S3Refusal(.notImplemented, text("the operation", gate, request))
    }
}
