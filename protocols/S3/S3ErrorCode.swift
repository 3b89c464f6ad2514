// The S3 error codes the gateway itself answers with, and which of them fits a broken rule.

import Wire

/// An S3 error code with its HTTP status, as the S3 API reference ("Error responses") pairs them where it does.
package enum S3ErrorCode: UInt8, Sendable, Equatable, CaseIterable {
    // What a gateway answers in front of any backend.
    case invalidRequest, invalidURI, methodNotAllowed, requestTimeout, missingContentLength, uriTooLong
    case requestHeaderSectionTooLarge, notImplemented, httpVersionNotSupported
    case internalError, badGateway, serviceUnavailable, slowDown, gatewayTimeout

    // Who asks.
    case accessDenied, invalidAccessKeyID, signatureDoesNotMatch, requestTimeTooSkewed
    case authorizationHeaderMalformed, authorizationQueryParametersError, contentSHA256Mismatch

    // What is asked.
    case invalidArgument, malformedXML, keyTooLong, invalidBucketName, illegalLocationConstraint, metadataTooLarge
    case unresolvableTarget
    case badDigest, invalidDigest, incompleteBody, entityTooLarge, entityTooSmall, malformedTrailer
    case invalidPart, invalidPartOrder, invalidPartNumber, invalidRange, maxMessageLengthExceeded

    // What is there.
    case noSuchBucket, noSuchKey, noSuchUpload, bucketAlreadyOwnedByYou, bucketNotEmpty
    case preconditionFailed, operationAborted

    /// The HTTP status.
    package var status: Int { facts.status }

    /// The text of the `Code` element.
    package var code: StaticString { facts.code }

    /// The reason phrase of the status.
    var reason: StaticString { S3Status.reason(status) }

    private var facts: (status: Int, code: StaticString) {
        switch self {
        case .invalidRequest: (400, "InvalidRequest")
        case .invalidURI: (400, "InvalidURI")
        case .authorizationHeaderMalformed: (400, "AuthorizationHeaderMalformed")
        case .authorizationQueryParametersError: (400, "AuthorizationQueryParametersError")
        case .contentSHA256Mismatch: (400, "XAmzContentSHA256Mismatch")
        case .invalidArgument: (400, "InvalidArgument")
        case .malformedXML: (400, "MalformedXML")
        case .keyTooLong: (400, "KeyTooLongError")
        case .invalidBucketName: (400, "InvalidBucketName")
        case .illegalLocationConstraint: (400, "IllegalLocationConstraintException")
        case .metadataTooLarge: (400, "MetadataTooLarge")
        case .unresolvableTarget: (400, "InvalidRequest")
        case .badDigest: (400, "BadDigest")
        case .invalidDigest: (400, "InvalidDigest")
        case .incompleteBody: (400, "IncompleteBody")
        case .entityTooLarge: (400, "EntityTooLarge")
        case .entityTooSmall: (400, "EntityTooSmall")
        case .malformedTrailer: (400, "MalformedTrailerError")
        case .invalidPart: (400, "InvalidPart")
        case .invalidPartOrder: (400, "InvalidPartOrder")
        case .maxMessageLengthExceeded: (400, "MaxMessageLengthExceeded")
        case .accessDenied: (403, "AccessDenied")
        case .invalidAccessKeyID: (403, "InvalidAccessKeyId")
        case .signatureDoesNotMatch: (403, "SignatureDoesNotMatch")
        case .requestTimeTooSkewed: (403, "RequestTimeTooSkewed")
        case .noSuchBucket: (404, "NoSuchBucket")
        case .noSuchKey: (404, "NoSuchKey")
        case .noSuchUpload: (404, "NoSuchUpload")
        case .methodNotAllowed: (405, "MethodNotAllowed")
        case .requestTimeout: (408, "RequestTimeout")
        case .bucketAlreadyOwnedByYou: (409, "BucketAlreadyOwnedByYou")
        case .bucketNotEmpty: (409, "BucketNotEmpty")
        case .operationAborted: (409, "ConditionalRequestConflict")
        case .missingContentLength: (411, "MissingContentLength")
        case .preconditionFailed: (412, "PreconditionFailed")
        case .uriTooLong: (414, "KeyTooLongError")
        case .invalidRange: (416, "InvalidRange")
        case .invalidPartNumber: (416, "InvalidPartNumber")
        case .requestHeaderSectionTooLarge: (431, "RequestHeaderSectionTooLarge")
        case .internalError: (500, "InternalError")
        case .notImplemented: (501, "NotImplemented")
        case .badGateway: (502, "BadGateway")
        case .serviceUnavailable: (503, "ServiceUnavailable")
        case .slowDown: (503, "SlowDown")
        case .gatewayTimeout: (504, "GatewayTimeout")
        case .httpVersionNotSupported: (505, "HttpVersionNotSupported")
        }
    }

    /// The error that answers a broken rule: 502 when the server broke it, else what the client did wrong.
    package init(_ error: WireError) {
        guard error.side == .client else {
            self = .badGateway
            return
        }
        switch error.code {
        case "transfer-encoding-not-implemented": self = .notImplemented
        case "head-too-large", "too-many-fields": self = .requestHeaderSectionTooLarge
        case "start-line-too-long": self = .uriTooLong
        case "version-not-supported": self = .httpVersionNotSupported
        case "connect-refused": self = .methodNotAllowed
        case "bad-target": self = .invalidURI
        default: self = .invalidRequest
        }
    }
}

/// The statuses that S3 uses, with their reason phrases.
package enum S3Status {
    /// RFC 9110 section 15 and RFC 6585.
    package static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 206: "Partial Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 414: "URI Too Long"
        case 416: "Range Not Satisfiable"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Unknown"
        }
    }
}

/// A request that is answered with an error, and why.
package struct S3Refusal: Error, Sendable, Equatable {
    package var code: S3ErrorCode
    /// One sentence for a person.
    package var message: String
    /// Further elements of the error's document, such as `ArgumentName`.
    package var details: [Detail]

    package struct Detail: Sendable, Equatable {
        package let name: String
        package let value: [UInt8]

        package init(_ name: String, _ value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package init(_ code: S3ErrorCode, _ message: String, _ details: [Detail] = []) {
        self.code = code
        self.message = message
        self.details = details
    }
}
