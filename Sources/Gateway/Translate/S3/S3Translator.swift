// An S3 client in front of a private backend: requests in turn, each answered from the object family.

import Capabilities
import Glibc
import Reactor
import S3Wire
import Wire

/// Serves one S3 client from a private backend.
package final class S3Translator {
    /// Bytes of a body that are still read once its request was answered; a longer rest costs the connection.
    ///
    /// Go's net/http server draws the same line (maxPostHandlerReadBytes).
    static let drainedBytes = 256 * 1024

    private let session: Session
    private let gate: Gate
    private let stream: S3ClientStream
    private let authenticator: S3Authenticator
    /// What ``S3Command`` can be asked of the backend, for the field of bucket-level answers.
    private let capabilities: [UInt8]

    package init(_ session: Session, _ gate: Gate) {
        self.session = session
        self.gate = gate
        stream = S3ClientStream(session)
        let configuration = session.listener.configuration
        authenticator = S3Authenticator(accessKeys: configuration.accessKeys, region: configuration.region)
        capabilities = Self.capabilities(of: gate.manifest)
    }

    /// The value of `x-fairlead-capabilities`: what the effective manifest supports of the object family, without the
    /// family's name, such as `put,get,head`; what the gateway or the adapter emulates counts.
    static func capabilities(of manifest: Manifest) -> [UInt8] {
        let names = manifest.supported(in: .object).map { $0.name.dropFirst("object.".count) }
        return Array(names.joined(separator: ",").utf8)
    }

    /// Serves requests until the client or the gateway is done; what is left to do is to close the client.
    package func serve() async {
        var goesOn = true
        while goesOn {
            switch await stream.nextHead() {
            case .complete(let head): goesOn = await serve(head)
            case .broken(let error):
                await refuse(S3ErrorCode(error), "\(error.detail) (\(error.code))", .clientProtocol)
                return
            case .tooSlow:
                await refuse(.requestTimeout, "receiving a request's head took too long", .handshakeTimedOut)
                return
            case .over:
                await stream.deliver()
                return
            }
        }
        await sayLastWords()
    }

    /// Answers bytes that are no request.
    private func refuse(_ code: S3ErrorCode, _ message: String, _ cause: GatewayFailure.Cause) async {
        session.note(GatewayFailure(cause, message))
        session.client.send(
            S3ErrorReply(code, message: message, requestID: "\(session.label)-\(stream.headCount)").bytes)
        session.metrics.count(code: S3StatusText[UInt16(code.status)], command: Int(S3Command.unknown.rawValue))
        await sayLastWords()
    }

    private func sayLastWords() async {
        await stream.deliver()
        await session.client.closeAfterLastWords()
    }

    /// Serves one request; false when the connection ends with it.
    private func serve(_ bytes: [UInt8]) async -> Bool {
        let startedAt = session.worker.now
        let head: S3RequestHead
        let request: S3Request
        do throws(WireError) {
            head = try S3RequestHead(bytes.span)
        } catch {
            await refuse(S3ErrorCode(error), "\(error.detail) (\(error.code))", .clientProtocol)
            return false
        }
        stream.beginBody(head)
        if let usage = session.usage as? S3Usage {
            let resource = S3Resource(head, bytes.span, baseDomains: session.listener.baseDomains)
            usage.received(head, S3Command(head, bytes.span, for: resource), in: bytes.span)
        }
        do throws(S3Refusal) {
            request = try S3Request(bytes, head, baseDomains: session.listener.baseDomains)
        } catch {
            await refuse(error.code, error.message, .clientProtocol)
            return false
        }
        let now = Self.timeOfDay
        var access = S3Access()
        var refusal: S3Refusal?
        do throws(S3Refusal) {
            // A form carries its signature in its body; none is taken, whoever has signed it.
            if request.command == .postObject { throw S3Refusals.operation(request, gate) }
            access = try authenticator.access(request, now: S3Date(seconds: now / 1000))
        } catch {
            refusal = error
        }
        let call = S3Call(request, access, gate, stream, session, now: now)
        if let refusal {
            call.refuse(refusal)
        } else {
            do throws(S3Refusal) {
                try S3Refusals.check(request, gate)
                try await call.perform(capabilities)
            } catch {
                if !call.hasAnswered { call.refuse(error) }
            }
        }
        return await settle(call, startedAt)
    }

    /// Milliseconds since 1970.
    private static var timeOfDay: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Records what came of the request and takes the rest of its body away; false when the connection ends.
    private func settle(_ call: S3Call, _ startedAt: UInt64) async -> Bool {
        let keepsAlive = call.keepsAlive && !call.mustReset
        let command = Int(call.request.command.rawValue)
        session.metrics.record(
            command: command, nanoseconds: session.worker.now &- startedAt, requestBytes: UInt64(stream.bodyBytes),
            responseBytes: UInt64(call.bytesSent))
        session.metrics.count(
            code: S3StatusText[UInt16(clamping: call.status)], command: command,
            failed: call.status >= 400 || call.mustReset)
        if call.mustReset {
            session.client.reset()
            return false
        }
        guard keepsAlive else { return false }
        return await drain()
    }

    /// Reads what is left of a body that nobody wanted; false when it is too much.
    private func drain() async -> Bool {
        let before = stream.bodyBytes
        while !stream.isBodyOver {
            guard stream.bodyBytes - before <= Self.drainedBytes else { return false }
            do throws(S3StreamEnd) {
                _ = try await stream.nextPiece()
            } catch {
                return false
            }
        }
        return true
    }
}
