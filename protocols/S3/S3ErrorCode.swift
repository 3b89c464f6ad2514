// The S3 error codes the gateway itself answers with, and which of them fits a broken rule.

import Wire

/// An S3 error code with its HTTP status, as the S3 API reference pairs them where it does.
package enum S3ErrorCode: UInt8, Sendable, Equatable, CaseIterable {
    case invalidRequest, invalidURI, methodNotAllowed, requestTimeout, missingContentLength, uriTooLong
    case requestHeaderSectionTooLarge, notImplemented, httpVersionNotSupported
    case internalError, badGateway, serviceUnavailable, slowDown, gatewayTimeout

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .invalidRequest, .invalidURI: 400
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .missingContentLength: 411
        case .uriTooLong: 414
        case .requestHeaderSectionTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .badGateway: 502
        case .serviceUnavailable, .slowDown: 503
        case .gatewayTimeout: 504
        case .httpVersionNotSupported: 505
        }
    }

    /// The reason phrase of the status, RFC 9110 section 15 and RFC 6585.
    var reason: StaticString {
        switch self {
        case .invalidRequest, .invalidURI: "Bad Request"
        case .methodNotAllowed: "Method Not Allowed"
        case .requestTimeout: "Request Timeout"
        case .missingContentLength: "Length Required"
        case .uriTooLong: "URI Too Long"
        case .requestHeaderSectionTooLarge: "Request Header Fields Too Large"
        case .internalError: "Internal Server Error"
        case .notImplemented: "Not Implemented"
        case .badGateway: "Bad Gateway"
        case .serviceUnavailable, .slowDown: "Service Unavailable"
        case .gatewayTimeout: "Gateway Timeout"
        case .httpVersionNotSupported: "HTTP Version Not Supported"
        }
    }

    /// The text of the `Code` element.
    package var code: StaticString {
        switch self {
        case .invalidRequest: "InvalidRequest"
        case .invalidURI: "InvalidURI"
        case .methodNotAllowed: "MethodNotAllowed"
        case .requestTimeout: "RequestTimeout"
        case .missingContentLength: "MissingContentLength"
        case .uriTooLong: "KeyTooLongError"
        case .requestHeaderSectionTooLarge: "RequestHeaderSectionTooLarge"
        case .internalError: "InternalError"
        case .notImplemented: "NotImplemented"
        case .badGateway: "BadGateway"
        case .serviceUnavailable: "ServiceUnavailable"
        case .slowDown: "SlowDown"
        case .gatewayTimeout: "GatewayTimeout"
        case .httpVersionNotSupported: "HttpVersionNotSupported"
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
