// The schema of our own: fairlead.adapter.v1.

import Capabilities
import Reactor

/// Calls of `fairlead.adapter.v1.Adapter`.
enum FairleadDialect {
    static let package = "fairlead.adapter.v1"
    static let service = "\(package).Adapter"
    /// The schema's number; a change that older processes would misunderstand raises it.
    static let schema: Int32 = 1

    static let describe = Method(service, "Describe")
    static let perform = Method(service, "Perform")
    static let mark = Method(service, "Mark")
    static let transact = Method(service, "Transact")
    static let subscribe = Method(service, "Subscribe")

    static var probe: Probe { Probe(method: describe, message: description) }
    private static var description: [UInt8] { ProtoDescribeRequest.with { $0.schema = schema }.encoded ?? [] }

    static func describe(_ link: Link) async throws(GreetingFailure) -> Manifest {
        let bytes: [UInt8]
        do throws(CallEnding) {
            bytes = try await link.greetingCall(describe, description)
        } catch .finished(let status) where status.code == CallStatus.Code.unimplemented {
            throw GreetingFailure(text: "it does not offer the service \(service)")
        } catch {
            throw GreetingFailure(text: error.text)
        }
        guard let message = ProtoDescription(received: bytes) else {
            throw GreetingFailure(text: "its description is no message of \(package)")
        }
        return try Manifest(message)
    }

    static func perform(
        _ operation: Capabilities.Operation, _ context: CallContext, _ link: Link, on worker: Worker
    ) async throws(Failure) -> Answer {
        let request = ProtoPerformRequest.with {
            $0.operation = .init(operation)
            $0.database = Int32(clamping: context.database)
            $0.now = context.now
        }
        let reply: ProtoReply = try await link.exchange(perform, request, on: worker, waits: operation.waits)
        return try reply.answer(to: operation)
    }

    static func marks(
        of keys: [[UInt8]], _ context: CallContext, _ link: Link, on worker: Worker
    ) async throws(Failure) -> [Version] {
        let request = ProtoMarkRequest.with {
            $0.keys = keys.data
            $0.database = Int32(clamping: context.database)
            $0.now = context.now
        }
        let reply: ProtoMarkReply = try await link.exchange(mark, request, on: worker)
        if reply.hasFailure { throw Failure(reply.failure) }
        guard reply.marks.count == keys.count else {
            throw .protocolBroken("the adapter process gave \(reply.marks.count) marks of \(keys.count) keys")
        }
        return reply.marks.map { Version($0.array) }
    }

    static func transact(
        _ steps: [TransactionStep], _ watched: [WatchedKey], _ context: CallContext, _ link: Link, on worker: Worker
    ) async throws(Failure) -> [Result<Answer, Failure>]? {
        let request = ProtoTransactRequest.with {
            $0.steps = steps.map { step in
                .with {
                    $0.operation = .init(step.operation)
                    $0.database = Int32(clamping: step.database)
                }
            }
            $0.watched = watched.map { key in
                .with {
                    $0.key = key.key.data
                    $0.database = Int32(clamping: key.database)
                    $0.mark = key.mark.bytes.data
                }
            }
            $0.now = context.now
        }
        let reply: ProtoTransactReply = try await link.exchange(transact, request, on: worker)
        switch reply.outcome {
        case .changed: return nil
        case .failure(let failure): throw Failure(failure)
        case .replies(let replies) where replies.replies.count == steps.count:
            return zip(steps, replies.replies).map { step, reply in
                do throws(Failure) { return .success(try reply.answer(to: step.operation)) } catch {
                    return .failure(error)
                }
            }
        default:
            throw .protocolBroken("the adapter process did not answer every step of a transaction")
        }
    }
}
