// How the failures of objects are told to S3 clients.

import Capabilities
import S3Wire

extension S3Refusal {
    /// The error that answers `failure` of a request to `gate`'s backend.
    init(_ failure: ObjectFailure, _ gate: Gate) {
        switch failure {
        case .noSuchBucket: self.init(.noSuchBucket, "The specified bucket does not exist")
        case .bucketExists:
            self.init(
                .bucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it.")
        case .bucketNotEmpty: self.init(.bucketNotEmpty, "The bucket you tried to delete is not empty")
        case .invalidBucketName: self.init(.invalidBucketName, "The specified bucket is not valid.")
        case .noSuchKey: self.init(.noSuchKey, "The specified key does not exist.")
        case .keyTooLong:
            self.init(
                .keyTooLong, "Your key is too long",
                [S3Refusal.Detail("MaxSizeAllowed", Array(String(ObjectBounds.keyBytes).utf8))])
        case .noSuchUpload:
            self.init(
                .noSuchUpload,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
                    + "or completed.")
        case .invalidPart(let number):
            self.init(
                .invalidPart,
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
                    + "specified entity tag may not match the part's entity tag.",
                [S3Refusal.Detail("PartNumber", Array(String(number).utf8))])
        case .invalidPartOrder:
            self.init(
                .invalidPartOrder, "The list of parts was not in ascending order. Parts must be ordered by part number."
            )
        case .partTooSmall(let number, let size):
            self.init(
                .entityTooSmall, "Your proposed upload is smaller than the minimum allowed size",
                [
                    S3Refusal.Detail("ProposedSize", Array(String(size).utf8)),
                    S3Refusal.Detail("MinSizeAllowed", Array(String(ObjectBounds.smallestPart).utf8)),
                    S3Refusal.Detail("PartNumber", Array(String(number).utf8)),
                ])
        case .noSuchPartNumber(let parts):
            self.init(
                .invalidPartNumber, "The requested partnumber is not satisfiable",
                [S3Refusal.Detail("ActualPartCount", Array(String(parts).utf8))])
        case .preconditionFailed(let name):
            self.init(
                .preconditionFailed, "At least one of the pre-conditions you specified did not hold",
                [S3Refusal.Detail("Condition", Array(name.utf8))])
        case .conflict:
            self.init(
                .operationAborted,
                "The conditional request cannot succeed due to a conflicting operation against this resource.")
        case .notModified:
            // Reading has an answer of its own for it, a 304.
            self.init(.preconditionFailed, "At least one of the pre-conditions you specified did not hold")
        case .invalidRange(let size):
            self.init(
                .invalidRange, "The requested range is not satisfiable",
                [S3Refusal.Detail("ActualObjectSize", Array(String(size).utf8))])
        case .mismatch(let what): self.init(.badDigest, "The object is not what was announced: \(what)")
        case .bodyFailed: self.init(.incompleteBody, "The request body terminated unexpectedly")
        case .general(let failure): self.init(failure, gate)
        }
    }

    /// The same for what every family can fail with.
    init(_ failure: Failure, _ gate: Gate) {
        let backend = "backend '\(gate.backend.name)'"
        switch failure {
        case .refused(let capability, let reason): self.init(.notImplemented, gate.refusal(capability, reason))
        case .unavailable(let what): self.init(.serviceUnavailable, "\(backend) cannot be reached: \(what)")
        case .indeterminate(let what):
            self.init(.internalError, "\(backend) went silent and may or may not have done it: \(what)")
        case .backend(let what): self.init(.internalError, "\(backend): \(what)")
        case .protocolBroken(let what): self.init(.badGateway, "\(backend) broke its protocol: \(what)")
        case .cancelled: self.init(.serviceUnavailable, "the gateway is shutting down")
        case .tooLarge(let limit): self.init(.entityTooLarge, "\(backend) takes no more than \(limit) bytes")
        case .noSuchKey: self.init(.noSuchKey, "The specified key does not exist.")
        case .invalid(let what): self.init(.invalidArgument, what)
        case .wrongType, .notAnInteger, .notAFloat, .overflow, .notFinite, .indexOutOfRange:
            self.init(.internalError, "\(backend) answered with an error that has no place here")
        }
    }
}
